"""Calendars: which there are, what is in them, and as of which token that is known."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.errors import Stale
from daemon.store.rows import chunks, inserting
from daemon.store.tables.exchanges import sighting
from daemon.store.tables.follow_ups import calendar_copy, follow_up
from daemon.store.tables.installation import work
from daemon.store.tables.places import account as account_table
from daemon.store.tables.places import ambiguity, calendar_object, calendar_unsure, quarantine
from daemon.store.tables.places import calendar as table
from rules.model.sightings import AccountId, CalendarId, Component
from rules.model.wire import CalendarInfo

c = table.c

_TRACES = (calendar_copy, sighting, ambiguity, quarantine)

LOOK_AGAIN = "look-again"
"""The kind of work that reads an object again: when a meeting in it is over, or at once."""


ANEW = "?"
"""In place of its etag, which is quoted: an object that is to be judged again as it is."""


def key_of(calendar: CalendarId, href: str) -> str:
    """By what the work of reading an object again is known."""
    return f"{calendar}:{href}"


@dataclass(frozen=True, slots=True)
class Calendar:
    """A collection; `writes`: suivi puts its follow-ups there; `dedicated`: all in it are some."""

    id: CalendarId
    account: AccountId
    href: str
    name: str
    components: frozenset[str]
    writable: bool = True
    writes: bool = False
    dedicated: bool = False

    def is_as(self, info: CalendarInfo, *, writes: bool, dedicated: bool) -> bool:
        """Whether it is known exactly so."""
        return (self.name, self.components, self.writable, self.writes, self.dedicated) == (
            info.name,
            info.components,
            info.writable,
            writes,
            dedicated,
        )


@dataclass(frozen=True, slots=True)
class CalendarState:
    """As of when a calendar is known, and by which directory and rules it was judged.

    `compared_at` is when all of it was compared last, `lied` whether its token has once said less
    than was true, and `unsure` are objects that suivi put there since, of which the token need not
    tell (RFC 6578 §3.4: what came and went between two tokens). `pending`: some are to be judged
    again.
    """

    token: str | None
    ctag: str | None
    judged_as: str
    compared_at: datetime | None = None
    lied: bool = False
    unsure: frozenset[str] = frozenset()
    pending: bool = False


def declare(
    tx: Tx,
    account: AccountId,
    info: CalendarInfo,
    writes: bool,
    dedicated: bool,
) -> Calendar:
    """Make a calendar known exactly so; idempotent by account and href."""
    facts = {
        "name": info.name,
        "components": sorted(info.components),
        "writable": info.writable,
        "writes": writes,
        "dedicated": dedicated,
    }
    statement = (
        inserting(tx, table)
        .values(account_id=account, href=info.href, judged_as="", **facts)
        .on_conflict_do_update(index_elements=["account_id", "href"], set_=facts)
    )
    return _calendar(tx.execute(statement.returning(table)).one())


def get(tx: Tx, calendar: CalendarId) -> Calendar:
    """One calendar. Raises Stale when it is gone."""
    found = tx.execute(sa.select(table).where(c.id == calendar)).first()
    if found is None:
        raise Stale(f"calendar {calendar} is gone")
    return _calendar(found)


def of(tx: Tx, account: AccountId) -> tuple[Calendar, ...]:
    """The calendars of an account, by name."""
    query = sa.select(table).where(c.account_id == account).order_by(c.name, c.id)
    return tuple(map(_calendar, tx.execute(query)))


def names(tx: Tx) -> frozenset[str]:
    """What the calendars of the watched accounts are called."""
    query = sa.select(c.name).join(account_table).where(account_table.c.retired_at.is_(None))
    return frozenset(tx.execute(query).scalars())


def target(tx: Tx, account: AccountId, component: Component | None = None) -> Calendar | None:
    """The calendar of an account that suivi writes to; with `component` one that takes such
    objects, that one if it does."""
    writable = [k for k in of(tx, account) if k.writable]
    chosen = next((k for k in writable if k.writes), None)
    if chosen is None or component is None or component.value in chosen.components:
        return chosen
    return next((k for k in writable if component.value in k.components), None)


def href(calendar: Calendar, uid: str) -> str:
    """Where the object of a follow-up belongs in a calendar: always the same, so that a repeated
    write meets its own object."""
    return f"{calendar.href.rstrip('/')}/{quote(uid, safe='')}.ics"


def state(tx: Tx, calendar: CalendarId) -> CalendarState:
    """As of when it is known. Raises Stale when it is gone."""
    found = tx.execute(sa.select(table).where(c.id == calendar)).first()
    if found is None:
        raise Stale(f"calendar {calendar} is gone")
    u, o = calendar_unsure.c, calendar_object.c
    anew = sa.select(o.href).where(o.calendar_id == calendar, o.etag == ANEW).limit(1)
    unsure = tx.execute(sa.select(u.href).where(u.calendar_id == calendar)).scalars()
    return CalendarState(
        found.sync_token,
        found.ctag,
        found.judged_as,
        found.compared_at,
        found.lied_at is not None,
        frozenset(unsure),
        tx.execute(anew).first() is not None,
    )


def etags(tx: Tx, calendar: CalendarId) -> dict[str, str]:
    """The etag of each object that was judged, by href."""
    o = calendar_object.c
    rows = tx.execute(sa.select(o.href, o.etag).where(o.calendar_id == calendar))
    return {r.href: r.etag for r in rows}


def knows(tx: Tx, calendar: CalendarId, href: str) -> bool:
    """Whether this object was judged."""
    o = calendar_object.c
    known = sa.select(o.href).where(o.calendar_id == calendar, o.href == href)
    return tx.execute(known).first() is not None


def traced(tx: Tx, calendar: CalendarId, uids: Mapping[str, str]) -> frozenset[str]:
    """Which of these objects (href → UID) have left more than an etag: a follow-up, even a deleted
    one or in another calendar, an exchange, a question, a place in quarantine, or that they are to
    be looked at again."""
    found: set[str] = set()
    for some in chunks(uids.values()):
        ours = sa.select(follow_up.c.uid).where(follow_up.c.uid.in_(some))
        known = set(tx.execute(ours).scalars())
        found.update(href for href, uid in uids.items() if uid in known)
    for some in chunks(uids):
        for place in _TRACES:
            here = sa.and_(place.c.calendar_id == calendar, place.c.href.in_(some))
            found.update(tx.execute(sa.select(place.c.href).where(here)).scalars())
        keys = {key_of(calendar, href): href for href in some}
        asked = sa.and_(work.c.kind == LOOK_AGAIN, work.c.key.in_(keys))
        found.update(keys[key] for key in tx.execute(sa.select(work.c.key).where(asked)).scalars())
    return frozenset(found)


def commit(
    tx: Tx, calendar: CalendarId, changed: Mapping[str, str], removed: Iterable[str]
) -> None:
    """These objects were judged, those are gone; in the transaction of what they yielded."""
    o = calendar_object.c
    for some in chunks(removed):
        tx.execute(sa.delete(calendar_object).where(o.calendar_id == calendar, o.href.in_(some)))
    if not changed:
        return
    statement = inserting(tx, calendar_object)
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=["calendar_id", "href"], set_={"etag": statement.excluded.etag}
        ),
        [{"calendar_id": calendar, "href": h, "etag": e} for h, e in sorted(changed.items())],
    )


def judge_anew(tx: Tx, calendar: CalendarId, judged_as: str) -> None:
    """From here on by another directory or other rules: each object is to be judged again."""
    o = calendar_object.c
    tx.execute(sa.update(calendar_object).where(o.calendar_id == calendar).values(etag=ANEW))
    tx.execute(sa.update(table).where(c.id == calendar).values(judged_as=judged_as))


def caught_up(
    tx: Tx,
    calendar: CalendarId,
    token: str | None,
    ctag: str | None,
    compared_at: datetime | None = None,
) -> None:
    """All up to this token is judged; with `compared_at` all that there is."""
    facts: dict[str, object] = {"sync_token": token, "ctag": ctag}
    if compared_at is not None:
        facts["compared_at"] = compared_at
    tx.execute(sa.update(table).where(c.id == calendar).values(**facts))
    tx.execute(sa.delete(calendar_unsure).where(calendar_unsure.c.calendar_id == calendar))


def lied(tx: Tx, calendar: CalendarId, at: datetime) -> None:
    """Its token has said less than was true."""
    tx.execute(sa.update(table).where(c.id == calendar).values(lied_at=at))


def written(tx: Tx, calendar: CalendarId, href: str, etag: str) -> None:
    """suivi itself put this object there, and knows what it says.

    A new one is looked after until a token covers it.
    """
    if not knows(tx, calendar, href):
        statement = inserting(tx, calendar_unsure).values(calendar_id=calendar, href=href)
        tx.execute(statement.on_conflict_do_nothing())
    commit(tx, calendar, {href: etag}, ())


def _calendar(r: Any) -> Calendar:
    return Calendar(
        id=CalendarId(r.id),
        account=AccountId(r.account_id),
        href=r.href,
        name=r.name,
        components=frozenset(r.components),
        writable=r.writable,
        writes=r.writes,
        dedicated=r.dedicated,
    )
