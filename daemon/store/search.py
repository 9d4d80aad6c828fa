"""Full-text search: the same words on both databases, in whatever order, by their beginnings."""

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.rows import counted
from daemon.store.tables import exchanges, installation
from daemon.store.text import words

# The counter that remembers an erasure until it is finished.
_ERASE = "erase"


def exchanges_with(tx: Tx, text: str) -> sa.ColumnElement[bool]:
    """The condition that an exchange has words beginning with each of those in `text`."""
    return _having(tx, exchanges.exchange, exchanges.exchange.c.id, text)


def confidential_with(tx: Tx, text: str) -> sa.ColumnElement[bool]:
    """As `exchanges_with`, of confidential comments: for those who may see them only."""
    table = exchanges.confidential_comment
    return _having(tx, table, table.c.exchange_id, text)


def _having(
    tx: Tx, table: sa.Table, key: sa.ColumnElement[int], text: str
) -> sa.ColumnElement[bool]:
    wanted = words(text).split()
    if not wanted:
        return sa.false()
    # `words` leaves letters and digits only, so nothing in here needs quoting.
    if tx.dialect.name == "sqlite":
        index = sa.table(f"{table.name}_search", sa.column("rowid"), schema=None)
        query = " AND ".join(f'"{word}"*' for word in wanted)
        found = sa.column(index.name).op("MATCH")(query)
        return key.in_(sa.select(index.c.rowid).where(found))
    tokens = sa.func.array_to_tsvector(sa.func.string_to_array(table.c.words, sa.text("' '")))
    prefixes = " & ".join(f"'{word}':*" for word in wanted)
    return tokens.op("@@")(sa.text("CAST(:prefixes AS tsquery)").bindparams(prefixes=prefixes))


def erased(tx: Tx) -> None:
    """Something was deleted that the index may still hold: `Store.forget` finishes it."""
    # Beyond every number before, whose erasure may be under way.
    counter = installation.counter
    this = counter.c.name == _ERASE
    tx.execute(sa.update(counter).where(this).values(value=sa.func.abs(counter.c.value) + 1))


def unfinished(tx: Tx) -> bool:
    """Whether an erasure is to be finished."""
    return counted(tx, _ERASE) != 0


def rebuild(tx: Tx) -> int:
    """Rebuild the indexes if something was erased; the number to give to `finished` once the
    write-ahead log is empty too, 0 for nothing to do."""
    number = counted(tx, _ERASE, lock=True)
    if number > 0:
        if tx.dialect.name == "sqlite":
            for index in ("exchange_search", "confidential_comment_search"):
                rebuilding = f"INSERT INTO {index}({index}) VALUES('rebuild')"
                tx.exec_driver_sql(rebuilding)
        counter = installation.counter
        this = counter.c.name == _ERASE
        # Negative: rebuilt. Killed here, the next one goes on with the log.
        tx.execute(sa.update(counter).where(this).values(value=-number))
    return abs(number)


def finished(tx: Tx, number: int) -> None:
    """That erasure is complete, unless another one has begun meanwhile."""
    counter = installation.counter
    this = sa.and_(counter.c.name == _ERASE, counter.c.value == -number)
    tx.execute(sa.update(counter).where(this).values(value=0))
