"""The late arrow: what is of no use any more after a downtime is void, and its recipient is told
in one mail what was missed.

The mail is put into the post in the transaction that makes the reminders void, so it is neither
lost nor sent twice, whatever crashes.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog

from daemon.clock import now
from daemon.i18n import plural, translator
from daemon.reminders.letter import local_time
from daemon.reminders.plan import dues
from daemon.reminders.send import Sender
from daemon.reminders.summary import Frame, Section, letter, section
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
    before = moment - book.ruleset.late_limit
    with sender.store.read() as tx:
        missed_by = ledger.overdue_for(tx, before, moment)
    frame = Frame(sender.letter.sender, sender.letter.ways.company)
    told = 0
    for recipient in missed_by:
        with sender.store.write() as tx:
            told += _tell(tx, book, frame, recipient, before, moment)
        reached("late.told")
    return told


def _tell(
    tx: Tx, book: Book, frame: Frame, recipient: UserId, before: datetime, now: datetime
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
        written = _letter(frame, user, key, missed.values(), now)
    except ValueError:
        log.warning("no summary: the address can't stand in a mail", user=recipient)
        return False
    return post.put(tx, written, now)


def _why(tx: Tx, book: Book, entry: LedgerEntry, follow_up: FollowUp | None) -> str | None:
    wanted = None if follow_up is None else dues(tx, book, follow_up)
    return remind.obsolete(entry, follow_up, wanted)


def _letter(
    frame: Frame, user: User, key: str, missed: Iterable[FollowUp], now: datetime
) -> post.Letter:
    _, _n = translator(user.language), plural(user.language)
    found = sorted(missed, key=lambda f: (f.when.start, f.id))
    subject = _n(
        "{number} reminder could not be sent in time",
        "{number} reminders could not be sent in time",
        len(found),
    ).format(number=len(found))
    intro = _("suivi was not running, or could not send mail, when these were due.")
    return letter(
        frame, user, KIND, key, subject, intro, [_missed(found, user)], now, now + USEFUL_FOR
    )


def _missed(found: Iterable[FollowUp], user: User) -> Section:
    _ = translator(user.language)
    lines = (_("{when}: {title}").format(when=local_time(f, user), title=f.title) for f in found)
    return section(_("What you were not reminded of"), lines)
