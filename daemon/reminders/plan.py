"""What is due: each changed follow-up gets the reminders it should have, and loses the others."""

from collections.abc import Callable, Sequence
from datetime import datetime

from daemon.rulebook import Book, Rulebook
from daemon.steps import reached
from daemon.store import Store, Tx, follow_ups, ledger, options
from rules import remind
from rules.model.followups import Due, FollowUp
from rules.model.people import User
from rules.options import Wishes

# A fraction of a second: other writers wait meanwhile.
BATCH = 100


def plan(store: Store, rulebook: Rulebook, now: datetime, limit: int = BATCH) -> int:
    """Bring the ledger in step with follow-ups that changed since, and with those whose
    assignees' options did; returns how many.

    One transaction: a follow-up counts as planned only together with its rows.
    """
    with store.read() as tx:
        if not follow_ups.unplanned(tx, 1):
            return 0
    with store.write() as tx:
        # An option or a user that changes from here on marks its follow-ups after they are
        # planned; the book holds all that changed before.
        options.version(tx, lock=True)
        book = rulebook.in_force()
        changed = follow_ups.unplanned(tx, limit)
        _step(tx, book, changed, now)
        follow_ups.planned(tx, changed)
    if changed:
        reached("reminder.planned")
    return len(changed)


def _step(tx: Tx, book: Book, changed: Sequence[FollowUp], now: datetime) -> None:
    ids = [one.id for one in changed]
    wished = follow_ups.wished_otherwise(tx, ids)
    entries = ledger.of_all(tx, ids)
    for one in changed:
        step = remind.step(
            one, dues(tx, book, one), entries[one.id], now, only_wishes=one.id in wished
        )
        ledger.plan(tx, step.enter, now)
        for entry, why in step.void:
            ledger.void(tx, entry.id, why)


def dues(tx: Tx, book: Book, follow_up: FollowUp) -> tuple[Due, ...]:
    """The emails that it should have, by all that decides about them now."""
    scheduled = follow_ups.scheduled_at(tx, follow_up)
    # Before it went live nothing could have been sent.
    since = [moment for moment in (scheduled, book.live_since) if moment is not None]
    if not since:
        return ()
    return remind.plan(follow_up, book.directory.users, _wishes(book, follow_up), max(since))


def _wishes(book: Book, follow_up: FollowUp) -> Callable[[User], Wishes]:
    return lambda user: book.wishes(user, follow_up.entity)
