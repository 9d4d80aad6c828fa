"""A second store that decides as this one does, and has recorded nothing yet.

`rules diff` lets other rules judge the past in it. What decides is copied with its ids: people,
third parties, lists, options, accounts, folders, what people want hidden, what they deleted, and
which third party they chose.
What rules alone hid is left out, for that is what the other rules are asked.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from daemon.store.database import Store, Tx
from daemon.store.rows import insert_new
from daemon.store.tables import exchanges, installation, people, places
from daemon.store.tables.columns import metadata
from rules.model.decisions import Reason, Step, Verdict
from rules.model.exchanges import ExchangeId
from rules.model.people import Level

_CHUNK = 500

# What processes leave for each other, and what was done here: not what decides.
_NOT = frozenset({"work", "audit", "api_token", "backup", "alarm", "request"})
_MORE = (
    places.account,
    places.folder,
    places.calendar,
    places.veto,
    places.ambiguity,
    exchanges.tombstone,
)


@dataclass(frozen=True, slots=True)
class Judged:
    """What the other rules said of one copy."""

    verdict: Verdict
    reason: Reason
    key_hash: str
    rules: str
    trace: tuple[Step, ...]
    row: Mapping[str, Any]


def copied() -> tuple[sa.Table, ...]:
    """The tables that are copied, in the order in which they refer to each other."""
    names = {
        value.name
        for module in (people, installation)
        for value in vars(module).values()
        if isinstance(value, sa.Table) and value.name not in _NOT
    }
    names |= {table.name for table in _MORE}
    return tuple(table for table in metadata.sorted_tables if table.name in names)


def furnish(here: Tx, twin: Tx) -> None:
    """Copy into an empty store of this version what decides, and make its decisions be found by
    place."""
    for table in reversed(copied()):
        twin.execute(sa.delete(table))
    for table in copied():
        for rows in _rows(here, table):
            twin.execute(sa.insert(table), rows)
    for name, columns in (
        ("by_uid", "folder_id, uidvalidity, uid"),
        ("by_href", "calendar_id, href, recurrence"),
    ):
        twin.exec_driver_sql(f"CREATE INDEX twin_decision_{name} ON decision ({columns})")


def judged(twin: Tx, copy: Mapping[str, Any]) -> Judged | None:
    """What was said last of the copy at this place; None: it was not seen there."""
    c = places.decision.c
    unique = ("folder_id", "uidvalidity", "uid")
    if copy["folder_id"] is None:
        unique = ("calendar_id", "href", "recurrence")
    here = sa.and_(*(c[name] == copy[name] for name in unique))
    return _judged(twin, here)


def judged_by_hash(twin: Tx, key_hash: str) -> Judged | None:
    """What was said last of any copy of it, wherever that is."""
    return _judged(twin, places.decision.c.key_hash == key_hash)


def vetoed(twin: Tx, key_hash: str) -> Judged | None:
    """The decision that nothing may be kept of it, if there was one."""
    c = places.decision.c
    return _judged(twin, sa.and_(c.key_hash == key_hash, c.reason == Reason.VETOED))


def trouble(twin: Tx, copy: Mapping[str, Any]) -> str | None:
    """Why the copy at this place was not judged: "quarantine" or "hole"; None: it is not there."""
    for table, names in (
        (places.quarantine, ("folder_id", "uidvalidity", "uid")),
        (places.hole, ("folder_id", "uidvalidity", "uid")),
        (places.quarantine, ("calendar_id", "href")),
    ):
        if any(copy[name] is None for name in names):
            continue
        here = sa.and_(*(table.c[name] == copy[name] for name in names))
        if twin.execute(sa.select(sa.literal(1)).where(here).limit(1)).first() is not None:
            return table.name
    return None


def burials(twin: Tx, of_rule: str) -> tuple[Mapping[str, Any], ...]:
    """What the other rules buried of a message."""
    table = exchanges.tombstone
    rows = twin.execute(sa.select(table).where(table.c.of_rule == of_rule))
    return tuple(dict(row) for row in rows.mappings())


def bury(here: Tx, rows: Iterable[Mapping[str, Any]]) -> None:
    """Bury the same here."""
    insert_new(here, exchanges.tombstone, list(rows))


def note(here: Tx, found: Judged, exchange: ExchangeId | None, now: datetime) -> None:
    """Write a decision of the other rules down here, about this exchange."""
    row = {**found.row, "exchange_id": exchange, "at": now}
    here.execute(sa.insert(places.decision), row)


def rule_vetoes(twin: Tx, after: str, limit: int) -> tuple[tuple[str, Level], ...]:
    """What rules alone want hidden, by keyed hash, in their order."""
    c = places.veto.c
    query = (
        sa.select(c.key_hash, c.by_rules)
        .where(c.by_rules.is_not(None), c.key_hash > after)
        .order_by(c.key_hash)
        .limit(limit)
    )
    return tuple((key_hash, Level(level)) for key_hash, level in twin.execute(query))


def _judged(twin: Tx, which: sa.ColumnElement[bool]) -> Judged | None:
    c = places.decision.c
    query = sa.select(places.decision).where(which).order_by(c.id.desc()).limit(1)
    row = twin.execute(query).mappings().first()
    if row is None:
        return None
    return Judged(
        verdict=Verdict(row["verdict"]),
        reason=Reason(row["reason"]),
        key_hash=row["key_hash"],
        rules=row["rules"],
        trace=tuple(Step(**step) for step in row["trace"]),
        row={name: value for name, value in row.items() if name != "id"},
    )


def _rows(here: Tx, table: sa.Table) -> Iterator[list[dict[str, Any]]]:
    order = list(table.primary_key.columns)
    query = sa.select(table).order_by(*order).execution_options(yield_per=_CHUNK)
    for part in here.execute(query).mappings().partitions(_CHUNK):
        rows = [changed for row in part if (changed := _as_there(table, dict(row))) is not None]
        if rows:
            yield rows


def _as_there(table: sa.Table, row: dict[str, Any]) -> dict[str, Any] | None:
    """The row as the other store starts with it; None: it starts without."""
    if table is places.account:
        return {**row, "lease_owner": None, "lease_until": None}
    if table is places.calendar:
        anew = {"ctag": None, "sync_token": None, "compared_at": None}
        return {**row, **anew, "judged_as": ""}
    if table is places.veto:
        return None if row["level"] == Level.EVERYTHING else {**row, "by_rules": None}
    if table is places.ambiguity:
        return row if row["resolved_at"] is not None else None
    if table is exchanges.tombstone:
        return row if row["of_rule"] is None else None
    return row


def seed(store: Store, twin: Store) -> None:
    """Furnish the other store from a snapshot of this one, in one transaction each."""
    with store.read() as here, twin.write() as there:
        furnish(here, there)
