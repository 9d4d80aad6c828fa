"""Series written: one occurrence changed or taken out, and every other byte as it was."""

from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from connectors import ical
from rules.model.followups import Origin, State
from rules.model.sightings import When
from tests.connectors.ical.objects import follow_up, paris, read, vevent, vtodo, write
from tests.connectors.ical.test_write import differences

MONDAYS = "FREQ=MONTHLY;BYDAY=1MO"
NINE = When(paris(2026, 3, 2, 9), paris(2026, 3, 2, 9, 30), zone="Europe/Paris")
WINDOWS = "DTSTART;TZID=Romance Standard Time"
SERIES = follow_up(when=NINE)


def occurrences(data):
    return {e.recurrence_id: e for e in read(data) if e.recurrence_id}


def at(*numbers):
    return paris(*numbers).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def test_nine_in_paris_stays_nine_in_paris():
    data = write(SERIES, rule=MONDAYS)
    assert b"RRULE:FREQ=MONTHLY;BYDAY=1MO\r\n" in data
    starts = [e.when.start.astimezone(NINE.start.tzinfo) for e in occurrences(data).values()]
    assert [s.hour for s in starts] == [9] * 10
    assert {s.utcoffset() for s in starts} == {timedelta(hours=1), timedelta(hours=2)}


def test_one_occurrence_is_done_and_the_others_are_not():
    data = write(SERIES, rule=MONDAYS)
    april = at(2026, 4, 6, 9)
    when = replace(NINE, start=paris(2026, 4, 6, 9), end=paris(2026, 4, 6, 9, 30))
    done = write(replace(SERIES, when=when, state=State.DONE), data, occurrence=april)
    found = occurrences(done)
    assert found[april].status == "COMPLETED"
    assert {k: e.status for k, e in found.items() if k != april}.keys() == found.keys() - {april}
    assert all(e.status == "CONFIRMED" for k, e in found.items() if k != april)
    assert [a for e in found.values() for a in e.alarms].__len__() == len(found) - 1
    assert differences(data, done)[0] == []
    # Said again it changes nothing; opened again it says so.
    assert write(replace(SERIES, when=when, state=State.DONE), done, occurrence=april) == done
    again = occurrences(write(replace(SERIES, when=when), done, occurrence=april))
    assert (again[april].status, again[april].alarms != ()) == ("CONFIRMED", True)


def test_an_occurrence_that_says_what_the_series_says_is_not_set_apart():
    data = write(SERIES, rule=MONDAYS)
    april = at(2026, 4, 6, 9)
    when = replace(NINE, start=paris(2026, 4, 6, 9), end=paris(2026, 4, 6, 9, 30))
    assert write(replace(SERIES, when=when), data, occurrence=april) == data


@pytest.mark.parametrize(
    ("start", "more", "name"),
    [
        (
            "DTSTART;TZID=Romance Standard Time:20260302T090000",
            "DURATION:PT30M",
            "20260406T070000Z",
        ),
        ("DTSTART:20260302T080000Z", "DTEND:20260302T083000Z", "20260406T080000Z"),
        ("DTSTART;VALUE=DATE:20260302", "DTEND;VALUE=DATE:20260303", "20260406"),
        ("DTSTART:20260302T090000", "DTEND:20260302T093000", "20260406T070000Z"),
    ],
)
def test_on_the_clock_of_a_persons_series_an_occurrence_is_moved(start, more, name):
    base = vevent(start, more, f"RRULE:{MONDAYS}", "SUMMARY:Relance ACME", "X-PHONE:1")
    later = When(paris(2026, 4, 8, 15), paris(2026, 4, 8, 16), zone="Europe/Paris")
    theirs = replace(SERIES, when=later, origin=Origin.PERSON)
    moved = write(theirs, base, occurrence=name, marked=False)
    assert differences(base, moved)[0] == []
    assert moved.count(b"X-PHONE:1") == 2
    found = occurrences(moved)
    assert found[name].when.start == later.start
    assert len(found) == len(occurrences(base))
    assert write(theirs, moved, occurrence=name, marked=False) == moved


def test_an_occurrence_is_taken_out_once_with_what_was_changed_of_it():
    data = write(SERIES, rule=MONDAYS)
    april = at(2026, 4, 6, 9)
    when = replace(NINE, start=paris(2026, 4, 7, 9), end=paris(2026, 4, 7, 9, 30))
    moved = write(replace(SERIES, when=when), data, occurrence=april)
    out = ical.without(moved, "u1", april, "Europe/Paris")
    assert differences(data, out) == ([], ["EXDATE;TZID=Europe/Paris:20260406T090000"])
    assert april not in occurrences(out)
    assert ical.without(out, "u1", april, "Europe/Paris") == out


def test_a_task_that_repeats_is_done_once():
    base = vtodo("DUE;TZID=Europe/Paris:20260302T090000", f"RRULE:{MONDAYS}", "SUMMARY:Relance")
    april = at(2026, 4, 6, 9)
    when = When(paris(2026, 4, 6, 9), zone="Europe/Paris")
    task = follow_up(when=when, title="Relance", state=State.DONE, origin=Origin.PERSON)
    found = occurrences(write(task, base, occurrence=april, marked=False))
    assert found[april].status == "COMPLETED"
    assert len([e for e in found.values() if e.status == "COMPLETED"]) == 1


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=MONTHLY;BYDAY=1MO", (2026, 4, 6)),
        ("FREQ=WEEKLY;BYDAY=TU,TH", (2026, 3, 3)),
        ("FREQ=DAILY", (2026, 3, 3)),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", (2028, 2, 29)),
    ],
)
def test_the_first_time_is_the_first_that_the_rule_yields(rule, expected):
    when = When(paris(2026, 3, 3, 9), paris(2026, 3, 3, 10), zone="Europe/Paris")
    first = ical.first(rule, when)
    assert first.start == paris(*expected, 9)
    assert first.end - first.start == timedelta(hours=1)


@pytest.mark.parametrize(
    "rule", ["FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;UNTIL=20250101T000000Z"]
)
def test_a_rule_that_yields_nothing_has_no_first_time(rule):
    when = When(paris(2026, 3, 3, 9), zone="Europe/Paris")
    assert ical.first(rule, when) is None
