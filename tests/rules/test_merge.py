"""Merge: both sides changed a follow-up; field by field, the person's calendar wins."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import merge
from rules.merge import Changes
from rules.model.followups import Assignee, Origin, Reminder, State
from rules.model.people import UserId
from rules.model.sightings import Alarm, Component, Event, When
from tests.rules.house import MARC, NOW, follow_up

AT = NOW + timedelta(days=2)
HOUR = timedelta(hours=1)
PARIS = ZoneInfo("Europe/Paris")


def event(**more):
    fields = {
        "uid": "u",
        "component": Component.VEVENT,
        "summary": "Relance Acme",
        "when": When(AT, zone="Europe/Paris"),
        "alarms": (Alarm("DISPLAY", HOUR),),
    } | more
    return Event(**fields)


OURS = follow_up(when=When(AT, zone="Europe/Paris"))
BASE = event()
LATER = When(AT + HOUR, zone="Europe/Paris")
LATEST = When(AT + 2 * HOUR, zone="Europe/Paris")


def test_nothing_changed_anywhere():
    assert merge.merge(BASE, OURS, BASE).apply == Changes()


def test_moved_by_the_person():
    merged = merge.merge(BASE, OURS, event(when=LATER))
    assert merged.apply == Changes(when=LATER)
    assert merged.kept == ()


def test_moved_by_us():
    merged = merge.merge(BASE, replace(OURS, when=LATER), BASE)
    assert (merged.apply, merged.push) == (Changes(), True)


def test_moved_by_us_and_renamed_by_the_person():
    merged = merge.merge(BASE, replace(OURS, when=LATER), event(summary="Rappeler Acme"))
    assert (merged.apply, merged.push) == (Changes(title="Rappeler Acme"), True)
    assert merged.kept == ()


def test_moved_by_both_the_persons_calendar_wins_and_ours_is_told():
    merged = merge.merge(BASE, replace(OURS, when=LATER), event(when=LATEST))
    assert merged.apply == Changes(when=LATEST)
    assert [s.question for s in merged.kept] == ["when"]
    assert LATER.start.isoformat() in merged.kept[0].evidence


def test_moved_by_both_to_the_same_time_is_agreed():
    merged = merge.merge(BASE, replace(OURS, when=LATER), event(when=LATER))
    assert (merged.apply, merged.kept) == (Changes(), ())


@pytest.mark.parametrize(
    ("theirs", "state"),
    [
        ({"status": "COMPLETED"}, State.DONE),
        ({"completed": NOW}, State.DONE),
        ({"percent": 100}, State.DONE),
        ({"status": "CANCELLED"}, State.NOT_NEEDED),
    ],
)
def test_ticked_off_on_the_phone(theirs, state):
    assert merge.merge(BASE, OURS, event(**theirs)).apply.state is state


def test_a_tasks_percentage_is_told_an_events_is_not():
    task = replace(BASE, component=Component.VTODO)
    assert merge.merge(task, OURS, replace(task, percent=40)).apply == Changes(percent=40)
    assert merge.merge(BASE, OURS, event(percent=40)).apply == Changes()


def test_an_email_alarm_is_a_reminder_and_one_that_rings_is_not():
    louder = event(alarms=(Alarm("DISPLAY", 3 * HOUR), Alarm("AUDIO", HOUR)))
    assert merge.merge(BASE, OURS, louder).apply == Changes()
    mailed = event(alarms=(Alarm("EMAIL", 3 * HOUR), Alarm("email", HOUR)))
    reminders = (Reminder(HOUR), Reminder(3 * HOUR))
    assert merge.merge(BASE, OURS, mailed).apply == Changes(reminders=reminders)
    assert merge.merge(mailed, OURS, BASE).apply == Changes(reminders=())


def test_ticked_off_in_its_title_an_event_is_done_and_keeps_its_name():
    ticked = event(summary="✓ Relance Acme")
    assert merge.merge(BASE, OURS, ticked).apply == Changes(state=State.DONE)
    done = merge.apply(OURS, Changes(state=State.DONE))
    assert merge.merge(ticked, done, ticked).apply == Changes()
    assert merge.merge(ticked, done, BASE).apply == Changes(state=State.TO_DO)
    renamed = merge.merge(BASE, OURS, event(summary="[x] Rappeler")).apply
    assert renamed == Changes(title="Rappeler", state=State.DONE)


def test_a_title_that_suivi_gave_is_no_tick_and_neither_is_that_of_a_task():
    named = replace(OURS, title="Done deal of Acme")
    written = event(summary="Done deal of Acme")
    assert merge.merge(written, named, written).apply == Changes()
    task = replace(BASE, component=Component.VTODO)
    ticked = replace(task, summary="✓ Relance Acme")
    assert merge.merge(task, OURS, ticked).apply == Changes(title="✓ Relance Acme")


def test_place_priority_and_whether_one_is_busy_are_merged_too():
    theirs = event(location="Lyon", priority=2, busy=False)
    ours = replace(OURS, assignees=(Assignee(MARC, owner=True),))
    changes = merge.merge(BASE, ours, theirs).apply
    assert changes == Changes(place="Lyon", priority=2, busy=False)
    after = merge.apply(ours, changes)
    assert (after.place, after.priority, after.busy) == ("Lyon", 2, False)
    assert merge.merge(theirs, after, BASE).apply == Changes(place="", priority=0, busy=True)


def test_each_assignee_is_busy_for_themselves():
    ours = replace(OURS, assignees=(Assignee(MARC, owner=True), Assignee(UserId(99))))
    changes = merge.merge(BASE, ours, event(busy=False), UserId(99)).apply
    after = merge.apply(ours, changes, UserId(99))
    assert [a.busy for a in after.assignees] == [True, False]


def test_moving_our_alarm_moves_the_mail_that_comes_with_it():
    ours = replace(OURS, reminders=(Reminder(HOUR, template="x"), Reminder(timedelta(0))))
    later = event(alarms=(Alarm("DISPLAY", 2 * HOUR), Alarm("DISPLAY", timedelta(0))))
    base = event(alarms=(Alarm("DISPLAY", HOUR), Alarm("DISPLAY", timedelta(0))))
    moved = (Reminder(2 * HOUR, template="x"), Reminder(timedelta(0)))
    assert merge.merge(base, ours, later).apply == Changes(reminders=moved)
    # One more, one taken away, and what a person set in an event of theirs: no other mail.
    more = event(alarms=(*base.alarms, Alarm("DISPLAY", 5 * HOUR)))
    for theirs in (more, event(alarms=())):
        assert merge.merge(base, ours, theirs).apply == Changes()
    typed = replace(ours, origin=Origin.PERSON)
    assert merge.merge(base, typed, later).apply == Changes()


def test_an_alarm_of_a_whole_day_is_a_number_of_days():
    day = When(datetime(2026, 11, 26, tzinfo=PARIS), all_day=True, zone="Europe/Paris")
    ours = replace(OURS, when=day, reminders=(Reminder(timedelta(0)),))
    base = event(when=day, alarms=(Alarm("DISPLAY", -9 * HOUR),))
    evening_before = event(when=day, alarms=(Alarm("DISPLAY", 6 * HOUR),))
    moved = merge.merge(base, ours, evening_before).apply
    assert moved == Changes(reminders=(Reminder(timedelta(days=1)),))


def test_the_same_time_in_another_zone_is_no_move():
    new_york = When(AT.astimezone(ZoneInfo("America/New_York")), zone="America/New_York")
    assert merge.merge(BASE, OURS, event(when=new_york)).apply == Changes()


def test_the_end_that_a_calendar_shows_is_no_move():
    shown = event(when=When(AT, AT + HOUR))
    assert merge.merge(BASE, OURS, shown).apply == Changes()


def test_the_same_day_in_another_zone_is_no_move():
    def day(name):
        start = datetime(2026, 11, 26, tzinfo=ZoneInfo(name))
        return When(start, all_day=True, zone=name)

    ours = replace(OURS, when=day("Europe/Paris"))
    assert merge.merge(event(when=day("Europe/Paris")), ours, event(when=day("UTC"))).apply == (
        Changes()
    )
    timed = When(datetime(2026, 11, 26, tzinfo=UTC))
    assert merge.merge(event(when=day("UTC")), ours, event(when=timed)).apply == Changes(when=timed)


def test_without_a_base_what_they_say_is_right_and_silence_says_nothing():
    ours = replace(OURS, state=State.DONE, description="ours", reminders=(Reminder(2 * HOUR),))
    merged = merge.merge(None, ours, event(when=LATER, description=""))
    assert merged.apply == Changes(when=LATER)
    assert merged.push


titles = st.sampled_from(["Relance Acme", "Rappeler", ""])
whens = st.sampled_from([When(AT), LATER, LATEST, When(AT, all_day=True)])
states = st.sampled_from(["", "COMPLETED", "CANCELLED"])
events = st.builds(
    event,
    summary=titles,
    description=titles,
    when=whens,
    status=states,
    percent=st.sampled_from([None, 0, 50]),
    component=st.sampled_from(Component),
)
follow_ups = st.builds(
    follow_up,
    title=titles,
    description=titles,
    when=whens,
    state=st.sampled_from(State),
)


@given(events, follow_ups)
def test_where_the_calendar_did_not_change_nothing_is_applied(base, ours):
    merged = merge.merge(base, ours, base)
    assert merged.apply == Changes()
    assert merged.kept == ()
    assert merge.apply(ours, merged.apply) == ours


@given(st.one_of(st.none(), events), follow_ups, events)
def test_merging_twice_changes_nothing_more(base, ours, theirs):
    after = merge.apply(ours, merge.merge(base, ours, theirs).apply)
    assert merge.merge(theirs, after, theirs).apply == Changes()


@given(events, follow_ups, events)
def test_every_field_ends_as_one_of_the_sides_has_it(base, ours, theirs):
    after = merge.apply(ours, merge.merge(base, ours, theirs).apply)
    assert after.title in (ours.title, theirs.summary)
    assert after.when in (ours.when, theirs.when)
    assert after.state in (ours.state, merge.state_of(theirs))


# --- Applying ---


def test_a_move_makes_a_new_schedule():
    after = merge.apply(OURS, Changes(when=LATER))
    assert (after.when, after.schedule_version, after.revision) == (LATER, 2, 2)


def test_a_new_title_does_not():
    after = merge.apply(OURS, Changes(title="x"))
    assert (after.schedule_version, after.revision) == (1, 2)


def test_done_does_not_and_reopening_does():
    done = merge.apply(OURS, Changes(state=State.DONE))
    assert (done.state, done.percent, done.schedule_version, done.revision) == (
        State.DONE,
        100,
        1,
        2,
    )
    again = merge.reopen(done)
    assert (again.state, again.percent, again.schedule_version) == (State.TO_DO, 0, 2)


def test_reopened_and_moved_at_once_is_one_new_schedule():
    done = replace(OURS, state=State.DONE)
    assert merge.apply(done, Changes(when=LATER, state=State.TO_DO)).schedule_version == 2


@pytest.mark.parametrize(
    "changes",
    [
        Changes(),
        Changes(title=OURS.title, state=State.TO_DO),
        Changes(when=When(AT.astimezone(UTC), AT + HOUR, zone="UTC")),
    ],
)
def test_what_changes_nothing_leaves_the_revision(changes):
    assert merge.apply(OURS, changes) is OURS


def test_deleted_in_the_calendar_is_not_needed():
    assert merge.deleted(OURS) == Changes(state=State.NOT_NEEDED)
    assert merge.deleted(replace(OURS, state=State.DONE)) == Changes()


def test_assignees_are_not_the_calendars_to_change():
    ours = replace(OURS, assignees=(Assignee(MARC, owner=True),))
    assert merge.apply(ours, merge.merge(None, ours, event(when=LATER)).apply).owner == MARC


def test_a_day_moved_by_a_day_is_a_move():
    first, second = (
        When(datetime.combine(date(2026, 11, d), datetime.min.time(), UTC), all_day=True)
        for d in (26, 27)
    )
    assert merge.merge(event(when=first), OURS, event(when=second)).apply.when == second
