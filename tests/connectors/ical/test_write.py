"""Follow-ups written fresh, and into objects that are somebody's own."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors import ical
from connectors.errors import Unreadable
from connectors.ical.lines import parse
from rules.model.followups import Assignee, Origin, Reminder, State
from rules.model.people import UserId
from rules.model.sightings import Alarm, Component, When
from tests.connectors.ical.objects import (
    NOW,
    URL,
    calendar,
    follow_up,
    one,
    paris,
    read,
    vevent,
    vtodo,
    write,
)

STAMPS = ("DTSTAMP:", "LAST-MODIFIED:")


def differences(before, after):
    """Lines taken out and lines put in, but for the stamps."""
    old = before.decode().splitlines(keepends=True)
    new = after.decode().splitlines(keepends=True)
    out = [line.strip() for line in old if line not in new and not line.startswith(STAMPS)]
    put = [line.strip() for line in new if line not in old and not line.startswith(STAMPS)]
    return out, put


def test_a_fresh_event_word_for_word():
    data = write(follow_up(description="Devis, v2; suite", place="Lyon", priority=3))
    text = data.decode()
    assert text.startswith("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//suivi//suivi//EN\r\n")
    assert text[text.index("BEGIN:VEVENT") :].split("\r\n") == [
        "BEGIN:VEVENT",
        "UID:u1",
        "DTSTAMP:20260201T080000Z",
        "CREATED:20260201T080000Z",
        "LAST-MODIFIED:20260201T080000Z",
        "DTSTART;TZID=Europe/Paris:20260302T100000",
        "DTEND;TZID=Europe/Paris:20260302T103000",
        "SUMMARY:Relance ACME",
        "DESCRIPTION:Devis\\, v2\\; suite",
        "LOCATION:Lyon",
        "PRIORITY:3",
        "URL:https://suivi.example/follow-ups/7",
        "CATEGORIES:Follow-up,Relance",
        "STATUS:CONFIRMED",
        "X-SUIVI-FOLLOW-UP:k-7",
        "X-SUIVI-RINGS:-PT60M",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "DESCRIPTION:Relance ACME",
        "TRIGGER:-PT60M",
        "X-SUIVI-ALARM:1",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


def test_who_is_not_busy_meanwhile_stays_free():
    mine = follow_up(assignees=(Assignee(UserId(1), owner=True, busy=False),))
    assert write(mine).count(b"TRANSP:TRANSPARENT\r\n") == 1
    # An object of ours learns it; what somebody chose on their phone was merged before; a person's
    # own object stays as it is.
    ours = write(follow_up())
    assert b"TRANSP" not in ours
    assert differences(ours, write(mine, ours)) == ([], ["TRANSP:TRANSPARENT"])
    chosen = ours.replace(b"SUMMARY", b"TRANSP:OPAQUE\r\nSUMMARY", 1)
    assert differences(chosen, write(mine, chosen)) == (["TRANSP:OPAQUE"], ["TRANSP:TRANSPARENT"])
    assert b"TRANSP" not in write(replace(mine, origin=Origin.PERSON), ours)


def test_nobody_is_ever_invited():
    for base in (None, vevent("DTSTART:20260302T090000Z")):
        names = {line.name for line in parse(write(follow_up(), base))}
        assert not names & {"ATTENDEE", "ORGANIZER"}


def test_the_assignee_reads_their_own_clock():
    data = write(follow_up(), zone="America/New_York")
    assert b"DTSTART;TZID=America/New_York:20260302T040000" in data
    assert b"BEGIN:VTIMEZONE\r\nTZID:America/New_York" in data
    assert one(data).when.start == follow_up().when.start


def test_the_hour_that_comes_twice_is_written_in_utc():
    when = When(datetime(2026, 10, 25, 1, 30, tzinfo=UTC), zone="UTC")
    data = write(follow_up(when=when))
    assert b"DTSTART:20261025T013000Z" in data
    assert one(data).when.start == when.start


def test_a_whole_day_is_a_date_and_rings_in_the_morning():
    when = When(paris(2026, 3, 29), None, all_day=True, zone="Europe/Paris")
    data = write(follow_up(when=when), zone="America/New_York")
    assert b"DTSTART;VALUE=DATE:20260329\r\n" in data
    assert b"VTIMEZONE" not in data
    assert one(data).alarms == (Alarm("DISPLAY", timedelta(hours=-9)),)


def test_a_follow_up_without_end_is_an_event_with_one_and_keeps_the_persons_length():
    open_end = follow_up(when=When(paris(2026, 3, 2, 10), zone="Europe/Paris"))
    data = write(open_end)
    assert one(data).when.end == paris(2026, 3, 2, 10, 30)
    assert write(open_end, data) == data
    longer = data.replace(b"20260302T103000", b"20260302T120000")
    assert write(open_end, longer) == longer
    later = replace(open_end, when=When(paris(2026, 7, 1, 10), zone="Europe/Paris"))
    assert one(write(later, longer)).when.end == paris(2026, 7, 1, 12)
    day = When(paris(2026, 3, 28), all_day=True, zone="Europe/Paris")
    assert b"DTEND;VALUE=DATE:20260329" in write(follow_up(when=day))


def test_a_task_in_its_three_states():
    task = follow_up(component=Component.VTODO, when=When(paris(2026, 3, 2, 10), zone="UTC"))
    data = write(task)
    assert b"DUE;TZID=Europe/Paris:20260302T100000\r\n" in data
    assert b"DTSTART;TZID" not in data
    assert b"TRIGGER;RELATED=END:-PT60M" in data
    assert one(data).status == "NEEDS-ACTION"
    done = write(replace(task, state=State.DONE), data)
    event = one(done)
    assert (event.status, event.percent, event.completed) == ("COMPLETED", 100, NOW)
    assert event.alarms == ()
    half = one(write(replace(task, percent=50), done))
    assert (half.status, half.percent, half.completed) == ("IN-PROCESS", 50, None)
    assert one(write(replace(task, state=State.NOT_NEEDED), data)).status == "CANCELLED"
    assert one(write(task, done)).status == "NEEDS-ACTION"


@pytest.mark.parametrize(
    ("state", "status"), [(State.DONE, "COMPLETED"), (State.NOT_NEEDED, "CANCELLED")]
)
def test_an_event_that_is_over_stays_in_the_calendar_and_says_so(state, status):
    data = write(follow_up())
    over = write(follow_up(state=state), data)
    assert "SUMMARY:✓ Relance ACME\r\n".encode() in over
    assert f"X-SUIVI-STATE:{state.value}".encode() in over
    assert b"VALARM" not in over
    event = one(over)
    assert (event.summary, event.status) == ("Relance ACME", status)
    again = write(follow_up(), over)
    assert differences(data, again) == ([], [])


def test_what_says_the_same_is_not_touched():
    data = write(follow_up())
    assert ical.write(follow_up(), "UTC", base=data, url=URL, now=NOW + timedelta(days=9)) == data


APPLE = vevent(
    "CREATED:20260101T000000Z",
    "DTSTART;TZID=Romance Standard Time:20260302T100000",
    "DURATION:PT30M",
    "SUMMARY;LANGUAGE=fr:Relance",
    "  ACME",
    "X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC",
    "URL:https://meet.example/abc",
    "DESCRIPTION:Ne pas\\noublier",
    "LOCATION:Café du coin",
    "TRANSP:OPAQUE",
    "BEGIN:VALARM",
    "UID:alarm-1",
    "TRIGGER:-PT7M",
    "ACTION:AUDIO",
    "END:VALARM",
)
THEIRS = follow_up(
    title="Relance ACME",
    when=When(paris(2026, 3, 2, 10), paris(2026, 3, 2, 10, 30), zone="Europe/Paris"),
    origin=Origin.PERSON,
)


def test_a_persons_event_gets_our_mark_and_keeps_every_other_byte():
    assert differences(APPLE, write(THEIRS, APPLE)) == ([], ["X-SUIVI-FOLLOW-UP:k-7"])


def test_a_link_comes_where_the_person_has_none_and_follows_us_when_we_move():
    base = vevent("DTSTART:20260302T090000Z", "DTEND:20260302T093000Z", "SUMMARY:Relance ACME")
    linked = write(THEIRS, base)
    assert differences(base, linked)[1] == ["X-SUIVI-FOLLOW-UP:k-7", f"URL:{URL}"]
    moved = write(THEIRS, linked, url=URL + "0")
    assert differences(linked, moved) == ([f"URL:{URL}"], [f"URL:{URL}0"])
    assert write(THEIRS, linked, url="") == linked


def test_postponing_moves_the_persons_event_on_its_own_clock():
    later = When(paris(2026, 7, 1, 14), paris(2026, 7, 1, 14, 30), zone="Europe/Paris")
    marked = write(THEIRS, APPLE)
    moved = write(replace(THEIRS, when=later), marked)
    assert differences(marked, moved) == (
        ["DTSTART;TZID=Romance Standard Time:20260302T100000"],
        ["DTSTART;TZID=Romance Standard Time:20260701T140000", "SEQUENCE:1"],
    )
    longer = replace(later, end=paris(2026, 7, 1, 16))
    assert differences(moved, write(replace(THEIRS, when=longer), moved)) == (
        ["DURATION:PT30M", "SEQUENCE:1"],
        ["SEQUENCE:2", "DTEND;TZID=Romance Standard Time:20260701T160000"],
    )


def test_a_whole_day_that_gets_an_hour_brings_its_zone_once():
    base = vevent("DTSTART;VALUE=DATE:20260302", "SUMMARY:Relance ACME")
    moved = write(THEIRS, base)
    assert moved.count(b"BEGIN:VTIMEZONE") == 1
    assert one(moved, "Asia/Tokyo").when == THEIRS.when
    day = When(paris(2026, 3, 5), None, all_day=True, zone="Europe/Paris")
    again = write(THEIRS, write(replace(THEIRS, when=day), moved))
    assert again.count(b"BEGIN:VTIMEZONE") == 1
    assert one(again).when == THEIRS.when


def test_nothing_of_a_persons_is_emptied():
    written = write(replace(THEIRS, state=State.DONE), APPLE)
    for kept in ("DESCRIPTION:Ne pas\\noublier", "LOCATION:Café du coin", "TRIGGER:-PT7M"):
        assert kept.encode() in written


def test_a_place_that_suivi_was_given_is_written_into_a_persons_event_too():
    written = write(replace(THEIRS, place="Lyon", priority=2), APPLE, marked=False)
    assert differences(APPLE, written) == (
        ["LOCATION:Café du coin"],
        ["LOCATION:Lyon", "PRIORITY:2"],
    )


def test_a_description_of_ours_is_emptied_when_it_is():
    data = write(follow_up(description="old"))
    assert b"DESCRIPTION:old" not in write(follow_up(), data)


def test_our_alarm_follows_the_reminder_and_a_persons_alarm_stays():
    data = write(follow_up())
    alarm = b"BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:-PT3M\r\nEND:VALARM\r\n"
    data = data.replace(b"END:VEVENT", alarm + b"END:VEVENT")
    earlier = write(follow_up(reminders=(Reminder(timedelta(hours=2)),)), data)
    assert alarm in earlier
    assert b"TRIGGER:-PT120M" in earlier
    assert b"TRIGGER:-PT60M" not in earlier
    assert b"X-SUIVI-ALARM" not in write(follow_up(), data, alarm=False)


def alarms(data):
    return [alarm.before for alarm in one(data).alarms]


def test_an_alarm_that_a_person_moved_or_took_away_stays_so_until_suivi_wants_another():
    data = write(follow_up())
    start = data.index(b"BEGIN:VALARM")
    end = data.index(b"END:VEVENT")
    without = data[:start] + data[end:]
    assert write(follow_up(title="New"), without).count(b"VALARM") == 0
    earlier = follow_up(reminders=(Reminder(timedelta(hours=2)),))
    assert alarms(write(earlier, without)) == [timedelta(hours=2)]
    # Moved, by a client that drops what it does not know.
    moved = data.replace(b"TRIGGER:-PT60M\r\nX-SUIVI-ALARM:1", b"TRIGGER:-PT2H")
    assert alarms(write(follow_up(title="New"), moved)) == [timedelta(hours=2)]
    written = write(earlier, moved)
    assert alarms(written) == [timedelta(hours=2)]
    assert write(earlier, written) == written
    # Done, it rings no more; opened again it does.
    over = write(follow_up(state=State.DONE), data)
    assert alarms(over) == []
    assert alarms(write(follow_up(), over)) == [timedelta(hours=1)]


def test_a_server_that_spells_our_alarm_otherwise_is_not_written_for_it():
    data = write(follow_up()).replace(b"TRIGGER:-PT60M", b"TRIGGER:-PT1H")
    data = data.replace(b"ACTION:DISPLAY\r\nDESCRIPTION", b"DESCRIPTION").replace(
        b"X-SUIVI-ALARM:1", b"ACTION:DISPLAY\r\nX-SUIVI-ALARM:1"
    )
    assert write(follow_up(), data) == data


def test_ticked_off_by_a_person_a_title_is_left_to_them():
    ticked = write(follow_up()).replace(b"SUMMARY:Relance", b"SUMMARY:[x] Relance")
    done = write(follow_up(state=State.DONE), ticked)
    assert b"SUMMARY:[x] Relance ACME" in done
    assert (one(done).summary, one(done).status) == ("Relance ACME", "COMPLETED")
    assert b"SUMMARY:Relance ACME" in write(follow_up(), done)
    # The tick taken out, it is to be done again.
    untick = done.replace(b"SUMMARY:[x] ", b"SUMMARY:")
    assert (one(untick).summary, one(untick).status) == ("Relance ACME", "CONFIRMED")


def test_unmarked_a_persons_event_gets_nothing_of_ours():
    later = When(paris(2026, 7, 1, 14), paris(2026, 7, 1, 14, 30), zone="Europe/Paris")
    assert write(THEIRS, APPLE, marked=False) == APPLE
    moved = write(replace(THEIRS, when=later), APPLE, marked=False)
    assert b"SUIVI" not in moved.upper()


def test_a_follow_up_of_a_meeting_is_related_to_it():
    assert b"RELATED-TO:meeting-1\r\n" in write(follow_up(), follows="meeting-1")


def test_as_what_it_stands_there_it_is_written():
    task = write(follow_up(component=Component.VTODO))
    done = write(follow_up(state=State.DONE), task)
    assert b"SUMMARY:Relance ACME" in done
    assert one(done).status == "COMPLETED"


def test_what_is_said_is_the_same_in_another_order_and_at_another_time():
    data = write(follow_up())
    later = ical.write(follow_up(), "Europe/Paris", base=None, url=URL, now=NOW + timedelta(days=1))
    assert later != data
    assert ical.semantics(later) == ical.semantics(data)
    moved = data.replace(b"PRIORITY", b"X").replace(b"STATUS:CONFIRMED\r\n", b"")
    assert ical.semantics(moved) != ical.semantics(data)
    again = moved.replace(b"SUMMARY", b"STATUS:CONFIRMED\r\nSUMMARY")
    assert ical.semantics(again) == ical.semantics(data)


def test_a_series_of_a_person_gets_the_mark_and_nothing_else():
    base = vevent("DTSTART:20260302T080000Z", "RRULE:FREQ=WEEKLY", "SUMMARY:Relance")
    written = write(replace(THEIRS, state=State.DONE), base)
    assert differences(base, written) == ([], ["X-SUIVI-FOLLOW-UP:k-7", f"URL:{URL}"])


def test_the_right_component_is_changed():
    base = calendar(
        *["BEGIN:VTODO", "UID:other", "SUMMARY:Other", "END:VTODO"],
        *["BEGIN:VEVENT", "UID:u1", "DTSTART:20260302T090000Z", "SUMMARY:Old", "END:VEVENT"],
    )
    written = write(follow_up(title="New"), base)
    assert {event.uid: event.summary for event in read(written)} == {"other": "Other", "u1": "New"}


def test_long_lines_are_folded_between_characters():
    data = write(follow_up(title="é€😀" * 60))
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    for line in data.split(b"\r\n"):
        line.decode()
    assert one(data).summary == "é€😀" * 60


def test_nothing_can_be_smuggled_into_another_property():
    title = "x\r\nATTENDEE:mailto:victim@acme.example\x00\x0b\u2028END:VEVENT"
    data = write(follow_up(title=title, key="k\r\nX-A:1", place="\x1b[31m"), url=URL + "\r\nX-B:1")
    names = {line.name for line in parse(data)}
    assert not names & {"ATTENDEE", "X-A", "X-B", ""}
    assert one(data).summary == "x\nATTENDEE:mailto:victim@acme.exampleEND:VEVENT"


@pytest.mark.parametrize(
    "base", [b"", b"<html>", vevent("DTSTART:never"), vtodo("DUE:20260302T090000Z")[:-9]]
)
def test_a_base_that_can_not_be_read_is_not_written_over(base):
    with pytest.raises(Unreadable):
        write(follow_up(), base)


@pytest.mark.parametrize(
    ("lines", "outside"),
    [
        ([], False),
        (["ATTENDEE:MAILTO:Anna@Company.example"], False),
        (["ATTENDEE;CN=B:mailto:bob@acme.example"], True),
        (["ORGANIZER:mailto:bob@acme.example"], True),
        (
            ["ATTENDEE:mailto:anna@company.example", "ATTENDEE;CN=B:mail", " to:b@acme.example"],
            True,
        ),
        (["ATTENDEE;EMAIL=anna@company.example:/principals/anna/"], False),
        (["ATTENDEE:urn:uuid:1"], True),
    ],
)
def test_outside_attendees(lines, outside):
    data = vevent("DTSTART:20260302T090000Z", *lines)
    own = lambda email: email.lower().endswith("@company.example")  # noqa: E731
    assert ical.outside_attendees(data, own) is outside
