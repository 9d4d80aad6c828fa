"""Accounts: which mailboxes and calendars are watched, how they fare, and who works on them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.errors import LeaseLost
from daemon.store.rows import inserting
from daemon.store.tables.columns import Moment
from daemon.store.tables.places import account as table
from rules.model.people import Level, UserId
from rules.model.sightings import AccountId


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on one account for so long; `epoch` fences every commit (schema 7)."""

    account: AccountId
    owner: str
    epoch: int
    ttl: timedelta


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """How an account fares. `kind` is "mail" or "calendar", `owner` None for a shared one."""

    id: AccountId
    kind: str
    name: str
    host: str
    owner: UserId | None
    level: Level
    last_ok_at: datetime | None = None
    next_try_at: datetime | None = None
    failing_since: datetime | None = None
    failures: int = 0
    last_error: str = ""
    leased_by: str | None = None
    leased_until: datetime | None = None
    retired_at: datetime | None = None
    created_at: datetime | None = None


def declare(
    tx: Tx,
    kind: str,
    name: str,
    host: str,
    owner: UserId | None,
    level: Level,
    now: datetime,
) -> AccountId:
    """Make an account known exactly so; idempotent by kind and name."""
    facts = {"host": host, "owner_id": owner, "level": int(level), "retired_at": None}
    statement = (
        inserting(tx, table)
        .values(
            kind=kind,
            name=name,
            **facts,
            created_at=now,
            lease_epoch=0,
            failures=0,
            last_error="",
        )
        .on_conflict_do_update(index_elements=["kind", "name"], set_=facts)
    )
    return AccountId(tx.execute(statement.returning(table.c.id)).scalar_one())


def retire(tx: Tx, account: AccountId, now: datetime) -> None:
    """It is watched no longer; what was seen in it stays."""
    tx.execute(sa.update(table).where(table.c.id == account).values(retired_at=now))


def lease(tx: Tx, account: AccountId, owner: str, now: datetime, ttl: timedelta) -> Lease | None:
    """Take an account, if nobody holds it; `owner` names a process and tells nothing else.

    The same owner gets it twice no more than two do: its threads share no account.
    """
    free = sa.or_(table.c.lease_until.is_(None), table.c.lease_until <= now)
    epoch = tx.execute(
        sa.update(table)
        .where(table.c.id == account, table.c.retired_at.is_(None), free)
        .values(lease_owner=owner, lease_epoch=table.c.lease_epoch + 1, lease_until=now + ttl)
        .returning(table.c.lease_epoch)
    ).scalar()
    return None if epoch is None else Lease(account, owner, epoch, ttl)


def fence(tx: Tx, held: Lease, now: datetime | None = None) -> None:
    """Raises LeaseLost unless the lease is still ours; nobody can take it before the commit.

    An expired one that nobody took still counts: the epoch decides, not the clock. Told the time,
    it lasts anew from then on, as long as it was taken for.
    """
    row = tx.execute(
        sa.select(table.c.lease_epoch, table.c.lease_until)
        .where(table.c.id == held.account)
        .with_for_update(key_share=True)
    ).first()
    if row is None or row.lease_epoch != held.epoch or row.lease_until is None:
        raise LeaseLost(f"account {held.account} is no longer held by {held.owner}")
    if now is not None:
        until = now + held.ttl
        tx.execute(sa.update(table).where(table.c.id == held.account).values(lease_until=until))


def holder(tx: Tx, now: datetime) -> str | None:
    """Who is at work on an account at this moment, if anybody."""
    query = sa.select(table.c.lease_owner).where(table.c.lease_until > now).limit(1)
    return tx.execute(query).scalar()


def release(tx: Tx, held: Lease) -> None:
    """Give it back; nothing happens when it was lost already."""
    mine = sa.and_(table.c.id == held.account, table.c.lease_epoch == held.epoch)
    tx.execute(sa.update(table).where(mine).values(lease_owner=None, lease_until=None))


def note_ok(tx: Tx, account: AccountId, now: datetime, *, but: str = "") -> None:
    """Everything of it could be read; or all but what is in trouble, for which it does not rest."""
    since = sa.func.coalesce(table.c.failing_since, sa.bindparam("now", now, Moment))
    tx.execute(
        sa.update(table)
        .where(table.c.id == account)
        .values(
            last_ok_at=now,
            next_try_at=None,
            failing_since=since if but else None,
            failures=0,
            last_error=but,
        )
    )


def note_trouble(
    tx: Tx, account: AccountId, error: str, now: datetime, next_try: datetime | None
) -> None:
    """It could not be read; `next_try` None waits for an admin."""
    since = sa.func.coalesce(table.c.failing_since, sa.bindparam("now", now, Moment))
    tx.execute(
        sa.update(table)
        .where(table.c.id == account)
        .values(
            next_try_at=next_try,
            failing_since=since,
            failures=table.c.failures + 1,
            last_error=error,
        )
    )


def try_now(tx: Tx, kind: str, name: str) -> None:
    """An account in trouble, if it is one, does not rest any longer: something was mended."""
    this = sa.and_(table.c.kind == kind, table.c.name == name)
    tx.execute(sa.update(table).where(this).values(next_try_at=None))


def names(tx: Tx) -> Mapping[AccountId, str]:
    """What each account is called in the configuration."""
    row = table.c
    return {AccountId(r.id): r.name for r in tx.execute(sa.select(row.id, row.name))}


def statuses(tx: Tx) -> tuple[AccountStatus, ...]:
    """Every account, retired ones too, by kind and name."""
    rows = tx.execute(sa.select(table).order_by(table.c.kind, table.c.name))
    return tuple(
        AccountStatus(
            id=AccountId(r.id),
            kind=r.kind,
            name=r.name,
            host=r.host,
            owner=None if r.owner_id is None else UserId(r.owner_id),
            level=Level(r.level),
            last_ok_at=r.last_ok_at,
            next_try_at=r.next_try_at,
            failing_since=r.failing_since,
            failures=r.failures,
            last_error=r.last_error,
            leased_by=r.lease_owner,
            leased_until=r.lease_until,
            retired_at=r.retired_at,
            created_at=r.created_at,
        )
        for r in rows
    )


def watched(tx: Tx) -> tuple[AccountStatus, ...]:
    """The accounts of the configuration in force, by kind and name."""
    return tuple(status for status in statuses(tx) if status.retired_at is None)
