"""The installation: since when it is live, and whether it only observes (schema 12)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from daemon.store import audit
from daemon.store.database import Tx
from daemon.store.errors import StoreError
from daemon.store.rows import insert_new
from daemon.store.tables import follow_ups
from daemon.store.tables.columns import Moment
from daemon.store.tables.installation import installation as table
from rules.model.followups import State


@dataclass(frozen=True, slots=True)
class Installation:
    """`live_since` is None while observing; `observing_until` is a hint for the report, nothing
    goes live by itself. `held`: a restored backup, whose sends and pushes wait for a release."""

    epoch: int
    live_since: datetime | None
    observing_until: datetime | None
    held: bool = False

    @property
    def observing(self) -> bool:
        """Nothing may be recorded, written or sent yet."""
        return self.live_since is None


def ensure(tx: Tx, now: datetime, observe: timedelta | None) -> Installation:
    """Make the installation known at its first start; later calls change nothing.

    `observe` is how long it intends to observe first; None goes live at once.
    """
    row = {
        "id": 1,
        "epoch": 1,
        "created_at": now,
        "live_since": None if observe is not None else now,
        "observing_until": now + observe if observe is not None else None,
        "held": False,
    }
    insert_new(tx, table, [row])
    return get(tx)


def get(tx: Tx) -> Installation:
    """How it stands. Raises StoreError before the first `ensure`."""
    found = find(tx)
    if found is None:
        raise StoreError("this database has never been started: run suivi run or suivi sync")
    return found


def find(tx: Tx) -> Installation | None:
    """How it stands; None before the first `ensure`."""
    row = tx.execute(sa.select(table)).first()
    if row is None:
        return None
    return Installation(row.epoch, row.live_since, row.observing_until, row.held)


def created_at(tx: Tx) -> datetime:
    """When it was started for the first time. Raises StoreError before that."""
    at: datetime | None = tx.execute(sa.select(table.c.created_at)).scalar()
    if at is None:
        raise StoreError("this database has never been started: run suivi run or suivi sync")
    return at


def hold(tx: Tx, now: datetime) -> Installation:
    """A backup was restored: a new epoch begins, sends and pushes wait until released."""
    tx.execute(sa.update(table).values(epoch=table.c.epoch + 1, held=True))
    audit.note(tx, "suivi", "hold", "installation", now)
    return get(tx)


def release(tx: Tx, now: datetime) -> Installation:
    """Go live, or go on after a restore; the first day stays the first.

    Open follow-ups that lie ahead become live, and are planned anew.
    """
    first = sa.func.coalesce(table.c.live_since, sa.bindparam("now", now, Moment))
    tx.execute(sa.update(table).values(live_since=first, held=False, observing_until=None))
    row = follow_ups.follow_up
    tx.execute(
        sa.update(row)
        .where(row.c.state == State.TO_DO, row.c.live.is_(False), row.c.start_at > now)
        .values(live=True, planned_revision=0)
    )
    audit.note(tx, "suivi", "release", "installation", now)
    return get(tx)
