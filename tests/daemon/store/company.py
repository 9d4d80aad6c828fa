"""A company by chance: people with rights and groups, third parties of entities, exchanges of every
level with confidential comments, follow-ups; the same for the same seed."""

import random
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from daemon.store import exchanges, follow_ups, lists, people
from daemon.store.database import Tx
from daemon.store.tables import exchanges as t
from daemon.store.text import words
from rules.model.exchanges import (
    ConfidentialComment,
    Direction,
    Draft,
    Exchange,
    ExchangeKey,
    KeyKind,
    LinkedElement,
    Source,
)
from rules.model.followups import Assignee, FollowUp, FollowUpDraft
from rules.model.people import (
    Contact,
    ContactId,
    EntityId,
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
WORDS = ("devis", "décalées", "réunion", "pompe", "facture", "œuvre", "retard", "PR1")
LEVELS = (Level.HAPPENED, Level.SUBJECT, Level.EVERYTHING)


@dataclass
class House:
    users: list[User]
    groups: dict[GroupId, Group]
    parties: list[ThirdParty]
    contacts: list[Contact]
    entities: list[EntityId]
    exchanges: list[tuple[Exchange, ConfidentialComment | None]]
    follow_ups: list[FollowUp]
    words: dict[int, str]


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
    contacts = [
        people.put_contact(tx, Contact(ContactId(0), p, f"C{p}", emails=(f"c{p}@x.example",)))
        for p in parties
    ]
    lists.put(tx, "product", "pump", {"en": "Pump"})
    for n in range(60):
        record(
            tx,
            chance,
            n,
            ids,
            list(groups),
            list(zip(parties, contacts, strict=True)),
            entities,
            now,
        )
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
            third_party=maybe(chance, parties),
            element=maybe(chance, [LinkedElement("quote", "PR1")]),
            description=f"{chance.choice(WORDS)} {chance.choice(WORDS)}",
        )
        follow_ups.open(tx, draft, now, now)
    numbers = list(tx.execute(sa.select(t.exchange.c.id)).scalars())
    return House(
        list(people.users(tx).values()),
        groups,
        list(people.third_parties(tx)),
        list(people.contacts(tx)),
        entities,
        [(exchanges.get(tx, n), exchanges.confidential(tx, n)) for n in numbers],
        list(follow_ups.open_ones(tx)),
        dict(tx.execute(sa.select(t.exchange.c.id, t.exchange.c.words)).all()),
    )


def record(tx: Tx, chance, n: int, ids, groups, known, entities, now) -> None:
    level = chance.choice(LEVELS)
    party, contact = chance.choice(known)
    subject, comment, secret = (" ".join(chance.choices(WORDS, k=3)) for _ in range(3))
    draft = Draft(
        keys=(ExchangeKey(KeyKind.API, f"k{n}"),),
        third_parties=(party,),
        contacts=(contact,) if chance.random() < 0.7 else (),
        direction=chance.choice(list(Direction)),
        mode=chance.choice(["phone", "email"]),
        purpose=chance.choice(["dispute", None]),
        # Several have one time: the id decides.
        happened_at=now - timedelta(hours=chance.randint(0, 30)),
        source=chance.choice([Source.PERSON, Source.API]),
        subject=subject,
        comment=comment,
        elements=(LinkedElement("quote", "PR1"),) if chance.random() < 0.4 else (),
        products=("pump",) if chance.random() < 0.4 else (),
        tags=("hot",) if chance.random() < 0.4 else (),
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
        hidden = ConfidentialComment(secret, maybe(chance, ids), shared)
        exchanges.put_confidential(tx, made.id, hidden, now)
    if chance.random() < 0.5:
        text = {"comment": comment, "subject": subject, "words": words(subject, comment)}
        tx.execute(sa.update(t.exchange).where(t.exchange.c.id == made.id).values(**text))


def some(chance: random.Random, several, share: float = 0.4) -> list:
    return [one for one in several if chance.random() < share]


def maybe(chance: random.Random, several):
    return chance.choice([None, *several])
