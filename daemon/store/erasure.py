"""Erasing for good: what was deleted leaves the search index and the write-ahead log too.

SQLite's FTS5 keeps deleted words until its index is rebuilt (schema 10), which is too slow to do
with each deletion, and the log keeps pages of before. So a deletion notes with `erased` that
there is something to do, in its own transaction, and `forget` does it afterwards: a crash between
the two forgets nothing.
"""

import sqlalchemy as sa

from daemon.store.database import Store, Tx
from daemon.store.rows import counted
from daemon.store.tables.installation import counter

# The counter that remembers an erasure until it is finished.
_ERASE = "erase"
_THIS = counter.c.name == _ERASE


def erased(tx: Tx) -> None:
    """Something was deleted that the index may still hold: `forget` finishes it."""
    # Beyond every number before, whose erasure may be under way.
    tx.execute(sa.update(counter).where(_THIS).values(value=sa.func.abs(counter.c.value) + 1))


def forget(store: Store) -> bool:
    """Finish erasing. True when there was something and it is gone; what another process holds up
    is tried again at the next call."""
    with store.read() as tx:
        if counted(tx, _ERASE) == 0:
            return False
    with store.write() as tx:
        number = rebuild(tx)
    if not store.checkpoint():
        return False
    with store.write() as tx:
        finished(tx, number)
    return bool(number)


def rebuild(tx: Tx) -> int:
    """Rebuild the indexes if something was erased; the number to give to `finished` once the
    write-ahead log is empty too, 0 for nothing to do."""
    number = counted(tx, _ERASE, lock=True)
    if number > 0:
        if tx.dialect.name == "sqlite":
            for index in ("exchange_search", "confidential_comment_search"):
                tx.exec_driver_sql(f"INSERT INTO {index}({index}) VALUES('rebuild')")
        # Negative: rebuilt. Killed here, the next one goes on with the log.
        tx.execute(sa.update(counter).where(_THIS).values(value=-number))
    return abs(number)


def finished(tx: Tx, number: int) -> None:
    """That erasure is complete, unless another one has begun meanwhile."""
    this = sa.and_(_THIS, counter.c.value == -number)
    tx.execute(sa.update(counter).where(this).values(value=0))
