"""How much of the work was done: what a benchmark looks at after the clock has stopped."""

from pathlib import Path

import sqlalchemy as sa

from daemon.store import open_store


def recorded(database: Path) -> int:
    """How many exchanges a SQLite database has."""
    store = open_store(f"sqlite:///{database}")
    try:
        with store.read() as tx:
            count: int = tx.execute(sa.text("SELECT count(*) FROM exchange")).scalar_one()
    finally:
        store.close()
    return count
