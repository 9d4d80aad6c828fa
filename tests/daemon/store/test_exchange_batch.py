"""A batch leaves what recording one after another leaves; in fewer statements."""

import random
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from daemon.store import Store, exchanges
from daemon.store.tables import exchanges as t
from daemon.store.tables import metadata
from rules.model.decisions import Decision, Reason, RecordExchange, Verdict
from rules.model.exchanges import ExchangeKey, KeyKind, LinkedElement
from rules.model.people import Level
from rules.model.sightings import Sighting

Judged = tuple[Sighting, Decision]

IDS = [f"{name}@x" for name in "abcdefgh"]
LEVELS = [Level.EVERYTHING] * 6 + [Level.SUBJECT, Level.HAPPENED, Level.NOTHING]


def some(chance: random.Random, world: Any, number: int) -> list[Judged]:
    """Copies of few messages in few threads: most are new, some were seen, some are hidden."""
    judged = []
    for _ in range(number):
        name = chance.choice([chance.choice(IDS), f"own-{chance.randrange(1_000)}@x"])
        extra: dict[str, Any] = {}
        if chance.random() < 0.2:
            extra["elements"] = (LinkedElement("quote", f"PR{chance.randrange(3)}"),)
        if chance.random() < 0.2:
            extra["tags"] = frozenset({"urgent"})
        if chance.random() < 0.1:
            extra["author"] = world.bob
        draft = world.draft(
            keys=tuple(ExchangeKey(KeyKind.MESSAGE, key) for key in {name, chance.choice(IDS)})
            if chance.random() < 0.1
            else (ExchangeKey(KeyKind.MESSAGE, name),),
            message_id=chance.choice([name, name, name, None]),
            parents=tuple(chance.sample(IDS, chance.choice([0, 0, 1, 1, 2]))),
            third_parties=chance.choice([(world.acme,), (world.beta, world.acme)]),
            subject=f"Devis {chance.randrange(9)}",
            **extra,
        )
        level = chance.choice(LEVELS)
        effects = (RecordExchange(draft),)
        decision = Decision(Verdict.RECORD, Reason.MATCHED, "r1", (), effects, level)
        sighting = world.sighting(chance.randrange(1, 40), bobs=chance.random() < 0.3)
        judged.append((sighting, decision))
    return judged


def contents(tx: Any) -> dict[str, list[str]]:
    """Every row that is about exchanges, with references in place of ids."""
    numbers = {row.id: row.number for row in tx.execute(sa.select(t.exchange))}
    found = {}
    for table in metadata.sorted_tables:
        if table is not t.exchange and "exchange_id" not in table.c and table is not t.tombstone:
            continue
        rows = []
        for row in tx.execute(sa.select(table)).mappings():
            own = {name: value for name, value in row.items() if name not in ("id", "element_id")}
            if "exchange_id" in own:
                own["exchange_id"] = numbers.get(own["exchange_id"])
            rows.append(repr(sorted(own.items())))
        found[table.name] = sorted(rows)
    return found


@pytest.mark.parametrize("seed", range(15))
def test_a_batch_leaves_what_one_after_another_leaves(
    store: Store, world: Any, now: Any, seed: int
) -> None:
    chance = random.Random(seed)
    batches = [some(chance, world, chance.randint(1, 12)) for _ in range(3)]

    def one_by_one(tx: Any) -> list[exchanges.Recorded]:
        return [exchanges.record(tx, *one, now) for batch in batches for one in batch]

    def together(tx: Any) -> list[exchanges.Recorded]:
        return [one for batch in batches for one in exchanges.record_all(tx, batch, now)]

    def outcome(way: Any) -> Any:
        with store.write() as tx, tx.begin_nested() as part:
            recorded = way(tx)
            numbers = {row.id: row.number for row in tx.execute(sa.select(t.exchange))}
            said = [(numbers.get(r.exchange), r.new, r.first) for r in recorded]
            found = contents(tx)
            part.rollback()
        return said, found

    expected = outcome(one_by_one)
    assert outcome(together) == expected
    assert any(new for _, new, _ in expected[0])


def test_new_messages_take_few_statements(store: Store, world: Any, now: Any) -> None:
    judged = []
    for n in range(100):
        draft = world.draft(f"m{n}", happened_at=now + timedelta(minutes=n))
        effects = (RecordExchange(draft),)
        decision = Decision(Verdict.RECORD, Reason.MATCHED, "r1", (), effects, Level.EVERYTHING)
        judged.append((world.sighting(n + 1), decision))
    statements: list[str] = []
    with store.write() as tx:
        sa.event.listen(tx, "after_cursor_execute", lambda *call: statements.append(call[2]))
        exchanges.record_all(tx, judged, now)
    assert len(statements) < 40
