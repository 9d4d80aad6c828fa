"""Whom an answer names, read for that answer only."""

from collections.abc import Iterable, Sequence

from daemon.store import Tx, named
from daemon.web.shapes.common import Names, PartyRef
from rules.access import people_of
from rules.model.exchanges import Exchange
from rules.model.followups import FollowUp
from rules.model.people import ThirdPartyId


def in_short(tx: Tx, parties: Iterable[ThirdPartyId]) -> dict[ThirdPartyId, PartyRef]:
    """Third parties in short."""
    found = named.parties(tx, parties)
    return {n: PartyRef(id=n, code=code, name=name) for n, (code, name) in found.items()}


def names(
    tx: Tx,
    exchanges: Sequence[Exchange] = (),
    follow_ups: Sequence[FollowUp] = (),
    parties: Iterable[ThirdPartyId] = (),
) -> Names:
    """Who is behind the ids of these."""
    users = {user for one in exchanges for user in people_of(one)}
    users |= {assignee.user for one in follow_ups for assignee in one.assignees}
    known = {party for one in exchanges for party in one.third_parties}
    known |= {one.third_party for one in follow_ups if one.third_party is not None}
    return Names(named.emails(tx, users), in_short(tx, known.union(parties)))
