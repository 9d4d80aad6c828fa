"""Whether there is anything to send: asked at every tick, and answered by one statement."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.tables.follow_ups import follow_up, ledger, post
from rules.model.followups import LedgerState

_FRESH = (LedgerState.DUE,)
_WAITING = (LedgerState.RETRY, LedgerState.UNKNOWN)
_LEFT = (LedgerState.CLAIMED, LedgerState.SENDING)


@dataclass(frozen=True, slots=True)
class ToDo:
    """`waits`: something is to be planned, sent or told now. `next_at`: when the next reminder
    that was never tried falls due."""

    waits: bool
    next_at: datetime | None


def todo(tx: Tx, now: datetime) -> ToDo:
    """What there is to do for reminders and letters at this moment."""
    changed, untold, *times = tx.execute(_QUERY).one()
    waits = changed or untold or any(time is not None and time <= now for time in times)
    return ToDo(bool(waits), times[0])


def _first(column: sa.Column[datetime], *states: LedgerState) -> sa.ScalarSelect[datetime]:
    # Spelled out: a partial index is not found by a parameter.
    values = [state.value for state in states]
    stands = column.table.c.state.in_(
        sa.bindparam(None, values, expanding=True, literal_execute=True)
    )
    return sa.select(sa.func.min(column)).where(stands).scalar_subquery()


_f, _l, _p = follow_up.c, ledger.c, post.c
_QUERY = sa.select(
    # In the order of its index: asked whether there is any, PostgreSQL takes every third row for
    # one, and reads the whole table.
    sa.select(_f.start_at)
    .where(_f.planned_revision < _f.revision, _f.live.is_(True))
    .order_by(_f.start_at, _f.id)
    .limit(1)
    .scalar_subquery(),
    sa.exists().where(_l.state == sa.literal("failed", literal_execute=True), _l.told_at.is_(None)),
    _first(_l.at, *_FRESH),
    _first(_l.next_try_at, *_WAITING),
    _first(_l.claimed_until, *_LEFT),
    _first(_p.next_try_at, *_FRESH, *_WAITING),
    _first(_p.claimed_until, *_LEFT),
)
