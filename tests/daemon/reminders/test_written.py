"""A mail that somebody wrote is sent after a restore, unless what was lost may have sent it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from daemon.reminders.post import _in_doubt
from daemon.rulebook import Book
from daemon.store.post import CLOSED, WRITTEN, Posted
from rules.model.followups import LedgerState
from rules.model.people import Directory
from rules.ruleset import RuleSet

RESTORED = datetime(2026, 11, 24, 9, tzinfo=UTC)
RELEASED = RESTORED + timedelta(hours=4)
BOOK = Book(RuleSet("test"), Directory(1), False, RESTORED, False, RESTORED, RELEASED)  # noqa: FBT003
LETTER = Posted(
    id=1,
    kind=WRITTEN,
    key="7:0",
    recipient="jean@acme.example",
    message_id="m@we.example",
    mail=b"",
    state=LedgerState.CLAIMED,
    attempts=1,
    useful_until=RELEASED + timedelta(days=7),
    handed_over=False,
    created_at=RESTORED,
)


@pytest.mark.parametrize(
    ("kind", "hours", "doubtful"),
    [
        (WRITTEN, -1, True),
        # While the backup was held: nothing that was lost knew of it.
        (WRITTEN, 1, False),
        (WRITTEN, 5, False),
        (CLOSED, 1, True),
        (CLOSED, 5, False),
    ],
)
def test_what_was_written_since_is_sent(kind: str, hours: int, doubtful: bool) -> None:
    created = RESTORED + timedelta(hours=hours)
    assert _in_doubt(replace(LETTER, kind=kind, created_at=created), BOOK) is doubtful
    assert not _in_doubt(
        replace(LETTER, kind=kind), replace(BOOK, restored_at=None, released_at=None)
    )
