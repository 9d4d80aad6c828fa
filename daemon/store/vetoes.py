"""Vetoes: how much may be seen of what one mailbox wants hidden; without expiry (schema 5)."""

from collections.abc import Iterable

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.rows import chunks, inserting
from daemon.store.tables.places import veto as table
from rules.model.people import Level


def put(tx: Tx, key_hash: str, level: Level) -> None:
    """No more than this may be seen of it; a stricter veto that stands already stays."""
    statement = inserting(tx, table).values(key_hash=key_hash, level=int(level))
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=["key_hash"],
            set_={"level": int(level)},
            where=table.c.level > int(level),
        )
    )


def level(tx: Tx, key_hashes: Iterable[str]) -> dict[str, Level]:
    """The vetoes that stand among these; the others are left out."""
    found: dict[str, Level] = {}
    for some in chunks(key_hashes):
        query = sa.select(table.c.key_hash, table.c.level).where(table.c.key_hash.in_(some))
        found |= {key_hash: Level(number) for key_hash, number in tx.execute(query)}
    return found
