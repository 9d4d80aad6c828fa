"""The audit trail: who did what to what, appended and never changed (schema 13)."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.tables.installation import audit as table


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the trail; `subject` names a thing, `EXC-12`, never its content."""

    at: datetime
    who: str
    action: str
    subject: str


def note(tx: Tx, who: str, action: str, subject: str, now: datetime) -> None:
    """Append one line."""
    tx.execute(sa.insert(table).values(at=now, who=who, action=action, subject=subject))


def of(tx: Tx, subject: str) -> tuple[Entry, ...]:
    """What was done to one subject, oldest first."""
    rows = tx.execute(sa.select(table).where(table.c.subject == subject).order_by(table.c.id))
    return tuple(Entry(r.at, r.who, r.action, r.subject) for r in rows)
