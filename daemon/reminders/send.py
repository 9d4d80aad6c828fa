"""The due arrow: a reminder that is due reaches its assignee's mailbox, once.

    claim → render (bytes kept) → sending → SMTP → sent │ retry at │ failed │ unknown

Each step is committed before the next begins. Only after `sending` can a crash lead to a second
copy, and that one has the same Message-ID and the same bytes.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from daemon.clock import now
from daemon.ports import Outbox
from daemon.reminders.letter import Letter, Unwritable
from daemon.reminders.plan import dues
from daemon.rulebook import Book, Rulebook
from daemon.steps import reached
from daemon.store import ClaimLost, Store, Tx, follow_ups, ledger
from rules import remind
from rules.model.followups import LedgerEntry
from rules.model.wire import Mail, SendResult

log = structlog.stdlib.get_logger(__name__)

LEASE = timedelta(minutes=2)
BATCH = 50


@dataclass(frozen=True, slots=True)
class Sender:
    """What the arrow works with. `owner` names this daemon in claims."""

    store: Store
    rulebook: Rulebook
    outbox: Outbox
    letter: Letter
    owner: str
    lease: timedelta = LEASE
    jitter: Callable[[], float] = random.random


def send_due(sender: Sender) -> int:
    """Send every reminder that is due; returns how many were handed to the server."""
    book = sender.rulebook.in_force()
    if book.silent:
        return 0
    moment = now()
    with sender.store.write() as tx:
        claimed = ledger.claim(tx, moment, sender.owner, moment + sender.lease, BATCH)
    if not claimed:
        return 0
    reached("reminder.claimed")
    ready = [e for e in (_ready(sender, book, entry) for entry in claimed) if e is not None]
    mails = [_envelope(sender, book, entry) for entry in ready]
    handed: set[int] = set()

    def handed_over(index: int) -> None:
        with sender.store.write() as tx:
            ledger.sending(tx, ready[index].id, sender.owner, now() + sender.lease)
        handed.add(index)
        reached("reminder.sending")

    def answered(index: int, result: SendResult) -> None:
        reached("reminder.handed-over")
        # One by one: dying now must not double those that were answered before.
        _settle(sender, ready[index], result)
        reached("reminder.sent")

    try:
        sender.outbox.send(mails, handed_over, answered)
    except ClaimLost as lost:
        # Paused for longer than its claims last: those left are another daemon's by now.
        log.info("claim lost", why=str(lost))
    return len(handed)


def _ready(sender: Sender, book: Book, entry: LedgerEntry) -> LedgerEntry | None:
    """The entry with its bytes; None when it is void after all, or another daemon's."""
    try:
        return _with_bytes(sender, book, entry)
    except ClaimLost as lost:
        log.info("claim lost", why=str(lost))
        return None


def _with_bytes(sender: Sender, book: Book, entry: LedgerEntry) -> LedgerEntry | None:
    moment = now()
    with sender.store.write() as tx:
        follow_up = follow_ups.get(tx, entry.due.follow_up)
        due = None if follow_up is None else dues(tx, book, follow_up)
        why = remind.obsolete(entry, follow_up, due)
        if why is not None or follow_up is None:
            ledger.void(tx, entry.id, why or "its follow-up is gone")
            return None
        if entry.mail is not None:
            return entry
        try:
            message_id, data = sender.letter.write(tx, book, entry, follow_up, moment)
        except Unwritable as error:
            ledger.failed(tx, entry.id, str(error), sender.owner)
            return None
        entry = ledger.rendered(tx, entry.id, message_id, data)
    reached("reminder.rendered")
    return entry


def _envelope(sender: Sender, book: Book, entry: LedgerEntry) -> Mail:
    recipient = book.directory.users[entry.due.recipient].email
    return Mail(sender.letter.sender, recipient, entry.mail or b"")


def _settle(sender: Sender, entry: LedgerEntry, result: SendResult) -> None:
    moment = now()
    then = remind.after(result, entry.attempts, moment, sender.jitter())
    with sender.store.write() as tx:
        _apply(tx, entry, then, moment, sender.owner)


def _apply(tx: Tx, entry: LedgerEntry, then: remind.Next, moment: datetime, owner: str) -> None:
    match then:
        case remind.Sent():
            ledger.sent(tx, entry.id, moment)
        case remind.RetryAt(at, error):
            ledger.retry(tx, entry.id, error, at, owner)
        case remind.CheckAt(at, error):
            ledger.unknown(tx, entry.id, error, at, owner)
        case remind.GiveUp(error):
            ledger.failed(tx, entry.id, error, owner)
