"""References of exchanges: `EXC-12`, one row of numbers for all. Where an option says so, those of
an entity have a row of their own beside it: `EXC-MAIN-12`."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.rows import count, insert_new
from daemon.store.tables.installation import counter, option_change
from daemon.store.tables.people import entity as entity_table

OPTION = "own_references"
COUNTERS = "exchange:"
"""How the names of an entity's counters begin."""

_CODE = re.compile(r"[A-Z0-9]{1,20}")


def own(tx: Tx, entities: Sequence[int | None]) -> list[str | None]:
    """Of each new exchange, by its entity, the reference in that entity's own row; None where it
    has none. The counter of all exchanges is locked already."""
    wanted = {entity for entity in entities if entity is not None}
    labels = _labels(tx, wanted) if wanted else {}
    return [
        None if (label := labels.get(entity or 0)) is None else _next(tx, label)
        for entity in entities
    ]


def of(row: Any) -> str:
    """The reference of a row of `exchange`."""
    return str(row.own_ref or f"EXC-{row.number}")


def _next(tx: Tx, label: str) -> str:
    name = f"{COUNTERS}{label}"
    insert_new(tx, counter, [{"name": name, "value": 0}])
    return f"EXC-{label}-{count(tx, name)}"


def _labels(tx: Tx, entities: Iterable[int]) -> dict[int, str]:
    """Those of these entities that have a row of their own, with what it is called."""
    c = option_change.c
    told = sa.select(c.entity_id, c.value).where(c.key == OPTION, c.user_id.is_(None))
    chosen = {r.entity_id: r.value for r in tx.execute(told.order_by(c.id))}
    on = [e for e in entities if _is_on(chosen.get(e), chosen.get(None))]
    if not on:
        return {}
    e = entity_table.c
    rows = tx.execute(sa.select(e.id, e.code).where(e.id.in_(on)))
    return {r.id: _label(r.id, r.code) for r in rows}


def _is_on(here: object, everywhere: object) -> bool:
    # None: taken back, or never set.
    return bool(everywhere if here is None else here)


def _label(entity: int, code: str) -> str:
    """Its code; one that could not stand in a subject is replaced by its number."""
    upper = code.upper()
    return upper if _CODE.fullmatch(upper) else f"E{entity}"
