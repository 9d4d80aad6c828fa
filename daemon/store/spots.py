"""Where a copy was seen, as the columns that several tables share."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.rows import chunks
from rules.model.sightings import (
    AccountId,
    CalendarId,
    Event,
    EventPlace,
    FolderId,
    MailPlace,
    Sighting,
)


@dataclass(frozen=True, slots=True)
class Spot:
    """A message by folder, UIDVALIDITY and UID, or an occurrence by calendar, href and
    RECURRENCE-ID ("" for none); all of a calendar object is `recurrence` "" too."""

    account: AccountId
    folder: FolderId | None = None
    uidvalidity: int | None = None
    uid: int | None = None
    calendar: CalendarId | None = None
    href: str | None = None
    recurrence: str | None = None


def spot(sighting: Sighting) -> Spot:
    """Where this copy was seen."""
    event = sighting.what
    recurrence = event.recurrence_id if isinstance(event, Event) else None
    return at(sighting.account, sighting.place, recurrence or "")


def at(account: AccountId, place: MailPlace | EventPlace, recurrence: str = "") -> Spot:
    """A place in an account."""
    if isinstance(place, MailPlace):
        return Spot(account, place.folder, place.uidvalidity, place.uid)
    return Spot(account, calendar=place.calendar, href=place.href, recurrence=recurrence)


def named(place: MailPlace | EventPlace) -> str:
    """The place as a person finds it."""
    if isinstance(place, MailPlace):
        return f"{place.name} UID {place.uid}"
    return f"{place.name} {place.href}"


def place_of(row: Any) -> str:
    """Account and place of a row that has `place_name` and, if it is still there, its account."""
    return f"{row.account_name or f'account {row.account_id}'}: {row.place_name}"


def columns(where: Spot) -> dict[str, Any]:
    """The values of the columns `spot()` of `tables.places`."""
    return {
        "account_id": where.account,
        "folder_id": where.folder,
        "uidvalidity": where.uidvalidity,
        "uid": where.uid,
        "calendar_id": where.calendar,
        "href": where.href,
        "recurrence": where.recurrence,
    }


def unique(where: Spot) -> list[str]:
    """The columns that tell one spot from another."""
    if where.folder is not None:
        return ["folder_id", "uidvalidity", "uid"]
    return ["calendar_id", "href", "recurrence"]


def seen(tx: Tx, table: sa.Table, spots: Iterable[Spot]) -> set[Spot]:
    """Those of these spots that `table` has a row of."""
    c = table.c
    wanted = set(spots)
    found: set[Spot] = set()
    places = (
        (c.folder_id, c.uid, {(s.folder, s.uid) for s in wanted if s.folder is not None}),
        (c.calendar_id, c.href, {(s.calendar, s.href) for s in wanted if s.folder is None}),
    )
    for owner, name, pairs in places:
        for of in {of for of, _ in pairs}:
            for some in chunks(one for its, one in pairs if its == of):
                rows = tx.execute(sa.select(table).where(owner == of, name.in_(some)))
                found.update(read(row) for row in rows)
    return found & wanted


def read(row: Any) -> Spot:
    """The spot of a row that has these columns."""
    return Spot(
        account=AccountId(row.account_id),
        folder=None if row.folder_id is None else FolderId(row.folder_id),
        uidvalidity=row.uidvalidity,
        uid=row.uid,
        calendar=None if row.calendar_id is None else CalendarId(row.calendar_id),
        href=row.href,
        recurrence=row.recurrence,
    )
