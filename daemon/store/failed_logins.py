"""Tries to log in that went wrong, by account or address: over restarts, and for all daemons."""

from datetime import datetime

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.rows import inserting
from daemon.store.tables.installation import installation
from daemon.store.tables.logins import failed_login as table
from rules.logins import Failures

c = table.c


def lock(tx: Tx) -> None:
    """Nobody else counts before the commit: many tries at once are as many failures."""
    tx.execute(sa.select(installation.c.id).with_for_update())


def get(tx: Tx, kind: str, key: str) -> Failures | None:
    """What went wrong so far."""
    row = tx.execute(sa.select(c.number, c.last_at).where(c.kind == kind, c.key == key)).first()
    return None if row is None else Failures(row.number, row.last_at)


def put(tx: Tx, kind: str, key: str, failures: Failures) -> None:
    """Remember so many."""
    facts = {"number": failures.number, "last_at": failures.last}
    statement = inserting(tx, table).values(kind=kind, key=key, **facts)
    tx.execute(statement.on_conflict_do_update(index_elements=["kind", "key"], set_=facts))


def forget(tx: Tx, kind: str, key: str) -> None:
    """All is well again."""
    tx.execute(sa.delete(table).where(c.kind == kind, c.key == key))


def one_less(tx: Tx, kind: str, key: str) -> None:
    """The last one was none."""
    which = sa.and_(c.kind == kind, c.key == key)
    tx.execute(sa.update(table).where(which, c.number > 0).values(number=c.number - 1))


def clear(tx: Tx, before: datetime) -> None:
    """Forget what is long ago."""
    tx.execute(sa.delete(table).where(c.last_at < before))
