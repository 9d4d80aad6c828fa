"""Properties that hold for any follow-up and any bytes."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from connectors import ical
from connectors.errors import Unreadable
from connectors.ical.lines import clean, content, escape, parse, unescape
from connectors.ical.times import ended
from rules.model.followups import Origin, Reminder, State
from rules.model.sightings import Component, When
from tests.connectors.ical.objects import NOW, SINCE, UNTIL, follow_up, one, vevent, write

QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ZONES = ["Europe/Paris", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"]
INSTANTS = st.datetimes(
    datetime(2020, 1, 1),
    datetime(2036, 1, 1),
    timezones=st.just(UTC),
).map(lambda at: at.replace(microsecond=0))
TEXT = st.text(max_size=120)


@st.composite
def whens(draw):
    zone = draw(st.sampled_from(ZONES))
    start = draw(INSTANTS).astimezone(ZoneInfo(zone))
    if draw(st.booleans()):
        end = start + timedelta(minutes=draw(st.integers(1, 3000)))
        return When(start, draw(st.sampled_from([None, end])), zone=zone)
    first = datetime(start.year, start.month, start.day, tzinfo=ZoneInfo(zone))
    return When(first, first + timedelta(days=draw(st.integers(1, 9))), all_day=True, zone=zone)


FOLLOW_UPS = st.builds(
    follow_up,
    title=TEXT,
    description=TEXT,
    place=TEXT,
    when=whens(),
    key=st.text("abc-:;,\\ é", min_size=1, max_size=60).map(str.strip).filter(bool),
    priority=st.integers(0, 9),
    component=st.sampled_from(Component),
    state=st.sampled_from(State),
    percent=st.integers(0, 99),
    reminders=st.lists(
        st.integers(0, 10_000).map(lambda n: Reminder(timedelta(minutes=n))), max_size=2
    ).map(tuple),
)


@QUICK
@given(FOLLOW_UPS, st.sampled_from(ZONES))
def test_what_is_written_is_read_again(what, zone):
    data = write(what, zone=zone)
    event = one(data, what.when.zone if what.when.all_day else zone)
    assert event.uid == what.uid
    assert event.summary == clean(what.title)
    assert event.description == clean(what.description)
    assert event.location == clean(what.place)
    assert event.follow_up_key == what.key
    assert event.priority == what.priority
    assert (event.when.all_day, event.when.start) == (what.when.all_day, what.when.start)
    assert event.when.end == ended(what.when, what.component).end
    states = {"COMPLETED": State.DONE, "CANCELLED": State.NOT_NEEDED}
    assert states.get(event.status, State.TO_DO) == what.state
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    assert data.replace(b"\r\n", b"").find(b"\n") < 0


@QUICK
@given(FOLLOW_UPS, FOLLOW_UPS)
def test_writing_over_says_the_new_and_writing_again_changes_nothing(old, new):
    new = replace(new, component=old.component)
    data = write(new, write(old))
    assert write(new, data) == data
    event = one(data, new.when.zone if new.when.all_day else "Europe/Paris")
    assert event.summary.strip() == clean(new.title).strip()
    assert event.when.start == new.when.start
    if new.when.end is not None:
        assert event.when.end == new.when.end


FOREIGN = st.lists(
    st.tuples(
        st.from_regex(r"X-[A-Z][A-Z0-9-]{0,20}", fullmatch=True).filter(
            lambda name: not name.startswith("X-SUIVI")
        ),
        st.sampled_from(["", ";LANGUAGE=fr", ';X-P="a:b;c"']),
        TEXT.map(clean).map(lambda text: text.replace("\n", "")),
        st.booleans(),
    ),
    max_size=12,
)


@QUICK
@given(FOREIGN, FOLLOW_UPS, st.sampled_from(Origin))
def test_what_is_not_ours_keeps_its_bytes_and_its_order(foreign, what, origin):
    def line(name, params, value, odd):
        # A fold where we would make none.
        raw = content(name, value, params)
        at = len(name) + len(params) + 1
        return raw[:at] + b"\r\n\t" + raw[at:] if odd else raw

    alien = [line(*each) for each in foreign]
    half = len(alien) // 2
    alarm = b"BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:-PT3M\r\nX-WR:1\r\nEND:VALARM\r\n"
    base = vevent("DTSTART:20260302T090000Z", "SUMMARY:theirs")
    head, tail = base.split(b"DTSTART")
    base = head + b"".join(alien[:half]) + b"DTSTART" + tail
    base = base.replace(b"END:VEVENT", b"".join(alien[half:]) + alarm + b"END:VEVENT")
    what = replace(what, origin=origin, component=Component.VEVENT)
    written = write(what, base)
    kept = [each.raw for each in parse(written) if each.raw in set(alien)]
    assert kept == [each for each in alien]  # noqa: C416  bytes and order
    assert alarm in written


@QUICK
@given(TEXT)
def test_escaped_text_is_read_as_it_was(text):
    assert unescape(escape(text)) == clean(text)


@QUICK
@given(st.binary(max_size=400))
@example(b"\xef\xbb\xbfBEGIN:VCALENDAR\nEND:VCALENDAR")
def test_lines_taken_apart_are_the_same_bytes(data):
    try:
        lines = parse(data)
    except Unreadable:
        return
    assert b"".join(line.raw for line in lines) == data


PIECES = st.sampled_from(
    [
        *["BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "BEGIN:VTODO"],
        *["END:VTODO", "BEGIN:VALARM", "END:VALARM", "BEGIN:VTIMEZONE", "END:VTIMEZONE", "UID:a"],
        *["DTSTART:20260101T000000Z", "DTSTART;VALUE=DATE:20260101", "DTSTART;TZID=Foo:00010101T0"],
        *["DTSTART;TZID=Foo:99991231T235959", "DTSTART:00010101", "DTEND:99991231T235959Z"],
        *[
            "RRULE:FREQ=DAILY",
            "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
            "RRULE:FREQ=DAILY;COUNT=",
        ],
        *["RRULE:FREQ=MONTHLY;BYDAY=5FR;BYSETPOS=-1", "RRULE:COUNT=3", "EXDATE:20260101T000000Z"],
        *["EXDATE;VALUE=DATE:20260103", "RDATE;VALUE=PERIOD:20260101T000000Z/PT1H", "RDATE:x"],
        *["RECURRENCE-ID:20260102T000000Z", "RECURRENCE-ID;RANGE=THISANDFUTURE:20260103T000000Z"],
        *["DURATION:P9999999D", "DURATION:-P1D", "TRIGGER:-PT5M", "TRIGGER:P", "ACTION:EMAIL"],
        *["ATTENDEE:mailto:", "ORGANIZER;CN=:x", "SEQUENCE:99999999999", "STATUS:", "TZID:Foo"],
        *[
            "BEGIN:STANDARD",
            "END:STANDARD",
            "TZOFFSETTO:+9999",
            "TZOFFSETFROM:+0100",
            "DUE:20260101",
        ],
        *["CALSCALE:JULIAN", "CATEGORIES:,,", ":", ";", " folded", "X;=:", "COMPLETED:20260101"],
    ]
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PIECES | st.text(max_size=20), max_size=25), st.booleans())
def test_broken_objects_are_unreadable_and_nothing_else(pieces, framed):
    frame = ["BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:u", "DTSTART:20260105T100000Z"]
    ends = ["END:VEVENT", "END:VCALENDAR"]
    lines = [*frame, *pieces, *ends] if framed else pieces
    data = "\r\n".join(lines).encode("utf-8", "surrogatepass")
    for use in (
        lambda: ical.read(data, "Europe/Paris", SINCE, UNTIL),
        lambda: ical.write(follow_up(), "Europe/Paris", base=data, url="", now=NOW),
        lambda: ical.outside_attendees(data, lambda _: True),
    ):
        try:
            use()
        except Unreadable as refused:
            assert "\n" not in str(refused)


BIG = {
    "one line of a megabyte": lambda: vevent(
        "DTSTART:20260105T100000Z", "DESCRIPTION:" + "x" * 1_000_000
    ),
    "a megabyte of folds": lambda: vevent(
        "DTSTART:20260105T100000Z", "DESCRIPTION:" + "\r\n ".join("x" * 300_000)
    ),
    "a megabyte of parameters": lambda: vevent(
        "DTSTART:20260105T100000Z", "ATTENDEE" + ";A=b" * 250_000 + ":mailto:x@y.example"
    ),
    "ten thousand events": lambda: (
        b"BEGIN:VCALENDAR\r\n"
        + b"BEGIN:VEVENT\r\nUID:a\r\nDTSTART:20260105T100000Z\r\nEND:VEVENT\r\n" * 10_000
        + b"END:VCALENDAR\r\n"
    ),
    "ten thousand attendees": lambda: vevent(
        "DTSTART:20260105T100000Z", *["ATTENDEE;CN=x:mailto:x@y.example"] * 10_000
    ),
    "ten thousand dates": lambda: vevent(
        "DTSTART:20260105T100000Z", *["RDATE:" + ",".join(["20260106T100000Z"] * 1000)] * 10
    ),
    "a nest of components": lambda: b"BEGIN:VCALENDAR\r\n" + b"BEGIN:VEVENT\r\n" * 100_000,
    "an attachment": lambda: vevent(
        "DTSTART:20260105T100000Z", "ATTACH;ENCODING=BASE64;VALUE=BINARY:" + "QUJD" * 1_000_000
    ),
}


@pytest.mark.parametrize("name", BIG)
def test_what_is_big_is_done_with_quickly(name):
    data = BIG[name]()
    began = time.process_time()
    try:
        ical.read(data, "Europe/Paris", SINCE, UNTIL)
    except Unreadable as refused:
        assert len(str(refused)) < 200
    assert time.process_time() - began < 5
