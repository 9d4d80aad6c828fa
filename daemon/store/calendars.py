"""Calendars: which there are, what is in them, and as of which token that is known."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.errors import Stale
from daemon.store.rows import chunks, inserting
from daemon.store.tables.places import account as account_table
from daemon.store.tables.places import calendar as table
from daemon.store.tables.places import calendar_object
from rules.model.sightings import AccountId, CalendarId, Component
from rules.model.wire import CalendarInfo

c = table.c

LOOK_AGAIN = "look-again"
"""The kind of work that reads an object again: when a meeting in it is over, or at once."""


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


@dataclass(frozen=True, slots=True)
class CalendarState:
    """What is known of a calendar's objects, and by which directory and rules they were judged."""

    token: str | None
    ctag: str | None
    judged_as: str
    etags: Mapping[str, str]


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
    """What is known of its objects. Raises Stale when it is gone."""
    found = tx.execute(sa.select(table).where(c.id == calendar)).first()
    if found is None:
        raise Stale(f"calendar {calendar} is gone")
    o = calendar_object.c
    rows = tx.execute(sa.select(o.href, o.etag).where(o.calendar_id == calendar))
    etags = {r.href: r.etag for r in rows}
    return CalendarState(found.sync_token, found.ctag, found.judged_as, etags)


def knows(tx: Tx, calendar: CalendarId, href: str) -> bool:
    """Whether this object was judged."""
    o = calendar_object.c
    known = sa.select(o.href).where(o.calendar_id == calendar, o.href == href)
    return tx.execute(known).first() is not None


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


def caught_up(
    tx: Tx, calendar: CalendarId, token: str | None, ctag: str | None, judged_as: str
) -> None:
    """All up to this token is judged, by this directory and these rules."""
    facts = {"sync_token": token, "ctag": ctag, "judged_as": judged_as}
    tx.execute(sa.update(table).where(c.id == calendar).values(**facts))


def written(tx: Tx, calendar: CalendarId, href: str, etag: str) -> None:
    """suivi itself put this object there, and knows what it says.

    The next look compares in full: of an object that came and went between two tokens, or two
    states of the calendar, a server need not tell (RFC 6578 §3.4).
    """
    if not knows(tx, calendar, href):
        anew = {"sync_token": None, "ctag": None}
        tx.execute(sa.update(table).where(c.id == calendar).values(**anew))
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
