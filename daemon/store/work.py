"""Work between siblings: what one arrow leaves for another, or for later (schema 7)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.rows import inserting
from daemon.store.tables.installation import work as table

c = table.c


@dataclass(frozen=True, slots=True)
class Work:
    """One thing to do; `version` moves when it is asked for again while it is being done."""

    id: int
    kind: str
    key: str
    run_at: datetime
    attempts: int
    version: int


def put(tx: Tx, kind: str, key: str, run_at: datetime) -> None:
    """Ask for it, at a time; asked again, the newest time counts."""
    statement = inserting(tx, table).values(
        kind=kind, key=key, run_at=run_at, attempts=0, version=1
    )
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=["kind", "key"],
            set_={"run_at": run_at, "attempts": 0, "version": c.version + 1},
        )
    )


def due(tx: Tx, kind: str, now: datetime) -> tuple[Work, ...]:
    """What of a kind is to be done by now, untaken or not; for an owner who has a lease anyway."""
    query = sa.select(table).where(c.kind == kind, c.run_at <= now).order_by(c.run_at, c.id)
    return tuple(map(_work, tx.execute(query)))


def of_kind(tx: Tx, kind: str) -> tuple[Work, ...]:
    """All of a kind, whenever it is to be done."""
    return tuple(map(_work, tx.execute(sa.select(table).where(c.kind == kind).order_by(c.id))))


def kinds_due(tx: Tx, prefix: str, now: datetime) -> frozenset[str]:
    """The kinds that begin like this of which something is to be done by now."""
    # In the order of the index, in which what begins alike lies together.
    after = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    among = sa.and_(c.kind >= prefix, c.kind < after, c.run_at <= now)
    return frozenset(tx.execute(sa.select(c.kind).where(among).distinct()).scalars())


def take(
    tx: Tx, kind: str, now: datetime, owner: str, until: datetime, limit: int
) -> tuple[Work, ...]:
    """Take what is to be done now; nobody else gets it before `until`."""
    free = sa.or_(c.claimed_until.is_(None), c.claimed_until <= now)
    chosen = (
        sa.select(c.id)
        .where(c.kind == kind, c.run_at <= now, free)
        .order_by(c.run_at, c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("chosen")
    )
    rows = tx.execute(
        sa.update(table)
        .where(c.id.in_(sa.select(chosen.c.id)))
        .values(claimed_by=owner, claimed_until=until, attempts=c.attempts + 1)
        .returning(table)
    )
    return tuple(sorted(map(_work, rows), key=lambda w: (w.run_at, w.id)))


def done(tx: Tx, work: Work) -> None:
    """It is done; if it was asked for again meanwhile, it is to be done again."""
    same = sa.and_(c.id == work.id, c.version == work.version)
    if not tx.execute(sa.delete(table).where(same)).rowcount:
        _let_go(tx, work)


def later(tx: Tx, work: Work, at: datetime) -> None:
    """Not yet: try again at `at`, unless it was asked for anew."""
    same = sa.and_(c.id == work.id, c.version == work.version)
    tx.execute(sa.update(table).where(same).values(run_at=at))
    _let_go(tx, work)


def clear(tx: Tx, kind: str, key: str) -> None:
    """It need not be done any more."""
    tx.execute(sa.delete(table).where(c.kind == kind, c.key == key))


def _let_go(tx: Tx, work: Work) -> None:
    tx.execute(sa.update(table).where(c.id == work.id).values(claimed_by=None, claimed_until=None))


def _work(r: Any) -> Work:
    return Work(r.id, r.kind, r.key, r.run_at, r.attempts, r.version)
