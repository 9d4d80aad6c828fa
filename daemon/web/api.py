"""The JSON API, version 1: exchanges, follow-ups, third parties, as far as the caller may see."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated

from fastapi import Query

from daemon.store import Tx, people
from daemon.store import exchanges as stored_exchanges
from daemon.store import follow_ups as stored_follow_ups
from daemon.web import shapes
from daemon.web.caller import Caller
from daemon.web.house import InHouse
from daemon.web.paging import LARGEST, After, Limit, cursor, key_of
from daemon.web.problems import Problem
from rules import access
from rules.model.exchanges import Exchange, ExchangeId
from rules.model.followups import FollowUp
from rules.model.people import Right, ThirdParty, ThirdPartyId, User
from rules.words import fold

Party = Annotated[
    int | None, Query(alias="third_party", ge=1, le=2**63 - 1, description="Only of this one.")
]
Words = Annotated[
    str | None, Query(alias="text", min_length=1, max_length=200, description="Only with these.")
]


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
        _require(tx, caller, Right.SEE_EXCHANGES)
        wanted = _known(tx, party)
        found = list(islice(_visible(tx, caller, wanted, text, before), limit + 1))
        names = _names(tx)
    page = found[:limit]
    return shapes.Exchanges(
        items=[shapes.exchange(one, names) for one in page],
        next=cursor(page[-1].happened_at.isoformat(), page[-1].id) if found[limit:] else None,
    )


def follow_ups(
    house: InHouse,
    caller: Caller,
    party: Party = None,
    text: Words = None,
    limit: Limit = 50,
    after: After = None,
) -> shapes.FollowUps:
    """Open follow-ups, by time."""
    start = key_of(after, str, int) if after is not None else ("", 0)
    with house.store.read() as tx:
        _require(tx, caller, Right.SEE_FOLLOW_UPS)
        wanted = _known(tx, party)
        groups = people.groups(tx)
        found = [
            one
            for one in stored_follow_ups.open_ones(tx, wanted)
            if _says(text, one.title, one.description)
            and access.may(caller, groups, access.Action.SEE_FOLLOW_UP, access.facts_of(one))
        ]
        names = _names(tx)
    rest = [one for one in sorted(found, key=_order) if _order(one) > start]
    page = rest[:limit]
    return shapes.FollowUps(
        items=[shapes.follow_up(one, names) for one in page],
        next=cursor(*_order(page[-1])) if rest[limit:] else None,
    )


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
        rights = _require(tx, caller, Right.SEE_EXCHANGES, Right.SEE_FOLLOW_UPS)
        known = sorted(people.third_parties(tx), key=lambda party: party.id)
    rest = [
        party
        for party in known
        if party.id > last
        and _says(text, party.code, party.name, *party.former_names, *party.domains)
        and _in_entity(caller, rights, party)
    ]
    page = rest[:limit]
    return shapes.ThirdParties(
        items=[shapes.third_party(party) for party in page],
        next=cursor(page[-1].id) if rest[limit:] else None,
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
        some = stored_exchanges.history(
            tx, third_party=party, text=text, before=before, limit=LARGEST
        )
        for one in some:
            shown = access.visible(one, caller, groups)
            # A word of a text that is hidden must not tell that it is in there.
            if shown is not None and (text is None or shown == one):
                yield shown
        if len(some) < LARGEST:
            return
        before = (some[-1].happened_at, some[-1].id)


def _require(tx: Tx, caller: User, *either: Right) -> frozenset[Right]:
    """The caller's rights. Raises a 403 Problem unless one of `either` is among them."""
    rights = access.rights_of(caller, people.groups(tx))
    if not caller.active or rights.isdisjoint(either):
        raise Problem(403, f"needs the right {' or '.join(right.value for right in either)}")
    return rights


def _in_entity(caller: User, rights: frozenset[Right], party: ThirdParty) -> bool:
    shared = party.entity is None or party.entity in caller.entities
    return shared or Right.SEE_ALL_ENTITIES in rights


def _known(tx: Tx, party: int | None) -> ThirdPartyId | None:
    if party is None:
        return None
    if people.get_third_party(tx, ThirdPartyId(party)) is None:
        raise Problem(404, f"there is no third party {party}")
    return ThirdPartyId(party)


def _names(tx: Tx) -> shapes.Names:
    parties = {party.id: party for party in people.third_parties(tx)}
    return shapes.Names(people.users(tx), parties)


def _moment(after: str) -> tuple[datetime, ExchangeId]:
    text, last = key_of(after, str, int)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Problem(422, "cursor: not one that this API gave")
    return moment, ExchangeId(last)


def _order(follow_up: FollowUp) -> tuple[str, int]:
    # In UTC, so that the text sorts as the time does.
    return follow_up.when.start.astimezone(UTC).isoformat(), follow_up.id


def _says(text: str | None, *where: str) -> bool:
    """Whether every word of `text` stands in there, case and accents apart."""
    if text is None:
        return True
    said = fold(" ".join(where))
    return all(word in said for word in fold(text).split())
