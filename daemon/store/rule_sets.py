"""The sets of rules files that were put in force, newest last: what a decision's fingerprint meant,
and what stays in force when the saved files can't."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.rows import new_id
from daemon.store.tables.installation import rule_set as table

KEPT = 50
"""How many are kept; edits come one at a time, and each may be megabytes."""

c = table.c


@dataclass(frozen=True, slots=True)
class KeptSet:
    """A set as it was put in force: names and texts of its files, in their order."""

    fingerprint: str
    files: tuple[tuple[str, str], ...]
    since: datetime


def put(tx: Tx, fingerprint: str, files: Sequence[tuple[str, str]], now: datetime) -> KeptSet:
    """Make this the newest; where it is that already, only its texts are renewed (comments may
    have changed), and it stays in force since then."""
    newest = last(tx)
    wanted = [[name, text] for name, text in files]
    if newest is not None and newest.fingerprint == fingerprint:
        if newest.files != tuple(files):
            this = c.id == sa.select(sa.func.max(c.id)).scalar_subquery()
            tx.execute(sa.update(table).where(this).values(files=wanted))
        return KeptSet(fingerprint, tuple(files), newest.since)
    made = new_id(tx, table, fingerprint=fingerprint, files=wanted, since=now)
    tx.execute(sa.delete(table).where(c.id.in_(_older(made))))
    return KeptSet(fingerprint, tuple(files), now)


def last(tx: Tx) -> KeptSet | None:
    """The one in force, or that was until the daemon stopped."""
    row = tx.execute(sa.select(table).order_by(c.id.desc()).limit(1)).first()
    return None if row is None else _kept(row)


def kept(tx: Tx) -> tuple[KeptSet, ...]:
    """All that are kept, in the order in which they came into force."""
    return tuple(map(_kept, tx.execute(sa.select(table).order_by(c.id))))


def of(tx: Tx, fingerprint: str) -> KeptSet | None:
    """The one that a decision names, if it is kept still."""
    query = sa.select(table).where(c.fingerprint == fingerprint).order_by(c.id.desc()).limit(1)
    row = tx.execute(query).first()
    return None if row is None else _kept(row)


def _older(made: int) -> sa.Select[tuple[int]]:
    kept = sa.select(c.id).order_by(c.id.desc()).limit(KEPT).subquery()
    return sa.select(c.id).where(c.id < made, c.id.not_in(sa.select(kept.c.id)))


def _kept(row: sa.Row[tuple[object, ...]]) -> KeptSet:
    return KeptSet(row.fingerprint, tuple((name, text) for name, text in row.files), row.since)
