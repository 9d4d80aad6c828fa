"""Exchanges, as far as the caller may see them."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from daemon.i18n import mark
from daemon.store import Tx, people
from daemon.store import exchanges as stored
from daemon.web.api.asked import Party, Words, known, names, require
from daemon.web.caller import Caller
from daemon.web.house import InHouse
from daemon.web.paging import LARGEST, After, Limit, cursor, key_of
from daemon.web.problems import Problem
from daemon.web.route import Route
from daemon.web.shapes import exchanges as shapes
from rules import access
from rules.model.exchanges import Exchange, ExchangeId
from rules.model.people import Right, ThirdPartyId, User


def exchanges(
    house: InHouse,
    caller: Caller,
    party: Party = None,
    text: Words = None,
    limit: Limit = 50,
    after: After = None,
) -> shapes.Exchanges:
    """Exchanges, newest first."""
    before = _moment(after) if after is not None else None
    with house.store.read() as tx:
        require(tx, caller, Right.SEE_EXCHANGES)
        wanted = known(tx, party)
        found = list(islice(_visible(tx, caller, wanted, text, before), limit + 1))
        told = names(tx)
    page = found[:limit]
    return shapes.Exchanges(
        items=[shapes.exchange(one, told) for one in page],
        next=cursor(page[-1].happened_at.isoformat(), page[-1].id) if found[limit:] else None,
    )


def _visible(
    tx: Tx,
    caller: User,
    party: ThirdPartyId | None,
    text: str | None,
    before: tuple[datetime, ExchangeId] | None,
) -> Iterator[Exchange]:
    """What the caller may see, as far as they may see it: what is hidden leaves no gap."""
    groups = people.groups(tx)
    while True:
        some = stored.history(tx, third_party=party, text=text, before=before, limit=LARGEST)
        for one in some:
            shown = access.visible(one, caller, groups)
            # A word of a text that is hidden must not tell that it is in there.
            if shown is not None and (text is None or shown == one):
                yield shown
        if len(some) < LARGEST:
            return
        before = (some[-1].happened_at, some[-1].id)


def _moment(after: str) -> tuple[datetime, ExchangeId]:
    text, last = key_of(after, str, int)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Problem(422, mark("cursor: not one that this API gave"))
    return moment, ExchangeId(last)


ROUTES = (
    Route("GET", "/api/v1/exchanges", exchanges, shapes.Exchanges, problems=(401, 403, 404, 422)),
)
