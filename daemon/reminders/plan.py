"""What is due: each changed follow-up gets the reminders it should have, and loses the others."""

from datetime import datetime

from daemon.rulebook import Rulebook
from daemon.steps import reached
from daemon.store import Store, follow_ups, ledger
from rules import remind


def plan(store: Store, rulebook: Rulebook, now: datetime, limit: int = 500) -> int:
    """Bring the ledger in step with follow-ups that changed since; returns how many changed.

    One transaction: a follow-up counts as planned only together with its rows.
    """
    book = rulebook.in_force()
    with store.write() as tx:
        changed = follow_ups.unplanned(tx, limit)
        for follow_up in changed:
            dues = remind.plan(follow_up, book.directory.users, book.ruleset)
            ledger.plan(tx, dues, now)
            for entry in ledger.of(tx, follow_up.id):
                why = remind.obsolete(entry, follow_up, dues)
                if why is not None:
                    ledger.void(tx, entry.id, why)
            follow_ups.planned(tx, follow_up)
    if changed:
        reached("reminder.planned")
    return len(changed)
