"""Decisions: what was done with each sighting, and why, appended as data (schema 6)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from daemon.store import spots
from daemon.store.database import Tx
from daemon.store.tables.places import account
from daemon.store.tables.places import decision as table
from rules.model.decisions import Decision, Reason, Step, Verdict
from rules.model.exchanges import ExchangeId
from rules.model.people import Level
from rules.model.sightings import Sighting

c = table.c


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision as it was made; `place` names account and folder or calendar."""

    at: datetime
    place: str
    spot: spots.Spot
    exchange: ExchangeId | None
    verdict: Verdict
    reason: Reason
    level: Level
    rules: str
    trace: tuple[Step, ...]


def append(
    tx: Tx,
    sighting: Sighting,
    decision: Decision,
    exchange: ExchangeId | None,
    key_hash: str,
    now: datetime,
) -> None:
    """Write it down. `key_hash` is keyed (spec §12); the trace holds no address of a stranger."""
    append_all(tx, [Entry(sighting, decision, exchange, key_hash)], now)


@dataclass(frozen=True, slots=True)
class Entry:
    """A decision to be written down; see `append`."""

    sighting: Sighting
    decision: Decision
    exchange: ExchangeId | None
    key_hash: str


def append_all(tx: Tx, entries: Iterable[Entry], now: datetime) -> None:
    """Write down the decisions of a batch: one statement for all of them."""
    rows = [_row(entry, now) for entry in entries]
    if rows:
        tx.execute(sa.insert(table), rows)


def _row(entry: Entry, now: datetime) -> dict[str, Any]:
    sighting, decision = entry.sighting, entry.decision
    return {
        **spots.columns(spots.spot(sighting)),
        "place_name": spots.named(sighting.place),
        "at": now,
        "key_hash": entry.key_hash,
        "exchange_id": entry.exchange,
        "verdict": decision.verdict,
        "reason": decision.reason,
        "level": int(decision.level),
        "rules": decision.rules,
        "trace": [
            {"question": s.question, "answer": s.answer, "evidence": s.evidence}
            for s in decision.trace
        ],
    }


def explain(
    tx: Tx, key_hashes: Iterable[str] = (), exchange: ExchangeId | None = None
) -> tuple[Decided, ...]:
    """What was decided about a message or event, or about the copies of an exchange; oldest
    first."""
    which: sa.ColumnElement[bool] = c.key_hash.in_(list(key_hashes))
    if exchange is not None:
        which = sa.or_(which, c.exchange_id == exchange)
    query = (
        sa.select(table, account.c.name.label("account_name"))
        .outerjoin(account, account.c.id == c.account_id)
        .where(which)
        .order_by(c.id)
    )
    return tuple(
        Decided(
            at=r.at,
            place=spots.place_of(r),
            spot=spots.read(r),
            exchange=None if r.exchange_id is None else ExchangeId(r.exchange_id),
            verdict=Verdict(r.verdict),
            reason=Reason(r.reason),
            level=Level(r.level),
            rules=r.rules,
            trace=tuple(Step(**step) for step in r.trace),
        )
        for r in tx.execute(query)
    )


def forget(tx: Tx, before: datetime) -> int:
    """Forget what recorded nothing and was decided before; how many those were.

    Decisions about exchanges stay as long as these.
    """
    old = sa.and_(c.at < before, c.exchange_id.is_(None))
    return tx.execute(sa.delete(table).where(old)).rowcount
