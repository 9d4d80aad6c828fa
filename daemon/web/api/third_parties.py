"""Third parties, as far as the caller may see them."""

from daemon.store import people
from daemon.web.api.asked import Words, require, says
from daemon.web.caller import Caller
from daemon.web.house import InHouse
from daemon.web.paging import After, Limit, cursor, key_of
from daemon.web.route import Route
from daemon.web.shapes import third_parties as shapes
from rules.model.people import Right, ThirdParty, User


def third_parties(
    house: InHouse,
    caller: Caller,
    text: Words = None,
    limit: Limit = 50,
    after: After = None,
) -> shapes.ThirdParties:
    """Third parties, by id; `text` looks in code, names and domains."""
    (last,) = key_of(after, int) if after is not None else (0,)
    with house.store.read() as tx:
        rights = require(tx, caller, Right.SEE_EXCHANGES, Right.SEE_FOLLOW_UPS)
        parties = sorted(people.third_parties(tx), key=lambda party: party.id)
    rest = [
        party
        for party in parties
        if party.id > last
        and says(text, party.code, party.name, *party.former_names, *party.domains)
        and _in_entity(caller, rights, party)
    ]
    page = rest[:limit]
    return shapes.ThirdParties(
        items=[shapes.third_party(party) for party in page],
        next=cursor(page[-1].id) if rest[limit:] else None,
    )


def _in_entity(caller: User, rights: frozenset[Right], party: ThirdParty) -> bool:
    shared = party.entity is None or party.entity in caller.entities
    return shared or Right.SEE_ALL_ENTITIES in rights


ROUTES = (
    Route(
        "GET",
        "/api/v1/third-parties",
        third_parties,
        shapes.ThirdParties,
        problems=(401, 403, 404, 422),
    ),
)
