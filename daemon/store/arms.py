"""Where lists of exchanges are read from: an arm is one range of an index, in the order of time.

A list of what one user may see can be a thousandth of a million exchanges, so it is never found by
looking through the newest: it is read from the arm of what is asked for (a third party, a user, an
element) or from those of what may be seen (one's own, each of one's entities), and two or three are
merged. All but the arm is a condition on the rows that it yields.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.tables import exchanges as t
from rules.model.exchanges import ExchangeId

Key = tuple[datetime, ExchangeId]
"""Where an exchange stands in a list: its time, and its id where times are equal."""

Condition = sa.ColumnElement[bool]

SHORT = 2_000
"""So many rows are looked through one by one without much ado."""
FEW = 200
"""So many are looked through before it is asked whether there is a better way."""


@dataclass(frozen=True, slots=True)
class Arm:
    """The rows of `source` for which `mine` holds, each an exchange of that time and id. Without an
    index in the order of time it is for few rows: `unordered` tells how many there are."""

    source: sa.FromClause
    at: sa.ColumnElement[datetime]
    id: sa.ColumnElement[int]
    mine: tuple[Condition, ...] = ()
    unordered: sa.Select[int] | None = None


def all_of_them() -> Arm:
    """Every exchange."""
    return Arm(t.exchange, t.exchange.c.happened_at, t.exchange.c.id)


def of_entity(entity: int | None) -> Arm:
    """Those of an entity, or of none."""
    column = t.exchange.c.entity_id
    here = column.is_(None) if entity is None else column == entity
    return Arm(t.exchange, t.exchange.c.happened_at, t.exchange.c.id, (here,))


def of_people(table: sa.Table, column: str, number: int) -> Arm:
    """Those of a third party, a contact, or a user, from the table of these."""
    hung = table.alias("arm")
    return Arm(hung, hung.c.happened_at, hung.c.exchange_id, (hung.c[column] == number,))


def of_few(table: sa.Table, *which: Condition) -> Arm:
    """Those that have a row in a table which does not know their time."""
    return indexed(sa.select(table.c.exchange_id).where(*which))


def indexed(ids: sa.Select[int]) -> Arm:
    """Those that a query finds in some index."""
    row = t.exchange.c
    return Arm(t.exchange, row.happened_at, row.id, (row.id.in_(ids),), ids)


@dataclass(frozen=True, slots=True)
class Hung:
    """That an exchange has such a row in a table: asked by its id, so that it need not be read."""

    table: sa.Table
    which: Condition

    def of(self, arm: Arm) -> Condition:
        """As a condition on an arm."""
        there = sa.exists().where(self.table.c.exchange_id == arm.id, self.which)
        return there.correlate(arm.source)


@dataclass(frozen=True, slots=True)
class Apart:
    """That an exchange is none of these few: asked by its id, and of each query once."""

    few: sa.Select[int]

    def of(self, arm: Arm) -> Condition:
        """As a condition on an arm."""
        return arm.id.not_in(self.few)


@dataclass(frozen=True, slots=True)
class Range:
    """Between two keys, neither of them in it, and from `since`, before `until`; newest first, or
    oldest first."""

    after: Key | None = None
    up_to: Key | None = None
    since: datetime | None = None
    until: datetime | None = None
    oldest_first: bool = False

    def of(self, arm: Arm) -> list[Condition]:
        """As conditions on an arm."""
        here = sa.tuple_(arm.at, arm.id)
        ends = ((self.after, self.oldest_first), (self.up_to, not self.oldest_first))
        conditions: list[Condition] = [
            here > _row(arm, key) if above else here < _row(arm, key)
            for key, above in ends
            if key is not None
        ]
        if self.since is not None:
            conditions.append(arm.at >= self.since)
        if self.until is not None:
            conditions.append(arm.at < self.until)
        return conditions

    def order(self, at: sa.ColumnElement[Any], number: sa.ColumnElement[Any]) -> list[Any]:
        """As an ORDER BY."""
        return [at, number] if self.oldest_first else [at.desc(), number.desc()]


def _row(arm: Arm, key: Key) -> sa.Tuple:
    at, number = key
    return sa.tuple_(sa.literal(at, arm.at.type), sa.literal(number, arm.id.type))


def keys(
    arms: Sequence[Arm],
    conditions: Sequence[Condition | Hung | Apart],
    where: Range,
    limit: int | None,
) -> sa.Select[datetime, int]:
    """The first rows of these arms together, each once, as (at, id)."""
    if len(arms) == 1:
        return _one(arms[0], conditions, where, limit)
    each = (_one(arm, conditions, where, limit).subquery() for arm in arms)
    together = sa.union(*(sa.select(one.c.at, one.c.id) for one in each)).subquery()
    query = sa.select(together.c.at, together.c.id)
    return query.order_by(*where.order(together.c.at, together.c.id)).limit(limit)


def _one(
    arm: Arm, conditions: Sequence[Condition | Hung | Apart], where: Range, limit: int | None
) -> sa.Select[datetime, int]:
    at, number = arm.at.label("at"), arm.id.label("id")
    query = sa.select(at, number).select_from(arm.source).where(*arm.mine, *where.of(arm))
    query = query.where(*(one.of(arm) for one in conditions if isinstance(one, Hung | Apart)))
    plain = [one for one in conditions if not isinstance(one, Hung | Apart)]
    if arm.source is t.exchange:
        query = query.where(*plain)
    else:
        # One user has several roles in an exchange.
        query = query.distinct()
        if plain:
            whole = sa.exists().where(t.exchange.c.id == arm.id, *plain)
            query = query.where(whole.correlate(arm.source))
    return query.order_by(*where.order(at, number)).limit(limit)


def end_of_short(tx: Tx, arm: Arm, where: Range, most: int = SHORT) -> Key | None:
    """The key of the row that comes next after so many; None where there are no more."""
    query = _one(arm, (), where, 1).offset(most)
    found = tx.execute(query).first()
    return None if found is None else (found.at, ExchangeId(found.id))


def is_short(tx: Tx, arm: Arm) -> bool:
    """Whether an unordered arm has no more than SHORT rows."""
    assert arm.unordered is not None  # noqa: S101  its caller asks
    return tx.execute(arm.unordered.limit(1).offset(SHORT)).first() is None
