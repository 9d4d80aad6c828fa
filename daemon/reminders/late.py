"""The late arrow: what is of no use any more after a downtime is void, and so is what a lost
database may have sent before a backup was restored; its recipient is told in one mail which.

The mail is put into the post in the transaction that makes the reminders void, so it is neither
lost nor sent twice, whatever crashes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from daemon.clock import now
from daemon.reminders.digest import Line, listed, tasks
from daemon.reminders.plan import dues
from daemon.reminders.send import Sender
from daemon.reminders.writing import Desk, Stamp
from daemon.rulebook import Book
from daemon.steps import reached
from daemon.store import Tx, follow_ups, ledger, met, post
from daemon.store.agenda import Some
from rules import remind
from rules.model.followups import FollowUp, LedgerEntry
from rules.model.people import User, UserId
from rules.model.reasons import Why

log = structlog.stdlib.get_logger(__name__)

KIND = "missed"
USEFUL_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Missed:
    """What a recipient is told of: what came too late, and what was due before a backup was
    restored and may have been sent by what was lost."""

    late: tuple[FollowUp, ...]
    doubtful: tuple[FollowUp, ...]

    @property
    def number(self) -> int:
        """How many follow-ups."""
        return len({f.id for f in (*self.late, *self.doubtful)})


def give_up(sender: Sender, moment: datetime | None = None) -> int:
    """Void what is later than the limit; returns how many recipients were told. Nothing is given
    up while nothing may be sent: what waits for a release is judged after it."""
    book = sender.rulebook.in_force()
    if book.silent:
        return 0
    moment = moment or now()
    # What was due before a restore may be too late for another reason, however short the time.
    before = moment - sender.late_limit
    latest = max(before, book.restored_at or before)
    with sender.store.read() as tx:
        missed_by = ledger.overdue_for(tx, latest, moment)
    told = 0
    for recipient in missed_by:
        with sender.store.write() as tx:
            entries = ledger.overdue_of(tx, recipient, latest, moment)
            told += _tell(tx, sender, book, recipient, entries, before, moment)
        reached("late.told")
    return told


def _tell(
    tx: Tx,
    sender: Sender,
    book: Book,
    recipient: UserId,
    entries: Sequence[LedgerEntry],
    before: datetime,
    now: datetime,
) -> bool:
    missed: dict[int, FollowUp] = {}
    doubtful: dict[int, FollowUp] = {}
    known = follow_ups.several(tx, [entry.due.follow_up for entry in entries])
    for entry in entries:
        follow_up = known.get(entry.due.follow_up)
        doubt = _in_doubt(tx, book, entry, follow_up)
        if doubt and met.was(tx, sender.letter.message_id(entry.due)):
            ledger.sent(tx, entry.id, now)
            continue
        if not doubt and entry.due.at >= before:
            continue
        why = _why(tx, book, entry, follow_up)
        if why is None and follow_up is not None:
            (doubtful if doubt else missed)[follow_up.id] = follow_up
        ledger.void(tx, entry.id, why or (Why.RESTORED if doubt else Why.TOO_LATE))
    user = book.directory.users.get(recipient)
    found = Missed(tuple(missed.values()), tuple(doubtful.values()))
    if not found.number or user is None:
        return False
    log.info("too late", user=recipient, reminders=len(entries), follow_ups=found.number)
    # Of one reminder this is said once; of one that came back to life and was missed again, anew.
    key = f"{recipient}:{max(e.id for e in entries)}:{now.isoformat()}"
    try:
        written = _letter(tx, book, sender.letter.desk, user, key, found, now)
    except ValueError:
        log.warning("no summary: the address can't stand in a mail", user=recipient)
        return False
    return post.put(tx, written, now)


def _in_doubt(tx: Tx, book: Book, entry: LedgerEntry, follow_up: FollowUp | None) -> bool:
    if book.restored_at is None or follow_up is None:
        return False
    scheduled_at = follow_ups.scheduled_at(tx, follow_up)
    return remind.in_doubt(entry.due, scheduled_at, book.restored_at, book.released_at)


def _why(tx: Tx, book: Book, entry: LedgerEntry, follow_up: FollowUp | None) -> str | None:
    wanted = None if follow_up is None else dues(tx, book, follow_up)
    return remind.obsolete(entry, follow_up, wanted)


def _letter(
    tx: Tx, book: Book, desk: Desk, user: User, key: str, found: Missed, now: datetime
) -> post.Letter:
    facts = {
        "number": str(found.number),
        "restored": bool(found.doubtful),
        **listed(KIND, _lines(book, user, found.late)),
        **listed("doubtful", _lines(book, user, found.doubtful)),
    }
    return desk.letter(tx, user, None, Stamp(KIND, key, now + USEFUL_FOR), facts, now)


def _lines(book: Book, user: User, some: Iterable[FollowUp]) -> Some[Line]:
    return tasks(book, user, sorted(some, key=lambda f: (f.when.start, f.id)))
