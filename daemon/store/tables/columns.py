"""Column types that behave alike on both databases, and short spellings for common columns."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from daemon.store.text import storable

# Constraints need names, or batch migrations on SQLite can't find them again.
metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

# INTEGER PRIMARY KEY is SQLite's row id and 64 bits wide; UIDs need more than PostgreSQL's 32.
Int = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class Moment(sa.types.TypeDecorator[datetime]):
    """An instant: aware in, aware UTC out; naive ones are refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class Text(sa.types.TypeDecorator[str]):
    """Text of any origin; what a database can't hold is replaced, never refused."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else storable(str(value))


class Amount(sa.types.TypeDecorator[Decimal]):
    """A sum of money, exact on both databases: SQLite would make it a float."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else f"{value:f}"

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


class Json(sa.types.TypeDecorator[Any]):
    """A JSON document whose strings are storable."""

    impl = sa.JSON().with_variant(JSONB(), "postgresql")
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        # Almost always there is nothing to replace, and one look at the whole tells.
        whole = json.dumps(value)
        return _storable(value) if _SUSPECT.search(whole) else value


# How json.dumps writes NUL and lone surrogates; of pairs too, which are harmless.
_SUSPECT = re.compile(r"\\u(?:0000|d[89a-f])")


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {_storable(k): _storable(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(v) for v in value]
    return value


def table(name: str, *parts: sa.schema.SchemaItem) -> sa.Table:
    """A table in `metadata`; on SQLite ids are never reused, for rows outlive what they name."""
    own_id = any(isinstance(p, sa.Column) and p.name == "id" for p in parts)
    return sa.Table(name, metadata, *parts, sqlite_autoincrement=own_id)


def id_() -> sa.Column[int]:
    """The surrogate key."""
    return sa.Column("id", Int, primary_key=True)


def text(name: str, *, null: bool = False, key: bool = False) -> sa.Column[str]:
    """Some text; `key` makes it part of the primary key."""
    return sa.Column(name, Text, nullable=null, primary_key=key)


def integer(name: str, *, null: bool = False, key: bool = False) -> sa.Column[int]:
    """A number; ids of rows that may be gone are numbers too."""
    return sa.Column(name, Int, nullable=null, primary_key=key, autoincrement=False)


def flag(name: str) -> sa.Column[bool]:
    """True or false."""
    return sa.Column(name, sa.Boolean, nullable=False)


def moment(name: str, *, null: bool = False) -> sa.Column[datetime]:
    """An instant."""
    return sa.Column(name, Moment, nullable=null)


def ref(
    name: str, target: str, *, null: bool = False, key: bool = False, gone: str | None = None
) -> sa.Column[int]:
    """A reference to `target.id`; `gone` says what happens when that row is deleted."""
    foreign = sa.ForeignKey(f"{target}.id", ondelete=gone)
    return sa.Column(name, Int, foreign, nullable=null, primary_key=key, autoincrement=False)


def of_exchange() -> tuple[sa.schema.SchemaItem, ...]:
    """Part of the key of a row that lives and dies with an exchange, and the time of that exchange,
    so that one index finds a third party's or a user's exchanges in the order of their time. The
    database keeps the two in step."""
    both = sa.ForeignKeyConstraint(
        ["exchange_id", "happened_at"],
        ["exchange.id", "exchange.happened_at"],
        ondelete="CASCADE",
        onupdate="CASCADE",
    )
    return integer("exchange_id", key=True), moment("happened_at"), both


def only(name: str, rows: str, *columns: str) -> sa.Index:
    """An index of those rows only for which the condition `rows` holds."""
    return sa.Index(name, *columns, sqlite_where=sa.text(rows), postgresql_where=sa.text(rows))


def owned_by(name: str, target: str) -> sa.Column[int]:
    """Part of the key of a row that lives and dies with `target`."""
    return ref(name, target, key=True, gone="CASCADE")
