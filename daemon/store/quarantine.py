"""Quarantine: what can't be read or stored, by place and reason, asked for again later."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from daemon.store import spots
from daemon.store.database import Tx
from daemon.store.rows import inserting
from daemon.store.tables.places import account, folder, hole
from daemon.store.tables.places import quarantine as table
from rules.model.sightings import AccountId, EventPlace, FolderId, MailPlace

c = table.c

FIRST_WAIT = timedelta(minutes=15)
LONGEST_WAIT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing in quarantine: where it is, why, and how often it was tried."""

    id: int
    place: str
    spot: spots.Spot
    reason: str
    at: datetime
    attempts: int
    next_try: datetime
    resolved_at: datetime | None = None


def put(
    tx: Tx,
    account: AccountId,
    place: MailPlace | EventPlace,
    reason: str,
    now: datetime,
    *,
    key_hash: str | None = None,
) -> None:
    """It can't be read or stored: identity and reason, never content. Each time it waits longer.

    `key_hash` is the keyed hash of its Message-ID or UID, where that much could be read.
    """
    where = spots.at(account, place)
    values = spots.columns(where)
    same = sa.and_(*(c[name] == values[name] for name in spots.unique(where)))
    known = tx.execute(sa.select(c.attempts).where(same)).scalar() or 0
    wait = min(FIRST_WAIT * 2 ** min(known, 10), LONGEST_WAIT)
    facts: dict[str, Any] = {
        "reason": reason,
        "attempts": known + 1,
        "last_at": now,
        "next_try_at": now + wait,
        "resolved_at": None,
        "place_name": spots.named(place),
    }
    if key_hash is not None:
        facts["key_hash"] = key_hash
    statement = inserting(tx, table).values(**values, first_at=now, **facts)
    tx.execute(statement.on_conflict_do_update(index_elements=spots.unique(where), set_=facts))


def due(tx: Tx, account: AccountId, in_folder: FolderId, now: datetime) -> tuple[int, ...]:
    """The UIDs of a folder that are to be asked for again: quarantined ones whose time has come,
    and those that the server did not answer for; of its present UIDVALIDITY."""
    present = sa.select(folder.c.uidvalidity).where(
        folder.c.id == in_folder, folder.c.account_id == account
    )
    waiting = sa.select(c.uid).where(
        c.folder_id == in_folder,
        c.uidvalidity == present.scalar_subquery(),
        c.resolved_at.is_(None),
        c.next_try_at <= now,
    )
    owed = sa.select(hole.c.uid).where(
        hole.c.folder_id == in_folder,
        hole.c.uidvalidity == present.scalar_subquery(),
        hole.c.last_at <= now - FIRST_WAIT,
    )
    return tuple(sorted(uid for uid in tx.execute(waiting.union(owed)).scalars()))


def settle(tx: Tx, in_folder: FolderId, uidvalidity: int, lo: int, hi: int, now: datetime) -> None:
    """UIDs `lo`…`hi` were asked for at `now`: what was not put in quarantine or noted as a hole
    at that very moment is well, or gone. Belongs in the transaction that judges the range."""
    this = sa.and_(
        c.folder_id == in_folder,
        c.uidvalidity == uidvalidity,
        c.uid.between(lo, hi),
        c.last_at < now,
        c.resolved_at.is_(None),
    )
    tx.execute(sa.update(table).where(this).values(resolved_at=now))
    filled = sa.and_(
        hole.c.folder_id == in_folder,
        hole.c.uidvalidity == uidvalidity,
        hole.c.uid.between(lo, hi),
        hole.c.last_at < now,
    )
    tx.execute(sa.delete(hole).where(filled))


def resolve(tx: Tx, item: int, now: datetime) -> None:
    """A person says that it is well, or needs no more tries."""
    tx.execute(sa.update(table).where(c.id == item).values(resolved_at=now))


def settle_event(tx: Tx, place: EventPlace, now: datetime) -> None:
    """An object of a calendar was read."""
    this = sa.and_(c.calendar_id == place.calendar, c.href == place.href, c.resolved_at.is_(None))
    tx.execute(sa.update(table).where(this).values(resolved_at=now))


def items(tx: Tx) -> tuple[Item, ...]:
    """All that is in quarantine now, oldest first."""
    return _items(tx, c.resolved_at.is_(None))


def explain(tx: Tx, key_hashes: Iterable[str]) -> tuple[Item, ...]:
    """What is, or was, in quarantine of a message or event."""
    return _items(tx, c.key_hash.in_(list(key_hashes)))


def _items(tx: Tx, which: sa.ColumnElement[bool]) -> tuple[Item, ...]:
    query = (
        sa.select(table, account.c.name.label("account_name"))
        .outerjoin(account, account.c.id == c.account_id)
        .where(which)
        .order_by(c.id)
    )
    return tuple(
        Item(
            id=r.id,
            place=spots.place_of(r),
            spot=spots.read(r),
            reason=r.reason,
            at=r.last_at,
            attempts=r.attempts,
            next_try=r.next_try_at,
            resolved_at=r.resolved_at,
        )
        for r in tx.execute(query)
    )
