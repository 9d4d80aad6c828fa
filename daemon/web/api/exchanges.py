"""Lists of exchanges, as far as the caller may see them: pages, their number, a file, and what
stands before and behind one."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from fastapi import Query, Response
from fastapi.responses import StreamingResponse

from daemon.sheet import exchanges as sheet
from daemon.store import exchange_list
from daemon.store import exchanges as stored
from daemon.store.arms import Range
from daemon.store.exchange_list import Wanted
from daemon.web.api import table
from daemon.web.api.asked import require, seeing
from daemon.web.api.lists import Filters, answered, time_and_id
from daemon.web.api.named import names
from daemon.web.caller import Caller
from daemon.web.house import House, InHouse
from daemon.web.paging import LARGEST, After, Limit, cursor
from daemon.web.route import Route
from daemon.web.shapes import exchanges as shapes
from daemon.web.writing import ExchangeName, reading
from rules import access
from rules.access import Scope
from rules.model.exchanges import ExchangeId
from rules.model.people import Right


class Table(StreamingResponse):
    """A CSV file, sent while it is read."""

    media_type = "text/csv; charset=utf-8"


Most = Annotated[int, Query(ge=1, le=10_000, description="Count no further.")]


def exchanges(
    house: InHouse, caller: Caller, asked: Filters, limit: Limit = 50, after: After = None
) -> Response:
    """Exchanges, newest first. Words are found by their stems, in any order, accents apart; those
    of a confidential comment by who may read it."""
    key = time_and_id(after)
    where = Range(None if key is None else (key[0], ExchangeId(key[1])))
    with house.store.read() as tx:
        scope = seeing(tx, caller, Right.SEE_EXCHANGES)
        wanted = asked.wanted(tx, scope, caller)
        keys = exchange_list.page(tx, scope, wanted, where=where, limit=limit + 1)
        page = stored.in_order(tx, (number for _, number in keys[:limit]))
        told = names(tx, page)
    last = keys[limit - 1] if keys[limit:] else None
    return answered(
        shapes.Exchanges(
            items=[shapes.exchange(access.as_seen(one, scope), told) for one in page],
            next=None if last is None else cursor(last[0].isoformat(), last[1]),
        )
    )


def count(house: InHouse, caller: Caller, asked: Filters, most: Most = 1_000) -> shapes.Count:
    """How many exchanges the list with these filters has."""
    with house.store.read() as tx:
        scope = seeing(tx, caller, Right.SEE_EXCHANGES)
        found = exchange_list.count(tx, scope, asked.wanted(tx, scope, caller), most)
    return shapes.Count(count=min(found, most), more=found > most)


def export(house: InHouse, caller: Caller, asked: Filters) -> Table:
    """The whole list as a file for spreadsheets (CSV, UTF-8), newest first; confidential comments
    are not in it."""
    with house.store.read() as tx:
        scope = seeing(tx, caller, Right.SEE_EXCHANGES)
        wanted = asked.wanted(tx, scope, caller)
    return Table(
        _lines(house, scope, wanted),
        headers={"Content-Disposition": 'attachment; filename="exchanges.csv"'},
    )


def _lines(house: House, scope: Scope, wanted: Wanted) -> Iterator[str]:
    """Page by page, each in a transaction of its own: who reads slowly holds up nobody."""
    yield table.HEAD
    where = Range()
    while True:
        with house.store.read() as tx:
            keys = exchange_list.page(tx, scope, wanted, where=where, limit=LARGEST)
            page = stored.in_order(tx, (number for _, number in keys))
            lines = table.lines(tx, [access.as_seen(one, scope) for one in page])
        yield lines
        if len(keys) < LARGEST:
            return
        where = replace(where, after=keys[-1])


def neighbours(
    house: InHouse, caller: Caller, exchange: ExchangeName, asked: Filters
) -> shapes.Neighbours:
    """What stands before and behind an exchange in the list with these filters."""
    with reading(house, caller) as writer:
        require(writer.tx, caller, Right.SEE_EXCHANGES)
        found = sheet.find(writer, exchange)
        scope = access.scope(caller, writer.groups)
        wanted = asked.wanted(writer.tx, scope, caller)
        here = Range(after=(found.happened_at, found.id))
        newer, older = (
            exchange_list.page(writer.tx, scope, wanted, where=where, limit=1)
            for where in (replace(here, oldest_first=True), here)
        )
        both = stored.in_order(writer.tx, (number for _, number in (*newer, *older)))
        refs = {one.id: one.ref for one in both}
    return shapes.Neighbours(
        previous=refs.get(newer[0][1]) if newer else None,
        next=refs.get(older[0][1]) if older else None,
    )


_READS = (401, 403, 404, 422)
ROUTES = (
    Route("GET", "/api/v1/exchanges", exchanges, shapes.Exchanges, problems=_READS),
    Route("GET", "/api/v1/exchanges/count", count, shapes.Count, problems=_READS),
    Route("GET", "/api/v1/exchanges/export", export, problems=_READS, answer=Table),
    Route(
        "GET",
        "/api/v1/exchanges/{exchange}/neighbours",
        neighbours,
        shapes.Neighbours,
        problems=_READS,
    ),
)
