"""The due arrow: a reminder that is due reaches its assignee's mailbox, once.

    claim → render (bytes kept) → sending → SMTP → sent │ retry at │ failed │ unknown

Each step is committed before the next begins (`dispatch`). Only after `sending` can a crash lead to
a second copy, and that one has the same Message-ID and the same bytes.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from daemon.admin import Admin
from daemon.clock import now
from daemon.meter import UNMETERED, Meter
from daemon.ports import Outbox
from daemon.reminders.dispatch import Marks, dispatch
from daemon.reminders.letter import Letter, Unwritable
from daemon.reminders.pace import Pace
from daemon.reminders.plan import dues
from daemon.rulebook import Book, Rulebook
from daemon.steps import reached
from daemon.store import Store, Tx, Unavailable, follow_ups, ledger
from rules import remind
from rules.model.followups import FollowUp, LedgerEntry
from rules.model.reasons import Why
from rules.model.wire import Mail, SendResult

log = structlog.stdlib.get_logger(__name__)

LEASE = timedelta(minutes=2)
LATE_LIMIT = timedelta(days=3)
BATCH = 50
# So many are written in one transaction; other writers wait meanwhile.
TOGETHER = 10

MARKS = Marks(
    sending=lambda: reached("reminder.sending"),
    handed_over=lambda: reached("reminder.handed-over"),
    sent=lambda: reached("reminder.sent"),
)


@dataclass(frozen=True, slots=True)
class Sender:
    """What the arrow works with. `owner` names this daemon in claims; `admin` is told what
    failed; later than `late_limit` a reminder is of no use any more."""

    store: Store
    rulebook: Rulebook
    outbox: Outbox
    letter: Letter
    owner: str
    lease: timedelta = LEASE
    jitter: Callable[[], float] = random.random
    pace: Pace = field(default_factory=Pace)
    admin: Admin | None = None
    late_limit: timedelta = LATE_LIMIT
    meter: Meter = UNMETERED


def send_due(sender: Sender) -> int:
    """Send reminders that are due; returns how many were handed to the server, 0 when there are
    none left that may leave now."""
    book = sender.rulebook.in_force()
    if book.silent:
        return 0
    while claimed := _claimed(sender):
        reached("reminder.claimed")
        # A batch of which nothing left, for all were refused, says nothing about the next.
        if handed := _send(sender, book, claimed):
            return handed
    return 0


def _claimed(sender: Sender) -> tuple[LedgerEntry, ...]:
    moment = now()
    room = sender.pace.room(moment, BATCH)
    if not room:
        return ()
    with sender.store.write() as tx:
        return ledger.claim(tx, moment, sender.owner, moment + sender.lease, room)


def _send(sender: Sender, book: Book, claimed: Sequence[LedgerEntry]) -> int:
    ready = _written(sender, book, claimed)

    def sending(tx: Tx, index: int) -> None:
        ledger.sending(tx, ready[index].id, sender.owner, now() + sender.lease)

    def settle(tx: Tx, index: int, result: SendResult) -> None:
        entry, answered_at = ready[index], now()
        then = remind.after(result, entry.attempts, answered_at, sender.jitter())
        _apply(tx, entry, then, answered_at, sender.owner)
        late = (answered_at - entry.due.at).total_seconds()
        sender.meter.reminder(result.outcome.value, late)

    mails = [_envelope(sender, book, entry) for entry in ready]
    handed = dispatch(sender.store, sender.outbox, mails, sending, settle, MARKS)
    sender.pace.note(now(), handed)
    return handed


def _written(sender: Sender, book: Book, claimed: Sequence[LedgerEntry]) -> list[LedgerEntry]:
    """Those of them that can be sent, with their bytes: a few in one transaction, and one by one
    where something is wrong with one of them."""
    ready: list[LedgerEntry] = []
    for start in range(0, len(claimed), TOGETHER):
        some = claimed[start : start + TOGETHER]
        try:
            ready += _together(sender, book, some)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001  which one it is, and what, is told below
            log.info("written one by one", kind=type(error).__name__)
            for entry in some:
                ready += _alone(sender, book, entry)
    return ready


def _together(sender: Sender, book: Book, some: Sequence[LedgerEntry]) -> list[LedgerEntry]:
    with sender.store.write() as tx:
        known = follow_ups.several(tx, [entry.due.follow_up for entry in some])
        looked_at = [
            _with_bytes(tx, sender, book, entry, known.get(entry.due.follow_up)) for entry in some
        ]
        wanted = [entry for entry in looked_at if entry is not None]
        had = {entry.id for entry in some if entry.mail is not None}
        new = [(e.id, e.message_id, e.mail or b"") for e in wanted if e.id not in had]
        kept = ledger.rendered(tx, new, sender.owner) | had
    ready = [entry for entry in wanted if entry.id in kept]
    for _ in ready:
        reached("reminder.rendered")
    return ready


def _alone(sender: Sender, book: Book, entry: LedgerEntry) -> list[LedgerEntry]:
    """The entry with its bytes; none when it can't be written: then it has failed, and only it."""
    try:
        return _together(sender, book, [entry])
    except Unavailable:
        raise
    except Exception as error:
        log.exception("a reminder can't be written", reminder=entry.id)
        why = f"the mail can't be written ({type(error).__name__})"
        with sender.store.write() as tx:
            ledger.failed(tx, entry.id, why, sender.owner)
        return []


def _with_bytes(
    tx: Tx, sender: Sender, book: Book, entry: LedgerEntry, follow_up: FollowUp | None
) -> LedgerEntry | None:
    moment = now()
    due = None if follow_up is None else dues(tx, book, follow_up)
    why = remind.obsolete(entry, follow_up, due)
    if why is not None or follow_up is None:
        ledger.void(tx, entry.id, why or Why.DELETED)
        return None
    if entry.due.recipient not in book.directory.users:
        ledger.void(tx, entry.id, Why.NOT_ACTIVE)
        return None
    if entry.mail is not None:
        return entry
    if entry.attempts > remind.MOST_ATTEMPTS:
        ledger.failed(tx, entry.id, "suivi died each time while it was being written")
        return None
    try:
        message_id, data = sender.letter.write(tx, book, entry, follow_up, moment)
    except Unwritable as error:
        ledger.failed(tx, entry.id, str(error), sender.owner)
        return None
    return replace(entry, message_id=message_id, mail=data)


def _envelope(sender: Sender, book: Book, entry: LedgerEntry) -> Mail:
    recipient = book.directory.users[entry.due.recipient].email
    return Mail(sender.letter.sender, recipient, entry.mail or b"")


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
