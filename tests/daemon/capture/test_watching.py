"""Which of the calendars that an account shows are read, and which one is written to."""

import pytest

from daemon.capture.meetings import CalendarAccount
from daemon.capture.watching import is_watched
from rules.model.people import UserId
from rules.model.sightings import AccountId
from rules.model.wire import CalendarInfo

EVENTS = frozenset({"VEVENT"})
OWN = CalendarInfo("/ann/work/", "Work", EVENTS)
FAMILY = CalendarInfo("/ann/family/", "Family", EVENTS)
LENT = CalendarInfo("/bob/work/", "Work of Bob", EVENTS, lent=True)


def account(**choices: frozenset[str]) -> CalendarAccount:
    return CalendarAccount(AccountId(1), "ann", UserId(1), "Europe/Paris", **choices)


@pytest.mark.parametrize(
    ("choices", "read"),
    [
        ({}, [OWN, FAMILY]),
        ({"ignored": frozenset({"Family"})}, [OWN]),
        ({"watched": frozenset({"/ann/work/"})}, [OWN]),
        # What a colleague has lent is theirs until somebody says otherwise.
        ({"watched": frozenset({"Work", "Work of Bob"})}, [OWN, LENT]),
        ({"watched": frozenset({"Work of Bob"}), "ignored": frozenset({"/bob/work/"})}, []),
    ],
)
def test_what_is_read(choices: dict[str, frozenset[str]], read: list[CalendarInfo]) -> None:
    assert [i for i in (OWN, FAMILY, LENT) if is_watched(account(**choices), i)] == read
