"""How much waits where: short questions that indexes answer, asked at every scrape of metrics."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.tables.follow_ups import calendar_copy, follow_up, ledger, post
from daemon.store.tables.places import hole, quarantine
from rules.model.followups import CopyState, LedgerState

_WAITING = (LedgerState.RETRY, LedgerState.UNKNOWN)
_IN_HAND = (LedgerState.CLAIMED, LedgerState.SENDING)
_OPEN = (LedgerState.DUE, *_WAITING, *_IN_HAND)


@dataclass(frozen=True, slots=True)
class Queues:
    """How many wait in each queue, and since when the oldest reminder should have left."""

    lengths: Mapping[str, int]
    reminder_due_since: datetime | None


def queues(tx: Tx, now: datetime) -> Queues:
    """What waits at this moment. Reminders that are due later are no queue."""
    due = sa.and_(ledger.c.state == LedgerState.DUE, ledger.c.at <= now)
    owed = sa.and_(calendar_copy.c.state == CopyState.PENDING, follow_up.c.live.is_(True))
    lengths = {
        "reminders": _count(tx, ledger, due),
        "reminders_again": _count(tx, ledger, ledger.c.state.in_(_WAITING)),
        "reminders_in_hand": _count(tx, ledger, ledger.c.state.in_(_IN_HAND)),
        "letters": _count(tx, post, post.c.state.in_(_OPEN)),
        "calendar_writes": _count(tx, calendar_copy.join(follow_up), owed),
        "quarantine": _count(tx, quarantine, quarantine.c.resolved_at.is_(None)),
        "holes": _count(tx, hole, sa.true()),
    }
    return Queues(lengths, due_since(tx, now))


def due_since(tx: Tx, now: datetime) -> datetime | None:
    """Since when the oldest reminder that was neither sent nor given up should have left."""
    found = (_oldest(tx, states) for states in ((LedgerState.DUE,), _WAITING, _IN_HAND))
    return min((at for at in found if at is not None and at <= now), default=None)


def _oldest(tx: Tx, states: Collection[LedgerState]) -> datetime | None:
    query = sa.select(sa.func.min(ledger.c.at)).where(ledger.c.state.in_(states))
    at: datetime | None = tx.execute(query).scalar()
    return at


def _count(tx: Tx, source: sa.FromClause, where: sa.ColumnElement[bool]) -> int:
    return int(tx.execute(sa.select(sa.func.count()).select_from(source).where(where)).scalar_one())
