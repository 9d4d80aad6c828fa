"""Series: summer time, exceptions, changed occurrences, and rules that would run for ever."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import Unreadable
from tests.connectors.ical.objects import PARIS, calendar, paris, read, vevent, vtodo

WEEKLY = [
    "DTSTART;TZID=Europe/Paris:20260316T100000",
    "DTEND;TZID=Europe/Paris:20260316T110000",
    "RRULE:FREQ=WEEKLY;COUNT=4",
    "SUMMARY:Point ACME",
]


def split(events):
    return [e for e in events if e.recurs], [e for e in events if not e.recurs]


def test_a_series_keeps_its_hour_over_the_change_of_summer_time():
    (master,), found = split(read(vevent(*WEEKLY)))
    assert (master.recurrence_id, master.when.start) == (None, paris(2026, 3, 16, 10))
    assert [(e.recurrence_id, e.when.start, e.when.end) for e in found] == [
        ("20260316T090000Z", paris(2026, 3, 16, 10), paris(2026, 3, 16, 11)),
        ("20260323T090000Z", paris(2026, 3, 23, 10), paris(2026, 3, 23, 11)),
        ("20260330T080000Z", paris(2026, 3, 30, 10), paris(2026, 3, 30, 11)),
        ("20260406T080000Z", paris(2026, 4, 6, 10), paris(2026, 4, 6, 11)),
    ]


def test_and_over_the_one_in_autumn():
    lines = ["DTSTART;TZID=Europe/Paris:20261024T023000", "RRULE:FREQ=DAILY;COUNT=3"]
    _, found = split(read(vevent(*lines)))
    assert [e.recurrence_id for e in found] == [
        "20261024T003000Z",
        "20261025T003000Z",
        "20261026T013000Z",
    ]


def test_a_travellers_series_keeps_the_hour_of_where_it_was_made():
    """New York puts its clocks on three weeks before Paris, and back a week after it."""
    lines = ["DTSTART;TZID=Eastern Standard Time:{}T090000", "RRULE:FREQ=WEEKLY;COUNT=5"]
    for first, hours in (("20260303", [15, 14, 14, 14, 15]), ("20261013", [15, 15, 14, 15, 15])):
        _, found = split(read(vevent(lines[0].format(first), lines[1])))
        assert {e.when.start.hour for e in found} == {9}
        assert {e.when.zone for e in found} == {"America/New_York"}
        assert [e.when.start.astimezone(PARIS).hour for e in found] == hours


def test_moved_cancelled_and_excluded_occurrences():
    def changed(at, *lines):
        head = ["BEGIN:VEVENT", "UID:u1", "DTSTAMP:20260101T000000Z"]
        return [*head, f"RECURRENCE-ID;TZID=Europe/Paris:{at}", *lines, "END:VEVENT"]

    data = calendar(
        "BEGIN:VEVENT",
        "UID:u1",
        *WEEKLY,
        "EXDATE;TZID=Europe/Paris:20260323T100000",
        "END:VEVENT",
        *changed("20260330T100000", "DTSTART;TZID=Europe/Paris:20260331T150000", "SUMMARY:Déplacé"),
        *changed(
            "20260406T100000", "DTSTART;TZID=Europe/Paris:20260406T100000", "STATUS:CANCELLED"
        ),
    )
    _, found = split(read(data))
    assert [(e.recurrence_id, e.when.start, e.summary, e.status) for e in found] == [
        ("20260316T090000Z", paris(2026, 3, 16, 10), "Point ACME", ""),
        ("20260330T080000Z", paris(2026, 3, 31, 15), "Déplacé", ""),
        ("20260406T080000Z", paris(2026, 4, 6, 10), "", "CANCELLED"),
    ]


def test_a_change_of_this_and_all_following_keeps_each_one_apart():
    data = calendar(
        *["BEGIN:VEVENT", "UID:u1", *WEEKLY, "END:VEVENT"],
        *["BEGIN:VEVENT", "UID:u1", "SUMMARY:Plus tard"],
        "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Paris:20260330T100000",
        "DTSTART;TZID=Europe/Paris:20260330T120000",
        "END:VEVENT",
    )
    _, found = split(read(data))
    assert [(e.recurrence_id, e.when.start.hour) for e in found] == [
        ("20260316T090000Z", 10),
        ("20260323T090000Z", 10),
        ("20260330T080000Z", 12),
        ("20260406T080000Z", 12),
    ]


def test_one_occurrence_of_somebody_elses_series():
    lines = ["RECURRENCE-ID:20260330T080000Z", "DTSTART:20260330T090000Z", "SUMMARY:Invité"]
    (event,) = read(vevent(*lines))
    assert (event.recurs, event.recurrence_id) == (False, "20260330T080000Z")


@pytest.mark.parametrize(
    "spelling",
    [
        "RECURRENCE-ID:20260330T080000Z",
        "RECURRENCE-ID;TZID=America/New_York:20260330T040000",
        "RECURRENCE-ID;TZID=Romance Standard Time:20260330T100000",
        # On the clock of the series, wherever it is read.
        "RECURRENCE-ID:20260330T100000",
        "RECURRENCE-ID;VALUE=DATE:20260330",
        "RECURRENCE-ID:20260330",
    ],
)
def test_however_an_occurrence_is_named_it_is_the_same_one(spelling):
    data = calendar(
        *["BEGIN:VEVENT", "UID:u1", *WEEKLY, "END:VEVENT"],
        *["BEGIN:VEVENT", "UID:u1", "SUMMARY:Déplacé", spelling],
        *["DTSTART;TZID=Europe/Paris:20260331T150000", "END:VEVENT"],
    )
    _, found = split(read(data, "Asia/Tokyo"))
    assert [(e.recurrence_id, e.summary) for e in found] == [
        ("20260316T090000Z", "Point ACME"),
        ("20260323T090000Z", "Point ACME"),
        ("20260330T080000Z", "Déplacé"),
        ("20260406T080000Z", "Point ACME"),
    ]


@pytest.mark.parametrize(
    "spelling", ["EXDATE:20260323T100000", "EXDATE:20260323T090000Z", "EXDATE;VALUE=DATE:20260323"]
)
def test_however_an_occurrence_is_struck_out_it_is_gone(spelling):
    _, found = split(read(vevent(*WEEKLY, spelling), "Asia/Tokyo"))
    assert [e.when.start.day for e in found] == [16, 30, 6]


def test_occurrences_without_their_series_stand_for_themselves_whenever_they_are():
    def changed(at, start, sequence):
        yield from ("BEGIN:VEVENT", "UID:u1", f"RECURRENCE-ID:{at}", f"DTSTART:{start}")
        yield from (f"SEQUENCE:{sequence}", "END:VEVENT")

    found = read(
        calendar(
            *changed("20200330T080000Z", "20200330T090000Z", 0),
            *changed("20300330T080000Z", "20300330T100000Z", 2),
            *changed("20300330T080000Z", "20300330T090000Z", 1),
        )
    )
    assert [(e.recurrence_id, e.when.start.hour, e.recurs) for e in found] == [
        ("20200330T080000Z", 9, False),
        ("20300330T080000Z", 10, False),
    ]


def test_all_day_occurrences_are_named_by_their_day_wherever_they_are_read():
    data = vevent("DTSTART;VALUE=DATE:20260328", "RRULE:FREQ=DAILY;COUNT=3")
    for zone in ("Europe/Paris", "Asia/Tokyo"):
        _, found = split(read(data, zone))
        assert [e.recurrence_id for e in found] == ["20260328", "20260329", "20260330"]
        assert all(e.when.all_day and e.when.start.hour == 0 for e in found)


def test_rdate_adds_and_a_period_has_its_own_length():
    data = vevent(
        "DTSTART:20260302T090000Z",
        "DURATION:PT1H",
        "RDATE:20260305T090000Z",
        "RDATE;VALUE=PERIOD:20260306T090000Z/PT3H",
    )
    _, found = split(read(data))
    assert [(e.when.start.day, (e.when.end - e.when.start).seconds // 3600) for e in found] == [
        (2, 1),
        (5, 1),
        (6, 3),
    ]


def test_what_a_series_says_is_said_at_each_occurrence():
    """Guests and texts as they stand, alarms counted from each start."""
    data = vevent(
        *[*WEEKLY, "ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@acme.example", "LOCATION:Lyon"],
        *["BEGIN:VALARM", "ACTION:EMAIL", "TRIGGER;RELATED=END:-PT30M", "END:VALARM"],
        *["BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:20260316T080000Z", "REPEAT:2", "END:VALARM"],
    )
    (master,), found = split(read(data))
    assert {(e.attendees, e.location, e.sequence) for e in found} == {(master.attendees, "Lyon", 0)}
    assert [[a.before for a in e.alarms] for e in found[:2]] == [
        [timedelta(minutes=-30), timedelta(hours=1)],
        [timedelta(minutes=-30), timedelta(days=7, hours=1)],
    ]


def test_a_rule_that_names_the_calendar_that_all_have():
    data = vevent(WEEKLY[0], "RRULE:RSCALE=GREGORIAN;FREQ=WEEKLY;COUNT=2;SKIP=OMIT")
    assert len(split(read(data))[1]) == 2


@pytest.mark.parametrize(
    "rule", ["RSCALE=CHINESE;FREQ=YEARLY", "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=FORWARD"]
)
def test_a_rule_by_another_calendar_says_so(rule):
    with pytest.raises(Unreadable, match="another calendar"):
        read(vevent(WEEKLY[0], f"RRULE:{rule}"))


@pytest.mark.parametrize("line", ["RDATE;VALUE=TIME:083000", "EXDATE:T100000"])
def test_a_time_without_a_day_is_refused_by_its_name(line):
    with pytest.raises(Unreadable, match="DATE that can't be read"):
        read(vevent(WEEKLY[0], line))


def test_only_the_horizon_is_listed():
    data = vevent("DTSTART:20200101T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY")
    since, until = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC)
    (master,), found = split(read(data, since=since, until=until))
    assert master.when.start.year == 2020
    assert [e.when.start.day for e in found] == [1, 2, 3]


@pytest.mark.parametrize("until", ["20260330", "20260330T080000Z", "20260330T100000"])
def test_the_end_of_a_series_in_every_spelling(until):
    data = vevent(WEEKLY[0], f"RRULE:FREQ=WEEKLY;UNTIL={until}")
    _, found = split(read(data))
    assert [e.when.start.day for e in found] == [16, 23, 30]


def test_a_task_that_repeats():
    data = vtodo("DTSTART:20260302T090000Z", "DUE:20260302T100000Z", "RRULE:FREQ=DAILY;COUNT=2")
    _, found = split(read(data))
    assert [e.when.start.day for e in found] == [2, 3]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY;COUNT=100000",
        "FREQ=HOURLY",
        "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12;BYMINUTE=1,2,3,4,5,6,7,8,9",
        "FREQ=MONTHLY;BYSECOND=" + ",".join(map(str, range(60))) + ";BYMINUTE=1,2,3,4,5,6,7,8,9",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;COUNT=-1;BYDAY=XX",
        "FREQ=DAILY;BYMONTH=" + ",".join(["1"] * 1000),
    ],
)
def test_a_rule_that_gives_too_much_is_refused_quickly(rule):
    began = time.monotonic()
    with pytest.raises(Unreadable):
        read(vevent("DTSTART:20260101T000000Z", f"RRULE:{rule}"))
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
        "FREQ=MONTHLY;BYDAY=6MO",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=31",
        "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2",
        "FREQ=WEEKLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;UNTIL=20250101T000000Z",
    ],
)
def test_a_rule_that_never_happens_ends_quickly_with_its_first_date(rule):
    began = time.monotonic()
    _, found = split(read(vevent("DTSTART:20260101T000000Z", f"RRULE:{rule}")))
    assert [e.recurrence_id for e in found] == ["20260101T000000Z"]
    assert time.monotonic() - began < 3
