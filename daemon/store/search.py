"""Full-text search: the same words on both databases, in whatever order, by their beginnings."""

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.tables import exchanges
from daemon.store.text import words


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
