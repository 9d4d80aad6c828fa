"""Small spellings that the modules of the store share."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from daemon.store.database import Tx
from daemon.store.tables import installation

_CHUNK = 500


def inserting(tx: Tx, table: sa.Table) -> postgresql.Insert:
    """An INSERT that knows ON CONFLICT; both databases spell it alike."""
    return insert_into(tx.dialect.name, table)


def insert_into(dialect: str, table: sa.Table) -> postgresql.Insert:
    """The same, for statements that are built once for each database."""
    if dialect == "sqlite":
        return cast(postgresql.Insert, sqlite.insert(table))
    return postgresql.insert(table)


def new_id(tx: Tx, table: sa.Table, **values: Any) -> int:
    """Insert one row; its id."""
    made: int = tx.execute(sa.insert(table).returning(table.c.id), values).scalar_one()
    return made


def insert_new(tx: Tx, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert those rows that are not there yet."""
    if rows:
        tx.execute(_unless_there(tx.dialect.name, table), rows)


@cache
def _unless_there(dialect: str, table: sa.Table) -> postgresql.Insert:
    return insert_into(dialect, table).on_conflict_do_nothing()


def replace_rows(
    tx: Tx, owner: sa.ColumnElement[bool], table: sa.Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Make `rows` the only ones of `table` that belong to the owner."""
    tx.execute(sa.delete(table).where(owner))
    if rows:
        tx.execute(sa.insert(table), rows)


def chunks(ids: Iterable[Any]) -> Iterator[list[Any]]:
    """Distinct values in groups small enough for one IN (…)."""
    distinct = list(dict.fromkeys(ids))
    for start in range(0, len(distinct), _CHUNK):
        yield distinct[start : start + _CHUNK]


def among(tx: Tx, column: sa.ColumnElement[int], ids: Sequence[int]) -> sa.ColumnElement[bool]:
    """That a column has one of these values, given as one parameter: so a statement is the same
    for any number of them, which is what databases prepare and SQLAlchemy compiles only once."""
    return given(tx.dialect.name, column, sa.literal(**_listed(tx.dialect.name, ids)))


def given(
    dialect: str, column: sa.ColumnElement[int], ids: sa.ColumnElement[Any] | None = None
) -> sa.ColumnElement[bool]:
    """The same for a statement that is built once: executed with `with_ids`."""
    if ids is None:
        ids = sa.bindparam("ids", type_=_LISTED[dialect])
    if dialect == "sqlite":
        return column.in_(sa.select(sa.func.json_each(ids).table_valued("value").c.value))
    return column == sa.any_(ids)


def with_ids(tx: Tx, ids: Sequence[int]) -> dict[str, Any]:
    """The parameter of a statement that `given` is in."""
    return {"ids": _listed(tx.dialect.name, ids)["value"]}


_LISTED: Mapping[str, Any] = {
    "sqlite": sa.Text(),
    "postgresql": postgresql.ARRAY(sa.BigInteger),
}


def _listed(dialect: str, ids: Sequence[int]) -> dict[str, Any]:
    plain = [int(i) for i in ids]
    value = json.dumps(plain) if dialect == "sqlite" else plain
    return {"value": value, "type_": _LISTED[dialect]}


def grouped(
    tx: Tx, query: sa.Select[Any], owner: sa.ColumnElement[int], ids: Iterable[int]
) -> dict[int, list[Any]]:
    """The query's rows by their first column, for these owners, in the query's order.

    A query of two columns gives the second as plain values.
    """
    found: dict[int, list[Any]] = defaultdict(list)
    for some in chunks(ids):
        for first, *rest in tx.execute(query.where(among(tx, owner, some))):
            found[first].append(rest[0] if len(rest) == 1 else tuple(rest))
    return found


def count(tx: Tx, name: str, further: int = 1) -> int:
    """Count further in a counter and return its number then; its row stays locked till commit."""
    table = installation.counter
    number: int = tx.execute(
        sa.update(table)
        .where(table.c.name == name)
        .values(value=table.c.value + further)
        .returning(table.c.value)
    ).scalar_one()
    return number


def counted(tx: Tx, name: str, *, lock: bool = False) -> int:
    """The number a counter stands at; `lock` keeps others from counting till commit."""
    table = installation.counter
    query = sa.select(table.c.value).where(table.c.name == name)
    number: int = tx.execute(query.with_for_update() if lock else query).scalar_one()
    return number


def sizes(connection: sa.Connection) -> dict[str, int]:
    """How many rows each table of a database has, of whatever version it is; the search indexes
    are left out."""
    names = sorted(n for n in sa.inspect(connection).get_table_names() if "_search" not in n)
    counted = sa.func.count()
    return {
        name: int(connection.execute(sa.select(counted).select_from(sa.table(name))).scalar_one())
        for name in names
    }
