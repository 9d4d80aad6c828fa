"""Vetoes: how much may be seen of what one mailbox wants hidden; without expiry (schema 5).

What a rule wants hidden is a veto too, told from the others: `rules apply` lifts it when other
rules want it no more.
"""

from collections.abc import Iterable

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.rows import chunks, inserting
from daemon.store.tables.places import veto as table
from rules.model.people import Level


def put(tx: Tx, key_hash: str, level: Level, *, by_rule: bool = False) -> None:
    """No more than this may be seen of it; a stricter veto that stands already stays."""
    if by_rule:
        values = {"level": int(Level.EVERYTHING), "by_rules": int(level)}
        column = table.c.by_rules
    else:
        values = {"level": int(level)}
        column = table.c.level
    statement = inserting(tx, table).values(key_hash=key_hash, **values)
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=["key_hash"],
            set_={column: int(level)},
            where=sa.or_(column.is_(None), column > int(level)),
        )
    )


def level(tx: Tx, key_hashes: Iterable[str]) -> dict[str, Level]:
    """The vetoes that stand among these; the others are left out."""
    found: dict[str, Level] = {}
    for some in chunks(key_hashes):
        query = sa.select(table).where(table.c.key_hash.in_(some))
        for row in tx.execute(query):
            levels = (row.level, row.level if row.by_rules is None else row.by_rules)
            found[row.key_hash] = Level(min(levels))
    return found


def of_people(tx: Tx, key_hashes: Iterable[str]) -> dict[str, Level]:
    """What people and accounts want hidden among these, whatever rules want."""
    found: dict[str, Level] = {}
    for some in chunks(key_hashes):
        query = sa.select(table.c.key_hash, table.c.level).where(table.c.key_hash.in_(some))
        found |= {key_hash: Level(number) for key_hash, number in tx.execute(query)}
    return found


def of_rules(tx: Tx, key_hashes: Iterable[str]) -> dict[str, Level]:
    """What rules alone want hidden among these, whatever people want."""
    found: dict[str, Level] = {}
    for some in chunks(key_hashes):
        query = sa.select(table.c.key_hash, table.c.by_rules).where(
            table.c.key_hash.in_(some), table.c.by_rules.is_not(None)
        )
        found |= {key_hash: Level(number) for key_hash, number in tx.execute(query)}
    return found


def is_rules_own(tx: Tx, key_hash: str) -> bool:
    """Whether only a rule wants it hidden, and no person or account."""
    row = tx.execute(sa.select(table).where(table.c.key_hash == key_hash)).first()
    return row is not None and row.by_rules is not None and row.level > row.by_rules


def set_of_rules(tx: Tx, key_hash: str, level: Level | None) -> None:
    """What rules now want hidden of it: None for nothing at all. What people want stays."""
    if level is not None:
        # Upwards too, which `put` never does.
        set_of_rules(tx, key_hash, None)
        put(tx, key_hash, level, by_rule=True)
        return
    this = table.c.key_hash == key_hash
    tx.execute(sa.update(table).where(this).values(by_rules=None))
    tx.execute(sa.delete(table).where(this, table.c.level == int(Level.EVERYTHING)))
