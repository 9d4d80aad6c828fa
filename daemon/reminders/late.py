"""The late arrow: what is of no use any more after a downtime is void, and its recipient is told
in one mail what was missed.

The mail is put into the post in the transaction that makes the reminders void, so it is neither
lost nor sent twice, whatever crashes.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog

from daemon.clock import now
from daemon.reminders.digest import listed, task
from daemon.reminders.plan import dues
from daemon.reminders.send import Sender
from daemon.reminders.writing import Desk, Stamp
from daemon.rulebook import Book
from daemon.steps import reached
from daemon.store import Tx, follow_ups, ledger, post
from rules import remind
from rules.model.followups import FollowUp, LedgerEntry
from rules.model.people import User, UserId

log = structlog.stdlib.get_logger(__name__)

KIND = "missed"
TOO_LATE = "too late"
USEFUL_FOR = timedelta(days=7)


def give_up(sender: Sender, moment: datetime | None = None) -> int:
    """Void what is later than the limit; returns how many recipients were told. Nothing is given
    up while nothing may be sent: what waits for a release is judged after it."""
    book = sender.rulebook.in_force()
    if book.silent:
        return 0
    moment = moment or now()
    before = moment - sender.late_limit
    with sender.store.read() as tx:
        missed_by = ledger.overdue_for(tx, before, moment)
    told = 0
    for recipient in missed_by:
        with sender.store.write() as tx:
            told += _tell(tx, book, sender.letter.desk, recipient, before, moment)
        reached("late.told")
    return told


def _tell(
    tx: Tx, book: Book, desk: Desk, recipient: UserId, before: datetime, now: datetime
) -> bool:
    missed: dict[int, FollowUp] = {}
    entries = ledger.overdue_of(tx, recipient, before, now)
    known = follow_ups.several(tx, [entry.due.follow_up for entry in entries])
    for entry in entries:
        follow_up = known.get(entry.due.follow_up)
        why = _why(tx, book, entry, follow_up)
        if why is None and follow_up is not None:
            missed[follow_up.id] = follow_up
        ledger.void(tx, entry.id, why or TOO_LATE)
    user = book.directory.users.get(recipient)
    if not missed or user is None:
        return False
    log.info("too late", user=recipient, reminders=len(entries), follow_ups=len(missed))
    # Of one reminder this is said once; of one that came back to life and was missed again, anew.
    key = f"{recipient}:{max(e.id for e in entries)}:{now.isoformat()}"
    try:
        written = _letter(tx, book, desk, user, key, missed.values(), now)
    except ValueError:
        log.warning("no summary: the address can't stand in a mail", user=recipient)
        return False
    return post.put(tx, written, now)


def _why(tx: Tx, book: Book, entry: LedgerEntry, follow_up: FollowUp | None) -> str | None:
    wanted = None if follow_up is None else dues(tx, book, follow_up)
    return remind.obsolete(entry, follow_up, wanted)


def _letter(
    tx: Tx,
    book: Book,
    desk: Desk,
    user: User,
    key: str,
    missed: Iterable[FollowUp],
    now: datetime,
) -> post.Letter:
    found = sorted(missed, key=lambda f: (f.when.start, f.id))
    facts = {"number": str(len(found)), **listed(KIND, [task(book, user, f) for f in found])}
    return desk.letter(tx, user, None, Stamp(KIND, key, now + USEFUL_FOR), facts, now)
