"""Histories of whatever is asked for: exchanges, follow-ups and ERP events in one order."""

import heapq
from collections.abc import Iterable, Sequence
from typing import Annotated

from fastapi import Query, Response

from daemon.i18n import mark
from daemon.sheet import exchanges as sheet
from daemon.store import Tx, timeline
from daemon.store.events import ErpEvent
from daemon.store.exchange_list import Wanted
from daemon.store.timeline import Entry, Noun, Place
from daemon.web.api.asked import seeing
from daemon.web.api.lists import Filters, answered, instant, number_of
from daemon.web.api.named import names
from daemon.web.caller import Caller
from daemon.web.house import InHouse
from daemon.web.paging import After, Limit, cursor, key_of
from daemon.web.problems import Problem
from daemon.web.route import Route
from daemon.web.shapes import history as shapes
from daemon.web.shapes.common import Names
from daemon.web.writing import ExchangeName, reading
from rules import access
from rules.model.exchanges import Exchange
from rules.model.followups import FollowUp
from rules.model.people import Right

Only = Annotated[
    list[Noun] | None, Query(max_length=3, description="Only these; nothing named: all of them.")
]


def history(
    house: InHouse,
    caller: Caller,
    asked: Filters,
    only: Only = None,
    limit: Limit = 50,
    after: After = None,
) -> Response:
    """The history of a third party, a contact, an element, a colleague, or of everything, newest
    first. What only exchanges have (a direction, a mode) leaves the others out."""
    place = _place(after)
    with house.store.read() as tx:
        scope = seeing(tx, caller, Right.SEE_EXCHANGES, Right.SEE_FOLLOW_UPS)
        wanted = asked.wanted(tx, scope, caller)
        nouns = only or timeline.NOUNS
        found = timeline.page(tx, scope, wanted, nouns=nouns, after=place, limit=limit + 1)
        page = found[:limit]
        told = _names(tx, page)
    return answered(
        shapes.History(
            items=[shapes.entry(line, scope, told) for line in page],
            next=_cursor(page[-1].place) if found[limit:] else None,
        )
    )


def linked(
    house: InHouse,
    caller: Caller,
    exchange: ExchangeName,
    limit: Annotated[int, Query(ge=1, le=50, description="How many at most.")] = 10,
) -> Response:
    """The latest of the history of an exchange's third parties, as far as the caller may know of
    them."""
    with reading(house, caller) as writer:
        found = sheet.find(writer, exchange)
        tx, scope = writer.tx, access.scope(caller, writer.groups)
        each = (
            timeline.page(tx, scope, Wanted(third_party=party), limit=limit)
            for party in found.third_parties
        )
        page = _latest(each, limit)
        told = _names(tx, page)
    return answered(shapes.Linked(items=[shapes.entry(line, scope, told) for line in page]))


def _latest(each: Iterable[Sequence[Entry]], limit: int) -> list[Entry]:
    # One with two third parties stands in both histories.
    different = {line.place: line for lines in each for line in lines}
    return heapq.nlargest(limit, different.values(), key=lambda line: timeline.rank(line.place))


def _names(tx: Tx, page: Iterable[Entry]) -> Names:
    what = [line.what for line in page]
    return names(
        tx,
        [one for one in what if isinstance(one, Exchange)],
        [one for one in what if isinstance(one, FollowUp)],
        [one.third_party for one in what if isinstance(one, ErpEvent) and one.third_party],
    )


def _cursor(place: Place) -> str:
    at, noun, number = place
    return cursor(at.isoformat(), noun, number)


def _place(after: str | None) -> Place | None:
    if after is None:
        return None
    at, noun, number = key_of(after, str, str, int)
    if noun not in timeline.NOUNS:
        raise Problem(422, mark("cursor: not one that this API gave"))
    return instant(at), Noun(noun), number_of(number)


_READS = (401, 403, 404, 422)
ROUTES = (
    Route("GET", "/api/v1/history", history, shapes.History, problems=_READS),
    Route(
        "GET",
        "/api/v1/exchanges/{exchange}/linked",
        linked,
        shapes.Linked,
        problems=_READS,
    ),
)
