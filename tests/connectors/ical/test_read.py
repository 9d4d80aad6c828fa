"""What single events and tasks say, value by value."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import Unreadable
from rules.model.people import Address
from rules.model.sightings import Alarm, Answer, Attendee, Component, When
from tests.connectors.ical.objects import calendar, one, paris, read, vevent, vtodo

START = "DTSTART;TZID=Europe/Paris:20260302T100000"


def test_a_meeting_says_everything_that_decides():
    event = one(
        vevent(
            START,
            "DTEND;TZID=Europe/Paris:20260302T113000",
            "SUMMARY:Point ACME\\, devis\\; suite",
            "DESCRIPTION:ligne 1\\nligne",
            " 2",
            "LOCATION:12 rue des Lilas",
            "STATUS:confirmed",
            "CLASS:CONFIDENTIAL",
            "SEQUENCE:3",
            "PRIORITY:5",
            "CATEGORIES:Relance,Clients\\, A",
            "CATEGORIES:Autre",
            "URL:https://meet.example/x",
            "LAST-MODIFIED:20260220T080000Z",
            'ORGANIZER;CN="Durand, Anna":MAILTO:anna@company.example',
            "ATTENDEE;CN=Bob;PARTSTAT=ACCEPTED:mailto:bob@acme.example",
            "ATTENDEE;PARTSTAT=DECLINED:Mailto:carl%2Bx@acme.example",
            "ATTENDEE;EMAIL=dora@acme.example:/principals/dora/",
            "ATTENDEE:urn:uuid:1234",
            "X-SUIVI-FOLLOW-UP:k\\;1",
        )
    )
    assert (event.uid, event.component, event.recurrence_id, event.recurs) == (
        "u1",
        Component.VEVENT,
        None,
        False,
    )
    assert event.summary == "Point ACME, devis; suite"
    assert event.description == "ligne 1\nligne2"
    assert event.location == "12 rue des Lilas"
    assert (event.status, event.class_, event.sequence) == ("CONFIRMED", "CONFIDENTIAL", 3)
    assert event.priority == 5
    assert event.categories == ("Relance", "Clients, A", "Autre")
    assert event.url == "https://meet.example/x"
    assert event.modified == datetime(2026, 2, 20, 8, tzinfo=UTC)
    assert event.organizer == Address("anna@company.example", "Durand, Anna")
    assert event.attendees == (
        Attendee(Address("bob@acme.example", "Bob"), Answer.ACCEPTED),
        Attendee(Address("carl+x@acme.example"), Answer.DECLINED),
        Attendee(Address("dora@acme.example"), Answer.NEEDS_ACTION),
    )
    assert event.follow_up_key == "k;1"
    assert event.when == When(paris(2026, 3, 2, 10), paris(2026, 3, 2, 11, 30), zone="Europe/Paris")


@pytest.mark.parametrize(
    ("lines", "start", "end", "zone"),
    [
        (["DTSTART:20260302T090000Z"], (2026, 3, 2, 10), None, "UTC"),
        (["DTSTART:20260302T100000"], (2026, 3, 2, 10), None, "Europe/Paris"),
        ([START, "DURATION:PT45M"], (2026, 3, 2, 10), (2026, 3, 2, 10, 45), "Europe/Paris"),
        (
            [START, "DTEND;TZID=Europe/Paris:20260302T100000"],
            (2026, 3, 2, 10),
            None,
            "Europe/Paris",
        ),
        (
            ["DTSTART;TZID=America/New_York:20260302T040000"],
            (2026, 3, 2, 10),
            None,
            "America/New_York",
        ),
        # A day on the clock, not 24 hours, over the night that is an hour short.
        (
            ["DTSTART;TZID=Europe/Paris:20260328T120000", "DURATION:P1D"],
            (2026, 3, 28, 12),
            (2026, 3, 29, 12),
            "Europe/Paris",
        ),
    ],
)
def test_times(lines, start, end, zone):
    when = one(vevent(*lines)).when
    assert when == When(paris(*start), None if end is None else paris(*end), zone=zone)


@pytest.mark.parametrize(
    ("lines", "end"),
    [
        (["DTSTART;VALUE=DATE:20260329"], None),
        (["DTSTART;VALUE=DATE:20260329", "DTEND;VALUE=DATE:20260330"], (2026, 3, 30)),
        (["DTSTART:20260329", "DTEND:20260329"], None),
        (["DTSTART;VALUE=DATE:20260329", "DURATION:P2D"], (2026, 3, 31)),
    ],
)
def test_all_day_events_start_at_midnight_of_the_reader(lines, end):
    last = None if end is None else paris(*end)
    assert one(vevent(*lines)).when == When(
        paris(2026, 3, 29), last, all_day=True, zone="Europe/Paris"
    )
    assert one(vevent(*lines), "Asia/Tokyo").when.zone == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("trigger", "before"),
    [
        ("TRIGGER:-PT15M", timedelta(minutes=15)),
        ("TRIGGER:PT0S", timedelta()),
        ("TRIGGER:PT10M", timedelta(minutes=-10)),
        ("TRIGGER;RELATED=END:-PT30M", timedelta(minutes=-30)),
        ("TRIGGER;VALUE=DATE-TIME:20260301T090000Z", timedelta(days=1)),
        ("TRIGGER:-P1DT2H", timedelta(days=1, hours=2)),
    ],
)
def test_alarms_in_all_their_forms(trigger, before):
    alarm = ["BEGIN:VALARM", "ACTION:email", trigger, "END:VALARM"]
    event = one(vevent(START, "DTEND;TZID=Europe/Paris:20260302T110000", *alarm))
    assert event.alarms == (Alarm("EMAIL", before),)


def test_an_alarm_that_makes_no_sense_does_not_hide_the_event():
    alarm = ["BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:PT-2H", "END:VALARM"]
    assert one(vevent(START, "SEQUENCE:a lot", *alarm)).alarms == ()


@pytest.mark.parametrize(
    ("lines", "start", "end"),
    [
        (["DUE:20260302T090000Z"], (2026, 3, 2, 10), None),
        (["DTSTART:20260302T090000Z", "DUE:20260302T100000Z"], (2026, 3, 2, 10), (2026, 3, 2, 11)),
        (["DTSTART:20260302T090000Z"], (2026, 3, 2, 10), None),
    ],
)
def test_a_task_happens_when_it_is_due(lines, start, end):
    when = one(vtodo(*lines, "SUMMARY:Relancer")).when
    assert when == When(paris(*start), None if end is None else paris(*end), zone="UTC")


def test_a_task_done_and_one_without_time():
    done = one(vtodo("STATUS:COMPLETED", "COMPLETED:20260301T080000Z", "PERCENT-COMPLETE:100"))
    assert (done.when, done.status, done.percent) == (None, "COMPLETED", 100)
    assert done.completed == datetime(2026, 3, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lines", "only"),
    [
        ([], True),
        (["SUMMARY:Busy"], True),
        (["SUMMARY:Occupé"], True),
        (["SUMMARY:ACME"], False),
        (["SUMMARY:Busy", "LOCATION:ACME"], False),
    ],
)
def test_an_event_that_only_shows_that_time_is_taken(lines, only):
    assert one(vevent(START, *lines)).free_busy_only is only


def test_a_class_that_nobody_knows_is_private():
    assert one(vevent(START, "CLASS:X-SECRET")).class_ == "PRIVATE"


def test_what_is_neither_event_nor_task_gives_nothing():
    free = ["BEGIN:VFREEBUSY", "UID:f", "DTSTAMP:20260101T000000Z", "END:VFREEBUSY"]
    assert read(calendar(*free)) == ()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>Log in</html>",
        b"BEGIN:VCARD\r\nFN:x\r\nEND:VCARD\r\n",
        vevent("SUMMARY:no start"),
        vevent("DTSTART:tomorrow"),
        vevent("DTSTART:20260230T100000Z"),
        vevent(START)[:-20],
        vevent(START).replace(b"UID:u1\r\n", b""),
        vevent(START, "SUMMARY:\x00"),
        vevent(START, "RRULE:FREQ=FORTNIGHTLY"),
    ],
)
def test_what_can_not_be_read_says_so_in_one_line(data):
    with pytest.raises(Unreadable) as refused:
        read(data)
    assert "\n" not in str(refused.value)


def test_latin_letters_in_the_wrong_charset_are_read():
    data = vevent(START, "SUMMARY:Été").replace("Été".encode(), "Été".encode("cp1252"))
    assert one(data).summary == "Été"
