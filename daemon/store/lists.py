"""The editable lists: modes, purposes, products (spec §9)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.errors import UnknownCode
from daemon.store.rows import inserting, replace_rows
from daemon.store.tables.installation import list_item, list_label


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of a list; `labels` by language. A retired one is not offered any more."""

    code: str
    labels: Mapping[str, str]
    retired_at: datetime | None = None
    position: int = field(default=0, compare=False)
    revision: int = field(default=1, compare=False)


def items(tx: Tx, name: str) -> tuple[Item, ...]:
    """The entries of "mode", "purpose" or "product", in their order."""
    labels: dict[int, dict[str, str]] = {}
    for row in tx.execute(sa.select(list_label).join(list_item).where(list_item.c.list == name)):
        labels.setdefault(row.item_id, {})[row.language] = row.label
    rows = tx.execute(
        sa.select(list_item)
        .where(list_item.c.list == name)
        .order_by(list_item.c.position, list_item.c.id)
    )
    return tuple(
        Item(r.code, labels.get(r.id, {}), r.retired_at, r.position, r.revision) for r in rows
    )


def named(tx: Tx, name: str, language: str) -> dict[str, str]:
    """The entries of a list as a language calls them, by code; retired ones too."""
    return {one.code: one.labels.get(language, one.code) for one in items(tx, name)}


def put(
    tx: Tx,
    name: str,
    code: str,
    labels: Mapping[str, str],
    position: int = 0,
    retired_at: datetime | None = None,
) -> None:
    """Make an entry known exactly so; idempotent by list and code."""
    facts = {"position": position, "retired_at": retired_at}
    bump = {**facts, "revision": list_item.c.revision + 1}
    statement = (
        inserting(tx, list_item)
        .values(list=name, code=code, revision=1, **facts)
        .on_conflict_do_update(index_elements=["list", "code"], set_=bump)
    )
    item = tx.execute(statement.returning(list_item.c.id)).scalar_one()
    rows = [{"item_id": item, "language": k, "label": v} for k, v in labels.items()]
    replace_rows(tx, list_label.c.item_id == item, list_label, rows)


def item_id(tx: Tx, name: str, code: str) -> int:
    """The row of a code. Raises UnknownCode; retired ones are found."""
    known = sa.and_(list_item.c.list == name, list_item.c.code == code)
    found: int | None = tx.execute(sa.select(list_item.c.id).where(known)).scalar()
    if found is None:
        raise UnknownCode(f"there is no {name} {code!r}: add it to the list first")
    return found
