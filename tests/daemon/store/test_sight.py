"""What queries find is what `rules.access` allows, for random people, levels and entities."""

import random

import pytest
import sqlalchemy as sa

from daemon.store import Store, sight
from daemon.store.database import Tx
from daemon.store.tables import exchanges as t
from daemon.store.tables import follow_ups as f
from daemon.store.tables.people import third_party
from rules import access
from rules.access import Action
from rules.model.people import Right
from tests.daemon.store.company import furnish


@pytest.mark.parametrize("seed", [1])
def test_each_filter_is_what_access_allows(store: Store, now, seed: int) -> None:
    with store.write() as tx:
        house = furnish(tx, random.Random(seed), now)
    seen = hidden = 0
    with store.read() as tx:
        for user in house.users:
            scope = access.scope(user, house.groups)
            shown = ids(tx, t.exchange, sight.exchanges(scope))
            texts = ids(tx, t.exchange, sight.exchanges(scope), sight.whole_texts(scope))
            joined = t.exchange.join(t.confidential_comment)
            secrets = ids(
                tx, t.exchange, sight.exchanges(scope), sight.confidential(scope), source=joined
            )
            for one, comment in house.exchanges:
                facts = access.facts_of(one, comment)
                may_see = access.may(user, house.groups, Action.SEE_EXCHANGE, facts)
                as_seen = access.visible(one, user, house.groups)
                assert (one.id in shown) == may_see == (as_seen is not None)
                assert (one.id in texts) == (as_seen == one)
                if comment is not None:
                    reads = access.may(user, house.groups, Action.SEE_CONFIDENTIAL, facts)
                    assert (one.id in secrets) == reads
                seen, hidden = seen + may_see, hidden + (not may_see)
            waiting = ids(tx, f.follow_up, sight.follow_ups(scope))
            for one in house.follow_ups:
                facts = access.facts_of(one)
                may_see = access.may(user, house.groups, Action.SEE_FOLLOW_UP, facts)
                assert (one.id in waiting) == may_see
            known = ids(tx, third_party, sight.parties(scope))
            everywhere = Right.SEE_ALL_ENTITIES in access.rights_of(user, house.groups)
            for party in house.parties:
                here = party.entity is None or party.entity in user.entities or everywhere
                assert (party.id in known) == (here and user.active)
    assert seen > 100
    assert hidden > 100


def test_the_operator_sees_all_and_a_stranger_nothing(store: Store, now) -> None:
    with store.write() as tx:
        house = furnish(tx, random.Random(3), now)
    with store.read() as tx:
        for scope, number in ((access.OPERATOR, len(house.exchanges)), (access.Scope(), 0)):
            assert len(ids(tx, t.exchange, sight.exchanges(scope))) == number
        assert len(ids(tx, f.follow_up, sight.follow_ups(access.OPERATOR))) == 40
        assert not ids(tx, f.follow_up, sight.follow_ups(access.Scope()))


def ids(tx: Tx, table: sa.Table, *conditions, source=None) -> set[int]:
    query = sa.select(table.c.id).where(*conditions)
    return set(tx.execute(query if source is None else query.select_from(source)).scalars())
