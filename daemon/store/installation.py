"""The installation: since when it is live, and whether it only observes (schema 12)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from daemon.store import audit
from daemon.store.database import Tx
from daemon.store.errors import StoreError, Unfit
from daemon.store.rows import insert_new
from daemon.store.tables import follow_ups
from daemon.store.tables.columns import Moment
from daemon.store.tables.installation import counter
from daemon.store.tables.installation import installation as table
from daemon.store.tables.logins import invitation, session
from daemon.store.tables.places import account
from rules.model.followups import State

GAP = 100_000
"""More exchanges, or follow-ups, than are lost between a backup and its restore."""


@dataclass(frozen=True, slots=True)
class Installation:
    """`live_since` is None while observing; `observing_until` is a hint for the report, nothing
    goes live by itself. `held`: a restored backup, whose sends and pushes wait for a release.
    `restored_at` and `released_at` are of the last restore; what was due before the first may have
    been sent by what was lost."""

    epoch: int
    live_since: datetime | None
    observing_until: datetime | None
    held: bool = False
    restored_at: datetime | None = None
    released_at: datetime | None = None

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
    state = get(tx)
    if state.held and state.restored_at is None:
        # The restore was killed when the backup was in place, and nothing else.
        hold(tx, now)
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
    return Installation(
        row.epoch,
        row.live_since,
        row.observing_until,
        row.held,
        row.restored_at,
        row.released_at,
    )


def created_at(tx: Tx) -> datetime:
    """When it was started for the first time. Raises StoreError before that."""
    at: datetime | None = tx.execute(sa.select(table.c.created_at)).scalar()
    if at is None:
        raise StoreError("this database has never been started: run suivi run or suivi sync")
    return at


def hold(tx: Tx, now: datetime) -> None:
    """A backup was restored: a new epoch begins, sends and pushes wait until released.

    What was lost has handed out numbers since the backup, by which mails, links and people name
    things: none of these is handed out again.
    """
    held = {"epoch": table.c.epoch + 1, "held": True, "restored_at": now, "released_at": None}
    tx.execute(sa.update(table).values(**held))
    tx.execute(
        sa.update(counter)
        .where(sa.or_(counter.c.name == "exchange", counter.c.name.startswith("exchange:")))
        .values(value=(counter.c.value // GAP + 1) * GAP)
    )
    for name in ("exchange", "follow_up", "staff"):
        _skip(tx, name)
    # Nobody is at work on it: what was lost is gone.
    free = {"lease_owner": None, "lease_until": None}
    tx.execute(sa.update(account).values(lease_epoch=account.c.lease_epoch + 1, **free))
    # Whoever was shut out since the backup was made must not be let in again by it.
    tx.execute(sa.delete(session))
    tx.execute(sa.delete(invitation))
    audit.note(tx, "suivi", "hold", "installation", now)


def _skip(tx: Tx, name: str) -> None:
    """The next row of this table gets a number of the next hundred thousand."""
    last = tx.execute(sa.text(f"SELECT coalesce(max(id), 0) FROM {name}")).scalar_one()  # noqa: S608
    if tx.dialect.name == "sqlite":
        known = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = :name"
        last = max(last, tx.execute(sa.text(known), {"name": name}).scalar_one())
        row = {"name": name, "seq": (last // GAP + 1) * GAP}
        tx.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = :name"), row)
        tx.execute(sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)"), row)
        return
    sequence = sa.func.pg_get_serial_sequence(name, "id")
    last = max(last, tx.execute(sa.select(sa.func.nextval(sequence))).scalar_one())
    tx.execute(sa.select(sa.func.setval(sequence, (last // GAP + 1) * GAP)))


def recognise(tx: Tx, mark: str) -> None:
    """The key of which this is the mark is the installation's. Raises Unfit when the
    database belongs to another one: vetoes and links of before would not be recognised."""
    known = tx.execute(sa.select(table.c.key_mark)).scalar_one()
    if known is None:
        tx.execute(sa.update(table).values(key_mark=mark))
    elif known != mark:
        raise Unfit(
            "this database belongs to an installation with another key: put its master-key back;"
            " if it is lost, `suivi restore --other-key` or `suivi db other-key`"
        )


def forget_key(tx: Tx, now: datetime) -> None:
    """The key is lost: the next one that comes is the installation's."""
    tx.execute(sa.update(table).values(key_mark=None))
    audit.note(tx, "suivi", "forget the key", "installation", now)


def release(tx: Tx, now: datetime) -> Installation:
    """Go live, or go on after a restore; the first day stays the first.

    Open follow-ups that lie ahead become live, and are planned anew.
    """
    first = sa.func.coalesce(table.c.live_since, sa.bindparam("now", now, Moment))
    released = sa.case((table.c.held, sa.bindparam("now", now, Moment)), else_=table.c.released_at)
    values = {"live_since": first, "observing_until": None, "released_at": released}
    tx.execute(sa.update(table).values(**values, held=False))
    row = follow_ups.follow_up
    tx.execute(
        sa.update(row)
        .where(row.c.state == State.TO_DO, row.c.live.is_(False), row.c.start_at > now)
        .values(live=True, planned_revision=0)
    )
    audit.note(tx, "suivi", "release", "installation", now)
    return get(tx)
