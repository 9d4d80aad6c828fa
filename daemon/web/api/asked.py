"""What operations of the API ask alike: their parameters, rights, and who is behind an id."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Query

from daemon.i18n import mark
from daemon.store import Tx, named, people
from daemon.web.ids import LARGEST_ID
from daemon.web.problems import Problem
from rules import access
from rules.access import Scope
from rules.model.people import Group, GroupId, Right, ThirdPartyId, User
from rules.words import fold

Party = Annotated[
    int | None, Query(alias="third_party", ge=1, le=LARGEST_ID, description="Only of this one.")
]
Words = Annotated[
    str | None, Query(alias="text", min_length=1, max_length=200, description="Only with these.")
]


def require(tx: Tx, caller: User, *either: Right) -> frozenset[Right]:
    """The caller's rights. Raises a 403 Problem unless one of `either` is among them."""
    return _required(caller, people.groups(tx), either)


def seeing(tx: Tx, caller: User, *either: Right) -> Scope:
    """What the caller may see. Raises a 403 Problem unless they have one of these rights."""
    groups = people.groups(tx)
    _required(caller, groups, either)
    return access.scope(caller, groups)


def _required(
    caller: User, groups: Mapping[GroupId, Group], either: tuple[Right, ...]
) -> frozenset[Right]:
    rights = access.rights_of(caller, groups)
    if not caller.active or rights.isdisjoint(either):
        raise Problem(
            403, mark("needs one of these rights: {rights}"), rights=", ".join(sorted(either))
        )
    return rights


def known(tx: Tx, scope: Scope, party: int | None) -> ThirdPartyId | None:
    """The third party that is asked for. Raises a 404 Problem where there is none that the caller
    may know of."""
    if party is None:
        return None
    found = named.known_party(tx, scope, ThirdPartyId(party))
    if found is None:
        raise Problem(404, mark("there is no third party {party}"), party=party)
    return found


def says(text: str | None, *where: str) -> bool:
    """Whether every word of `text` stands in there, case and accents apart."""
    if text is None:
        return True
    said = fold(" ".join(where))
    return all(word in said for word in fold(text).split())
