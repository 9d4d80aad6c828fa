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
    """One thing in quarantine: where it is, at which step it went there, why, and how often it was
    tried, from `since` to `at`. `place` names account and folder or calendar; `dropped` says why a
    person wants it tried no more."""

    id: int
    account: str
    place: str
    spot: spots.Spot
    step: str
    reason: str
    since: datetime
    at: datetime
    attempts: int
    next_try: datetime
    resolved_at: datetime | None = None
    dropped: str | None = None


def put(
    tx: Tx,
    account: AccountId,
    place: MailPlace | EventPlace,
    reason: str,
    now: datetime,
    *,
    key_hash: str | None = None,
    step: str = "",
) -> datetime:
    """It can't be read or stored: identity and reason, never content. Each time it waits longer;
    one that was dropped stays so.

    `key_hash` is the keyed hash of its Message-ID or UID, where that much could be read; `step`
    is where it went wrong. Returns when it is tried again.
    """
    where = spots.at(account, place)
    values = spots.columns(where)
    same = sa.and_(*(c[name] == values[name] for name in spots.unique(where)))
    known = tx.execute(sa.select(c.attempts).where(same)).scalar() or 0
    wait = min(FIRST_WAIT * 2 ** min(known, 10), LONGEST_WAIT)
    facts: dict[str, Any] = {
        "reason": reason,
        "step": step or None,
        "attempts": known + 1,
        "last_at": now,
        "next_try_at": now + wait,
        "resolved_at": sa.case((c.dropped.is_not(None), c.resolved_at), else_=None),
        "place_name": spots.named(place),
    }
    if key_hash is not None:
        facts["key_hash"] = key_hash
    statement = inserting(tx, table).values(
        {**values, **facts, "first_at": now, "resolved_at": None}
    )
    tx.execute(statement.on_conflict_do_update(index_elements=spots.unique(where), set_=facts))
    again: datetime = now + wait
    return again


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


def drop(tx: Tx, item: int, why: str, now: datetime) -> None:
    """A person wants it tried no more, and says why: so its absence stays explained."""
    tx.execute(sa.update(table).where(c.id == item).values(resolved_at=now, dropped=why))


def again(tx: Tx, item: int, now: datetime) -> None:
    """A message is to be tried at the next sync, also if it was dropped."""
    facts = {"next_try_at": now, "resolved_at": None, "dropped": None}
    tx.execute(sa.update(table).where(c.id == item).values(**facts))


def settle_event(tx: Tx, place: EventPlace, now: datetime) -> None:
    """An object of a calendar was read."""
    this = sa.and_(c.calendar_id == place.calendar, c.href == place.href, c.resolved_at.is_(None))
    tx.execute(sa.update(table).where(this).values(resolved_at=now))


def items(tx: Tx) -> tuple[Item, ...]:
    """All that is in quarantine now, oldest first."""
    return _items(tx, c.resolved_at.is_(None))


def get(tx: Tx, item: int) -> Item | None:
    """One that is in quarantine, or was dropped; None also for what is well by now."""
    found = _items(tx, sa.and_(c.id == item, _is_open_or_dropped()))
    return found[0] if found else None


def among(tx: Tx, in_folder: FolderId, uidvalidity: int, lo: int, hi: int) -> dict[int, Item]:
    """What of UIDs lo…hi is in quarantine, or was dropped."""
    here = sa.and_(c.folder_id == in_folder, c.uidvalidity == uidvalidity, c.uid.between(lo, hi))
    found = _items(tx, sa.and_(here, _is_open_or_dropped()))
    return {item.spot.uid: item for item in found if item.spot.uid is not None}


def _is_open_or_dropped() -> sa.ColumnElement[bool]:
    return sa.or_(c.resolved_at.is_(None), c.dropped.is_not(None))


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
            account=r.account_name or f"account {r.account_id}",
            place=spots.place_of(r),
            spot=spots.read(r),
            step=r.step or "",
            reason=r.reason,
            since=r.first_at,
            at=r.last_at,
            attempts=r.attempts,
            next_try=r.next_try_at,
            resolved_at=r.resolved_at,
            dropped=r.dropped,
        )
        for r in tx.execute(query)
    )
