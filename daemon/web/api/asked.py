"""What operations of the API ask alike: their parameters, rights, and who is behind an id."""

from typing import Annotated

from fastapi import Query

from daemon.i18n import mark
from daemon.store import Tx, people
from daemon.web.ids import LARGEST_ID
from daemon.web.problems import Problem
from daemon.web.shapes.common import Names
from rules import access
from rules.model.people import Right, ThirdPartyId, User
from rules.words import fold

Party = Annotated[
    int | None, Query(alias="third_party", ge=1, le=LARGEST_ID, description="Only of this one.")
]
Words = Annotated[
    str | None, Query(alias="text", min_length=1, max_length=200, description="Only with these.")
]


def require(tx: Tx, caller: User, *either: Right) -> frozenset[Right]:
    """The caller's rights. Raises a 403 Problem unless one of `either` is among them."""
    rights = access.rights_of(caller, people.groups(tx))
    if not caller.active or rights.isdisjoint(either):
        raise Problem(
            403, mark("needs one of these rights: {rights}"), rights=", ".join(sorted(either))
        )
    return rights


def known(tx: Tx, party: int | None) -> ThirdPartyId | None:
    if party is None:
        return None
    if people.get_third_party(tx, ThirdPartyId(party)) is None:
        raise Problem(404, mark("there is no third party {party}"), party=party)
    return ThirdPartyId(party)


def names(tx: Tx) -> Names:
    parties = {party.id: party for party in people.third_parties(tx)}
    return Names(people.users(tx), parties)


def says(text: str | None, *where: str) -> bool:
    """Whether every word of `text` stands in there, case and accents apart."""
    if text is None:
        return True
    said = fold(" ".join(where))
    return all(word in said for word in fold(text).split())
