"""The no-reply arrow: a message that nobody has answered in time opens a follow-up (spec §3).

    what is awaited → awaiting.look → opened │ looked at later │ given up, in one transaction

The transaction keeps exchanges from being recorded meanwhile: a reply is seen here, or it finds
the follow-up that it withdraws.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from daemon.rulebook import Book, Rulebook
from daemon.steps import reached
from daemon.store import Store, Tx, accounts, alone, awaited, exchanges, follow_ups
from daemon.store.errors import Unstorable
from rules import awaiting
from rules.model.exchanges import ExchangeId
from rules.model.followups import FollowUp, FollowUpDraft

log = structlog.stdlib.get_logger(__name__)

MAIL = "mail"

# A reply may lie in a mailbox that is not read yet: so long a follow-up is not opened for it.
UNREAD_LOOK = timedelta(minutes=1)
UNREAD_PATIENCE = timedelta(days=1)

# What could not be settled, for a fault of ours, is looked at again.
FAULT = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class NoReply:
    """What the arrow works with; `zone` counts the days of whom nobody is assigned to."""

    store: Store
    rulebook: Rulebook
    zone: str


def open_unanswered(no_reply: NoReply, now: datetime, limit: int = 200) -> int:
    """Look at every reply that is due to be looked at; returns how many follow-ups were opened.

    One that can't be settled keeps no other from it.
    """
    book = no_reply.rulebook.in_force()
    if book.silent:
        return 0
    opened = 0
    # Asked without the lock first: mostly there is nothing, and recording would wait.
    with no_reply.store.read() as tx:
        if not awaited.is_due(tx, now):
            return 0
    for _ in range(limit):
        with no_reply.store.write() as tx:
            # Before the row: whoever records has this lock first, and may then wait for the row.
            exchanges.lock(tx)
            number = awaited.take(tx, now)
            if number is None:
                break
            reached("no-reply.taken")
            try:
                with alone(tx):
                    opened += _settle(no_reply, tx, book, number, now)
            except (Unstorable, LookupError, ValueError, OverflowError) as error:
                log.warning("no reply: put off", awaited=number, why=type(error).__name__)
                awaited.later(tx, number, now + FAULT)
            reached("no-reply.settled")
        reached("no-reply.committed")
    return opened


def _settle(no_reply: NoReply, tx: Tx, book: Book, number: int, now: datetime) -> bool:
    """Whether a follow-up was opened. Raises LookupError, ValueError, OverflowError, Unstorable."""
    one = awaited.get(tx, number)
    sent, since, others = awaited.context(tx, one)
    owner = next((book.directory.users.get(a.user) for a in one.draft.assignees if a.owner), None)
    where = ZoneInfo(owner.timezone if owner is not None else no_reply.zone)
    holidays = book.holidays(sent.entity)
    found = awaiting.look(one, sent, since, others, now, book.live_since, where, holidays)
    if isinstance(found, awaiting.LookAgain):
        awaited.later(tx, number, found.at)
        return False
    if isinstance(found, FollowUpDraft):
        last = awaiting.last_sent(sent, since)
        up = awaiting.time_is_up(last.happened_at, one.within, where, holidays)
        if now < up + UNREAD_PATIENCE and _is_unread(tx, up):
            awaited.later(tx, number, now + UNREAD_LOOK)
            return False
    awaited.done(tx, number)
    if isinstance(found, awaiting.NotNeeded):
        log.info("no reply: given up", exchange=sent.ref, rule=one.rule, why=found.why)
        return False
    if awaited.is_open(tx, one, sent.thread):
        log.info("no reply: given up", exchange=sent.ref, rule=one.rule, why="one is open")
        return False
    follow_up = _open(tx, found, sent.id, now, book.live_since)
    if follow_up is not None:
        log.info("no reply", exchange=sent.ref, rule=one.rule, follow_up=follow_up.id)
    return follow_up is not None


def _open(
    tx: Tx, draft: FollowUpDraft, sent: ExchangeId, now: datetime, live_since: datetime | None
) -> FollowUp | None:
    """None when there was one already. One that other rules, which did not wait for the reply,
    withdrew comes back."""
    stored, new = follow_ups.open(tx, draft, now, live_since)
    if new:
        return stored
    if not follow_ups.was_withdrawn(tx, stored):
        return None
    return follow_ups.open_again(tx, stored, draft, draft.exchange or sent, now)


def _is_unread(tx: Tx, since: datetime) -> bool:
    """Whether a mailbox that is watched has not been read since then."""
    mailboxes = [s for s in accounts.watched(tx) if s.kind == MAIL and s.last_ok_at is not None]
    return any(s.last_ok_at is not None and s.last_ok_at < since for s in mailboxes)
