"""The post: letters that the arrows have put into the store reach their recipients, once.

    claim → sending → SMTP → sent │ retry at │ failed │ unknown

Each step is committed before the next begins, as those of reminders are (daemon.reminders.send).
"""

import re
from datetime import datetime

import structlog

from daemon.clock import now
from daemon.reminders.dispatch import Marks, dispatch
from daemon.reminders.send import BATCH, Sender
from daemon.rulebook import Book
from daemon.steps import reached
from daemon.store import Tx, exchanges, post
from daemon.store.post import Posted
from rules import remind
from rules.model.exchanges import ExchangeId
from rules.model.reasons import Why
from rules.model.wire import Mail, SendResult

# Enhanced status codes (RFC 3463 §2).
_STATUS = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")

log = structlog.stdlib.get_logger(__name__)

MARKS = Marks(
    sending=lambda: reached("letter.sending"),
    handed_over=lambda: reached("letter.handed-over"),
    sent=lambda: reached("letter.sent"),
)


def send_letters(sender: Sender) -> int:
    """Send every letter that waits; returns how many were handed to the server. Nothing leaves
    while suivi only observes, or a restored backup is held."""
    if sender.rulebook.in_force().silent:
        return 0
    moment = now()
    room = sender.pace.room(moment, BATCH)
    if not room:
        return 0
    with sender.store.write() as tx:
        claimed = post.claim(tx, moment, sender.owner, moment + sender.lease, room)
        ready = [letter for letter in claimed if not _is_void(tx, sender, letter, moment)]
    if not ready:
        return 0
    reached("letter.claimed")
    mails = [Mail(sender.letter.sender, one.recipient, one.mail or b"") for one in ready]

    def sending(tx: Tx, index: int) -> None:
        post.sending(tx, ready[index].id, sender.owner, now() + sender.lease)

    def settle(tx: Tx, index: int, result: SendResult) -> None:
        _settle(tx, sender, ready[index], result)

    handed = dispatch(sender.store, sender.outbox, mails, sending, settle, MARKS)
    sender.pace.note(now(), handed)
    return handed


def _is_void(tx: Tx, sender: Sender, letter: Posted, now: datetime) -> bool:
    # One that may have arrived is tried to its end, so that what became of it is known.
    if _in_doubt(letter, sender.rulebook.in_force()):
        post.void(tx, letter.id, Why.RESTORED, sender.owner)
        return True
    if letter.handed_over or now <= letter.useful_until:
        return False
    post.void(tx, letter.id, Why.TOO_LATE, sender.owner)
    return True


def _in_doubt(letter: Posted, book: Book) -> bool:
    """Whether what was lost before a restore may have sent it: all that stood in the post up to
    the release tells of what had happened before that, as far as can be known."""
    released_at = book.released_at
    if letter.kind == post.WRITTEN and book.restored_at is not None:
        # Nothing that was lost can have sent what somebody has written since.
        return letter.created_at <= book.restored_at
    return released_at is not None and letter.created_at <= released_at


def _settle(tx: Tx, sender: Sender, letter: Posted, result: SendResult) -> None:
    moment = now()
    match remind.after(result, letter.attempts, moment, sender.jitter()):
        case remind.Sent():
            post.sent(tx, letter.id, moment)
        case remind.RetryAt(at, error):
            post.retry(tx, letter.id, error, at, sender.owner)
        case remind.CheckAt(at, error):
            post.unknown(tx, letter.id, error, at, sender.owner)
        case remind.GiveUp(error):
            post.failed(tx, letter.id, error, sender.owner)
            _came_back(tx, letter, error)
            log.warning("a letter was refused", kind=letter.kind, error=error)


def _came_back(tx: Tx, letter: Posted, error: str) -> None:
    """What a person wrote and the server refused shows at its exchange, as a bounce would."""
    if letter.kind != post.WRITTEN:
        return
    status = _STATUS.search(error)
    exchange = ExchangeId(int(letter.key.partition(":")[0]))
    exchanges.came_back(tx, exchange, letter.recipient, status[0] if status else "")
