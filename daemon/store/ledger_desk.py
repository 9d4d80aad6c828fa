"""The reminder ledger as an admin sees it, and what they may do to an entry."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.ledger import get
from daemon.store.tables.follow_ups import follow_up
from daemon.store.tables.follow_ups import ledger as table
from rules.model.followups import FollowUpId, LedgerEntry, LedgerId, LedgerState
from rules.model.people import UserId

c = table.c
OPEN = frozenset(LedgerState) - {LedgerState.SENT, LedgerState.FAILED, LedgerState.VOID}
AGAIN = (LedgerState.FAILED, LedgerState.RETRY, LedgerState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Line:
    """An entry, the title of its follow-up, and why it is void, if it is."""

    entry: LedgerEntry
    title: str
    void_reason: str
    sent_at: datetime | None


def lines(
    tx: Tx,
    *,
    states: Collection[LedgerState] = OPEN,
    until: datetime | None = None,
    recipient: UserId | None = None,
    of: FollowUpId | None = None,
    limit: int = 50,
) -> tuple[Line, ...]:
    """Entries in these states, those of the nearest time first; `until` leaves out later ones."""
    query = (
        sa.select(c.id, c.void_reason, c.sent_at, follow_up.c.title)
        .join(follow_up, follow_up.c.id == c.follow_up_id)
        .where(c.state.in_(states))
        .order_by(c.at, c.id)
        .limit(limit)
    )
    if until is not None:
        query = query.where(c.at <= until)
    if recipient is not None:
        query = query.where(c.recipient_id == recipient)
    if of is not None:
        query = query.where(c.follow_up_id == of)
    return tuple(
        Line(entry, r.title, r.void_reason, r.sent_at)
        for r in tx.execute(query).all()
        if (entry := get(tx, r.id)) is not None
    )


def again(tx: Tx, entry: LedgerId, now: datetime) -> bool:
    """Try it now, as if it had never been tried; False for one that did not fail, nor waits after
    a failure."""
    fresh = {"state": LedgerState.RETRY, "attempts": 0, "next_try_at": now}
    # Of one that may have arrived the same bytes go out, and it stays in doubt until then.
    state = sa.case(
        (c.state == LedgerState.UNKNOWN, LedgerState.UNKNOWN.value), else_=LedgerState.RETRY.value
    )
    failed = sa.and_(c.id == entry, c.state.in_(AGAIN))
    return bool(
        tx.execute(sa.update(table).where(failed).values({**fresh, "state": state})).rowcount
    )
