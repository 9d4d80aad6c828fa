"""Whether a meeting that was recorded still stands, and when it was, as its copies tell.

A copy that is cancelled, declined, moved into the future or deleted afterwards stands no more. An
exchange with no copy left that stands is withdrawn: it keeps its reference, its texts and what
people did to it, shows in no list, closes nothing, and comes back with the first copy that does.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from daemon.store import audit, classified, erasure, hushed
from daemon.store.database import Tx
from daemon.store.follow_up_read import get as get_follow_up
from daemon.store.follow_up_write import RULES, SUIVI, change, reopen
from daemon.store.opened import opened_with
from daemon.store.tables import exchanges as t
from daemon.store.tables.follow_ups import follow_up_closing
from rules import merge
from rules.model.exchanges import ACTIVE, WITHDRAWN, ExchangeId
from rules.model.followups import State
from rules.model.reasons import Why
from rules.model.sightings import CalendarId

WHO = "calendar"
"""Who withdraws an exchange, in the audit trail."""

c = t.sighting.c


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of a meeting that stands: which occurrence of its object, and when that was."""

    exchange: ExchangeId
    recurrence: str
    held_at: datetime
    name: str


def of(tx: Tx, calendar: CalendarId, href: str) -> tuple[Copy, ...]:
    """The copies in one object that stand; `name` is the UID with the RECURRENCE-ID, as keys
    have it."""
    row, key = t.exchange.c, t.exchange_key.c
    query = (
        sa.select(c.exchange_id, c.recurrence, row.happened_at, sa.func.min(key.key).label("name"))
        .join(t.exchange, row.id == c.exchange_id)
        .join(t.exchange_key, key.exchange_id == row.id)
        .where(c.calendar_id == calendar, c.href == href, c.gone.is_(None))
        .group_by(c.exchange_id, c.recurrence, row.happened_at)
        .order_by(row.happened_at)
    )
    return tuple(
        Copy(ExchangeId(r.exchange_id), r.recurrence, r.happened_at, r.name)
        for r in tx.execute(query)
    )


def retire(tx: Tx, calendar: CalendarId, href: str, recurrence: str, why: str) -> ExchangeId | None:
    """This copy stands no more; whose it was, None where there is none that stood. `settle`
    follows."""
    this = sa.and_(
        c.calendar_id == calendar, c.href == href, c.recurrence == recurrence, c.gone.is_(None)
    )
    found = tx.execute(sa.select(c.exchange_id).where(this)).scalar()
    if found is None:
        return None
    tx.execute(sa.update(t.sighting).where(this).values(gone=why))
    return ExchangeId(found)


def settle(tx: Tx, exchange: ExchangeId, now: datetime) -> None:
    """Make an exchange what the copies of its meeting say: there or withdrawn, and its time that
    of the latest revision among them. What a person said of its time stays."""
    copies = tx.execute(sa.select(t.sighting).where(c.exchange_id == exchange)).all()
    if not copies or any(copy.calendar_id is None for copy in copies):
        return
    there = [copy for copy in copies if copy.gone is None]
    row = t.exchange.c
    stored = tx.execute(sa.select(t.exchange).where(row.id == exchange)).one()
    changes: dict[str, Any] = {}
    if not there and stored.status != WITHDRAWN:
        changes["status"] = WITHDRAWN
        audit.note(tx, WHO, "withdraw exchange", _ref(stored), now)
        _take_back(tx, exchange, now)
    if there and stored.status == WITHDRAWN:
        changes["status"] = ACTIVE
        audit.note(tx, WHO, "bring back exchange", _ref(stored), now)
    told = _held_at(there)
    is_moved = told is not None and told != stored.happened_at
    if is_moved and "happened_at" not in classified.edited(tx, exchange):
        changes["happened_at"] = told
    if changes:
        anew = sa.update(t.exchange).where(row.id == exchange)
        tx.execute(anew.values(**changes, revision=row.revision + 1))


def forget(tx: Tx, exchange: ExchangeId, now: datetime) -> None:
    """Take away a withdrawn exchange of which nothing may be kept; nothing keeps it from being
    recorded again. One that another copy still shows stays."""
    query = sa.select(t.exchange).where(t.exchange.c.id == exchange)
    stored = tx.execute(query.where(t.exchange.c.status == WITHDRAWN)).first()
    if stored is None:
        return
    hushed.withdraw(tx, exchange, now)
    tx.execute(sa.delete(t.exchange).where(t.exchange.c.id == exchange))
    erasure.erased(tx)


def _held_at(there: Iterable[Any]) -> datetime | None:
    """What the copy of the latest revision says (RFC 5545 §3.8.7.4)."""
    told = [((copy.sequence or 0), copy.held_at) for copy in there if copy.held_at is not None]
    return max(told)[1] if told else None


def _take_back(tx: Tx, exchange: ExchangeId, now: datetime) -> None:
    """What did not take place answered nothing, and asks for nothing."""
    closing = follow_up_closing.c
    closed = sa.select(closing.follow_up_id, closing.state).where(
        closing.exchange_id == exchange, closing.undone_at.is_(None)
    )
    for number, state in tx.execute(closed).all():
        known = get_follow_up(tx, number)
        if known is not None and known.state == state:
            reopen(tx, number, SUIVI, now)
    for one in opened_with(tx, exchange):
        if one.state is State.TO_DO:
            after = merge.apply(one, merge.Changes(state=State.NOT_NEEDED))
            change(tx, after, RULES, Why.NOT_HELD, now, one.revision)


def _ref(stored: Any) -> str:
    return str(stored.own_ref or f"EXC-{stored.number}")
