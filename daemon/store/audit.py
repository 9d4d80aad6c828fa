"""The audit trail: who did what to what, appended and never changed (schema 13); triggers refuse
all else."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.tables.installation import audit as table

c = table.c


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the trail; `subject` names a thing, `EXC-12`, never its content."""

    at: datetime
    who: str
    action: str
    subject: str
    id: int = 0


def note(tx: Tx, who: str, action: str, subject: str, now: datetime) -> None:
    """Append one line. Whoever may read the trail reads it: neither part tells what a thing
    says."""
    tx.execute(sa.insert(table).values(at=now, who=who, action=action, subject=subject))


def of(tx: Tx, subject: str) -> tuple[Entry, ...]:
    """What was done to one subject, oldest first."""
    rows = tx.execute(sa.select(table).where(c.subject == subject).order_by(c.id))
    return tuple(map(_entry, rows))


def entries(
    tx: Tx,
    *,
    who: str | None = None,
    action: str | None = None,
    subject: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    limit: int = 100,
) -> tuple[Entry, ...]:
    """Lines of the trail, the newest first; `action` by its beginning, "read" finds "read
    confidential". `before` is the id of the last one of the page before."""
    query = sa.select(table).order_by(c.id.desc()).limit(limit)
    if who is not None:
        query = query.where(c.who == who)
    if action is not None:
        query = query.where(c.action.startswith(action, autoescape=True))
    if subject is not None:
        query = query.where(c.subject == subject)
    if since is not None:
        query = query.where(c.at >= since)
    if until is not None:
        query = query.where(c.at < until)
    if before is not None:
        query = query.where(c.id < before)
    return tuple(map(_entry, tx.execute(query)))


def _entry(r: sa.Row[tuple[object, ...]]) -> Entry:
    return Entry(r.at, r.who, r.action, r.subject, r.id)
