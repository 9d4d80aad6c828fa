"""Histories: exchanges, follow-ups and what happened in the ERP, in one order of time."""

import heapq
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from itertools import islice

import sqlalchemy as sa

from daemon.store import events, exchange_list, follow_up_list, sight
from daemon.store import exchanges as stored_exchanges
from daemon.store import follow_ups as stored_follow_ups
from daemon.store.arms import Range
from daemon.store.database import Tx
from daemon.store.events import ErpEvent
from daemon.store.exchange_list import Wanted
from daemon.store.tables.exchanges import element, external_event
from rules.access import Scope
from rules.model.exchanges import Exchange, ExchangeId
from rules.model.followups import FollowUp, FollowUpId


class Noun(StrEnum):
    """What stands in a history; where times are equal, in this order."""

    EXCHANGE = "exchange"
    EVENT = "event"
    FOLLOW_UP = "follow_up"


NOUNS = tuple(Noun)

Place = tuple[datetime, Noun, int]
"""Where something stands in a history: its time, what it is, and its id."""

# No row has an id beyond it.
_BEYOND = 2**63 - 1
# What follow-ups have too, and what events have.
_ALSO = {field.name for field in fields(follow_up_list.Wanted)}
_OF_EVENTS = {"third_party", "element", "since", "until"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a history."""

    place: Place
    what: Exchange | FollowUp | ErpEvent


def page(
    tx: Tx,
    scope: Scope,
    wanted: Wanted,
    *,
    nouns: Collection[Noun] = NOUNS,
    after: Place | None = None,
    limit: int = 50,
) -> tuple[Entry, ...]:
    """The next lines, newest first; exchanges are whole, for `rules.access.as_seen` to show.

    What is asked of exchanges only (a direction, a mode) leaves the others out, and so does a
    search of words for events: nobody wrote them.
    """
    streams = [
        _places(tx, scope, wanted, noun, _start(after, noun), limit)
        for noun in NOUNS
        if noun in nouns
    ]
    merged = heapq.merge(*streams, key=rank, reverse=True)
    return _read(tx, list(islice(merged, limit)))


def _read(tx: Tx, places: list[Place]) -> tuple[Entry, ...]:
    ids: dict[Noun, list[int]] = {noun: [] for noun in NOUNS}
    for _, noun, number in places:
        ids[noun].append(number)
    known: dict[tuple[Noun, int], Exchange | FollowUp | ErpEvent] = {}
    for exchange in stored_exchanges.in_order(tx, map(ExchangeId, ids[Noun.EXCHANGE])):
        known[Noun.EXCHANGE, exchange.id] = exchange
    several = stored_follow_ups.several(tx, map(FollowUpId, ids[Noun.FOLLOW_UP]))
    for number, follow_up in several.items():
        known[Noun.FOLLOW_UP, number] = follow_up
    for number, event in events.several(tx, ids[Noun.EVENT]).items():
        known[Noun.EVENT, number] = event
    return tuple(Entry(place, known[place[1:]]) for place in places)


def rank(place: Place) -> tuple[datetime, int, int]:
    """The larger, the earlier in a history."""
    at, noun, number = place
    return at, -NOUNS.index(noun), number


def _start(after: Place | None, noun: Noun) -> tuple[datetime, int] | None:
    """After which of this noun it goes on: of the time of `after`, those come that stand behind."""
    if after is None:
        return None
    at, last, number = after
    if noun is last:
        return at, number
    return at, _BEYOND if NOUNS.index(noun) > NOUNS.index(last) else 0


def _places(
    tx: Tx,
    scope: Scope,
    wanted: Wanted,
    noun: Noun,
    after: tuple[datetime, int] | None,
    limit: int,
) -> Iterator[Place]:
    found: Iterable[tuple[datetime, int]]
    asked = {f.name for f in fields(wanted) if getattr(wanted, f.name) is not None}
    if noun is Noun.EXCHANGE:
        where = Range(None if after is None else (after[0], ExchangeId(after[1])))
        found = exchange_list.page(tx, scope, wanted, where=where, limit=limit)
    elif noun is Noun.FOLLOW_UP and asked <= _ALSO:
        also = follow_up_list.Wanted(**{name: getattr(wanted, name) for name in asked})
        start = None if after is None else (after[0], FollowUpId(after[1]))
        found = follow_up_list.page(tx, scope, also, after=start, limit=limit, newest_first=True)
    elif noun is Noun.EVENT and asked <= _OF_EVENTS:
        found = _events(tx, scope, wanted, after, limit)
    else:
        found = ()
    return ((at, noun, number) for at, number in found)


def _events(
    tx: Tx, scope: Scope, wanted: Wanted, after: tuple[datetime, int] | None, limit: int
) -> list[tuple[datetime, int]]:
    row = external_event.c
    query = sa.select(row.at, row.id).where(sight.events(scope))
    if wanted.third_party is not None:
        query = query.where(row.third_party_id == wanted.third_party)
    if wanted.element is not None:
        named = sa.select(element.c.id).where(
            sa.func.upper(element.c.ref) == wanted.element.upper()
        )
        query = query.where(row.element_id.in_(named))
    if wanted.since is not None:
        query = query.where(row.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(row.at < wanted.until)
    if after is not None:
        start = sa.tuple_(sa.literal(after[0], row.at.type), sa.literal(after[1], row.id.type))
        query = query.where(sa.tuple_(row.at, row.id) < start)
    rows = tx.execute(query.order_by(row.at.desc(), row.id.desc()).limit(limit))
    return [(at, number) for at, number in rows]
