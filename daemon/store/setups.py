"""Accounts that were set up in suivi, beside those of the configuration file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.rows import count, counted, new_id
from daemon.store.tables.places import account_setup as table

c = table.c

_VERSION = "account_setups"


@dataclass(frozen=True, slots=True)
class Setup:
    """One account: "mail" or "calendar", its options by their names in the file, without the
    password, and that as `daemon.config.vault` seals it."""

    id: int
    kind: str
    name: str
    options: Mapping[str, Any]
    sealed: str = field(repr=False)
    revision: int = 1


def version(tx: Tx) -> int:
    """Moves with every change."""
    return counted(tx, _VERSION)


def setups(tx: Tx) -> tuple[Setup, ...]:
    """Every account, by kind and name."""
    return tuple(map(_setup, tx.execute(sa.select(table).order_by(c.kind, c.name))))


def get(tx: Tx, number: int) -> Setup | None:
    """One account."""
    row = tx.execute(sa.select(table).where(c.id == number)).first()
    return None if row is None else _setup(row)


def add(tx: Tx, setup: Setup) -> Setup:
    """A new account. Raises Unstorable where one of its kind is called so."""
    values = {"kind": setup.kind, "name": setup.name, "options": dict(setup.options)}
    number = new_id(tx, table, **values, sealed=setup.sealed, revision=1)
    count(tx, _VERSION)
    return Setup(number, setup.kind, setup.name, setup.options, setup.sealed)


def change(tx: Tx, setup: Setup) -> None:
    """Make a stored one this value; kind and name stay."""
    values = {"options": dict(setup.options), "sealed": setup.sealed}
    this = sa.update(table).where(c.id == setup.id)
    tx.execute(this.values(**values, revision=c.revision + 1))
    count(tx, _VERSION)


def drop(tx: Tx, number: int) -> None:
    """It is not watched any more; what was seen in it stays."""
    tx.execute(sa.delete(table).where(c.id == number))
    count(tx, _VERSION)


def _setup(row: Any) -> Setup:
    return Setup(row.id, row.kind, row.name, row.options, row.sealed, row.revision)
