"""What queries find is what `rules.access` allows, for random people, levels and entities."""

import random
from dataclasses import dataclass
from datetime import timedelta

import pytest
import sqlalchemy as sa

from daemon.store import Store, exchanges, follow_ups, people, sight
from daemon.store.database import Tx
from daemon.store.tables import exchanges as t
from daemon.store.tables import follow_ups as f
from daemon.store.tables.people import third_party
from rules import access
from rules.access import Action
from rules.model.exchanges import (
    ConfidentialComment,
    Direction,
    Draft,
    Exchange,
    ExchangeKey,
    KeyKind,
    Source,
)
from rules.model.followups import Assignee, FollowUp, FollowUpDraft
from rules.model.people import (
    Group,
    GroupId,
    Level,
    Right,
    ThirdParty,
    ThirdPartyId,
    User,
)
from rules.model.sightings import When

# The rights that sight depends on; the others are drawn too, to show that they don't matter.
ASKED = (
    Right.SEE_EXCHANGES,
    Right.SEE_ALL_EXCHANGES,
    Right.SEE_ALL_ENTITIES,
    Right.SEE_CONFIDENTIAL,
    Right.SEE_FOLLOW_UPS,
    Right.SEE_ALL_FOLLOW_UPS,
)
LEVELS = (Level.HAPPENED, Level.SUBJECT, Level.EVERYTHING)


@dataclass
class House:
    users: list[User]
    groups: dict[GroupId, Group]
    parties: list[ThirdParty]
    exchanges: list[tuple[Exchange, ConfidentialComment | None]]
    follow_ups: list[FollowUp]


def furnish(tx: Tx, chance: random.Random, now) -> House:
    entities = [people.put_entity(tx, code, code) for code in ("a", "b", "c")]
    for name in ("g1", "g2", "g3"):
        people.put_group(tx, name, some(chance, Right, 0.2))
    groups = dict(people.groups(tx))
    ids = [
        people.put_user(
            tx,
            name=f"U{n}",
            email=f"u{n}@us.example",
            groups=some(chance, groups),
            entities=some(chance, entities),
            rights={*some(chance, ASKED, 0.6), *some(chance, Right, 0.2)},
            active=chance.random() < 0.9,
        )
        for n in range(14)
    ]
    parties = [
        people.put_third_party(
            tx, ThirdParty(ThirdPartyId(0), f"P{n}", f"P{n}", entity=maybe(chance, entities))
        )
        for n in range(6)
    ]
    for n in range(60):
        record(tx, chance, n, ids, list(groups), parties, entities, now)
    for n in range(40):
        draft = FollowUpDraft(
            key=f"f{n}",
            title=f"F{n}",
            when=When(now + timedelta(hours=n)),
            assignees=tuple(
                Assignee(u, owner=not i)
                for i, u in enumerate(chance.sample(ids, chance.randint(1, 3)))
            ),
            creator=maybe(chance, ids),
            entity=maybe(chance, entities),
        )
        follow_ups.open(tx, draft, now, now)
    numbers = list(tx.execute(sa.select(t.exchange.c.id)).scalars())
    return House(
        list(people.users(tx).values()),
        groups,
        list(people.third_parties(tx)),
        [(exchanges.get(tx, n), exchanges.confidential(tx, n)) for n in numbers],
        list(follow_ups.open_ones(tx)),
    )


def record(tx: Tx, chance, n: int, ids, groups, parties, entities, now) -> None:
    level = chance.choice(LEVELS)
    draft = Draft(
        keys=(ExchangeKey(KeyKind.API, f"k{n}"),),
        third_parties=(chance.choice(parties),),
        contacts=(),
        direction=Direction.INBOUND,
        mode="phone",
        happened_at=now - timedelta(hours=n),
        source=Source.PERSON,
        subject=f"subject{n}",
        comment=f"comment{n}",
        entity=maybe(chance, entities),
        author=maybe(chance, ids),
        recorder=maybe(chance, ids),
        collaborators=tuple(chance.sample(ids, chance.randint(0, 2))),
        mailbox_owner=maybe(chance, ids),
        level=level,
    )
    made = exchanges.add(tx, draft, now)
    if chance.random() < 0.6:
        # A person who took part may have written a text under any level.
        shared = frozenset(some(chance, groups))
        comment = ConfidentialComment(f"secret{n}", maybe(chance, ids), shared)
        exchanges.put_confidential(tx, made.id, comment, now)
    if chance.random() < 0.5:
        text = {"comment": f"comment{n}", "subject": f"subject{n}"}
        tx.execute(sa.update(t.exchange).where(t.exchange.c.id == made.id).values(**text))


def some(chance: random.Random, several, share: float = 0.4) -> list:
    return [one for one in several if chance.random() < share]


def maybe(chance: random.Random, several):
    return chance.choice([None, *several])


@pytest.mark.parametrize("seed", [1, 2])
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
