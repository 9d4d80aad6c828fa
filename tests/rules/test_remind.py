"""Reminders: whom, when through both changes of the clocks, and what becomes of each."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import remind
from rules.model.followups import Assignee, LedgerEntry, LedgerId, LedgerState, Reminder, State
from rules.model.people import UserId
from rules.model.reasons import Why
from rules.model.sightings import When
from rules.model.wire import Outcome, SendResult
from rules.options import Wishes
from tests.rules.house import DIRECTORY, FORMER, MARC, NADIA, NOW, follow_up

PARIS = ZoneInfo("Europe/Paris")
USERS = DIRECTORY.users
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def usual(_user):
    return Wishes()


def instants(plan):
    return [d.at for d in plan]


def test_one_email_an_hour_before_to_the_assignee():
    (due,) = remind.plan(follow_up(), USERS, usual, LONG_AGO)
    assert (due.recipient, due.at) == (NADIA, NOW + timedelta(days=2) - timedelta(hours=1))
    assert due.at.tzinfo is UTC


def test_every_assignee_and_offset_and_nobody_who_left_or_is_unknown():
    whom = tuple(Assignee(u) for u in (NADIA, MARC, FORMER, UserId(99), NADIA))
    reminders = (Reminder(timedelta(hours=1)), Reminder(timedelta(0)), Reminder(channel="popup"))
    plan = remind.plan(follow_up(assignees=whom, reminders=reminders), USERS, usual, LONG_AGO)
    assert [(d.recipient, d.before) for d in plan] == [
        (NADIA, timedelta(hours=1)),
        (MARC, timedelta(hours=1)),
        (NADIA, timedelta(0)),
        (MARC, timedelta(0)),
    ]


@pytest.mark.parametrize(
    "differs", [{"state": State.DONE}, {"state": State.NOT_NEEDED}, {"live": False}]
)
def test_what_is_closed_or_history_reminds_nobody(differs):
    assert remind.plan(follow_up(**differs), USERS, usual, LONG_AGO) == ()


def all_day(day, zone="Europe/Paris"):
    start = datetime.combine(day, datetime.min.time(), ZoneInfo(zone))
    return When(start, all_day=True, zone=zone)


def test_an_all_day_one_reminds_at_nine_where_each_assignee_lives():
    whom = (Assignee(NADIA, owner=True), Assignee(MARC))
    plan = remind.plan(
        follow_up(when=all_day(date(2026, 11, 26)), assignees=whom), USERS, usual, LONG_AGO
    )
    assert {d.recipient: d.at for d in plan} == {
        NADIA: datetime(2026, 11, 26, 8, tzinfo=UTC),
        MARC: datetime(2026, 11, 26, 14, tzinfo=UTC),
    }


def test_an_all_day_one_counts_whole_days_and_reminds_once_a_day():
    reminders = tuple(
        Reminder(timedelta(**t)) for t in ({"minutes": 5}, {"hours": 1}, {"days": 1}, {"hours": -9})
    )
    plan = remind.plan(
        follow_up(when=all_day(date(2026, 11, 26)), reminders=reminders), USERS, usual, LONG_AGO
    )
    assert instants(plan) == [
        datetime(2026, 11, 25, 8, tzinfo=UTC),
        datetime(2026, 11, 26, 8, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    ("day", "before", "after"), [(date(2026, 3, 29), 8, 7), (date(2026, 10, 25), 7, 8)]
)
def test_nine_o_clock_is_nine_o_clock_on_both_sides_of_a_change_of_the_clocks(day, before, after):
    eve = remind.plan(follow_up(when=all_day(day - timedelta(days=1))), USERS, usual, LONG_AGO)
    morning = remind.plan(follow_up(when=all_day(day)), USERS, usual, LONG_AGO)
    assert [eve[0].at.hour, morning[0].at.hour] == [before, after]


def test_a_day_before_is_the_same_hour_and_an_hour_before_is_an_hour():
    # The clocks go forward at 02:00 on 29 March 2026.
    start = datetime(2026, 3, 29, 10, tzinfo=PARIS)
    reminders = (Reminder(timedelta(days=1)), Reminder(timedelta(hours=9)))
    plan = remind.plan(follow_up(when=When(start), reminders=reminders), USERS, usual, LONG_AGO)
    assert instants(plan) == [
        datetime(2026, 3, 28, 9, tzinfo=UTC),
        datetime(2026, 3, 28, 23, tzinfo=UTC),
    ]


def slow(start, before):
    """By stepping: first whole days on the wall clock, then minutes that pass."""
    wall = start.astimezone(PARIS).replace(tzinfo=None)
    while before >= timedelta(days=1):
        wall -= timedelta(days=1)
        before -= timedelta(days=1)
    fold = start.astimezone(PARIS).fold
    instant = wall.replace(tzinfo=PARIS, fold=fold).astimezone(UTC)
    while before > timedelta(0):
        instant -= timedelta(minutes=1)
        before -= timedelta(minutes=1)
    return instant


@given(
    st.sampled_from([datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)]),
    st.integers(-4000, 4000),
    st.integers(0, 4 * 24 * 60),
)
def test_instants_equal_a_slow_reference_through_both_changes(change, minutes, before):
    start = change + timedelta(minutes=minutes)
    offset = timedelta(minutes=before)
    planned = remind.plan(
        follow_up(when=When(start.astimezone(PARIS)), reminders=(Reminder(offset),)),
        USERS,
        usual,
        LONG_AGO,
    )
    assert instants(planned) == [slow(start, offset)]


def test_a_zone_that_nobody_knows_is_utc():
    users = {NADIA: replace(USERS[NADIA], timezone="Mars/Olympus")}
    when = all_day(date(2026, 11, 26), "UTC")
    assert instants(remind.plan(follow_up(when=when), users, usual, LONG_AGO)) == [
        datetime(2026, 11, 26, 9, tzinfo=UTC)
    ]


@pytest.mark.parametrize("before", [timedelta.max, timedelta.min, timedelta(days=999_999)])
@pytest.mark.parametrize("whole_day", [True, False])
def test_an_offset_beyond_the_calendar_is_no_reminder(before, whole_day):
    when = all_day(date(2026, 11, 26)) if whole_day else When(NOW)
    assert (
        remind.plan(follow_up(when=when, reminders=(Reminder(before),)), USERS, usual, LONG_AGO)
        == ()
    )


# --- Late, void, next ---


def entry(**differs):
    due = remind.plan(follow_up(), USERS, usual, LONG_AGO)[0]
    return LedgerEntry(LedgerId(1), replace(due, **differs), LedgerState.DUE)


def test_whether_it_is_late():
    due = entry().due
    assert not remind.is_late(due, due.at - timedelta(days=1))
    assert not remind.is_late(due, due.at + remind.GRACE)
    assert remind.is_late(due, due.at + timedelta(hours=5))


VOID = [
    (follow_up(), {}, None),
    (None, {}, "deleted"),
    (follow_up(state=State.DONE), {}, "done"),
    (follow_up(state=State.NOT_NEEDED), {}, "not needed"),
    (follow_up(live=False), {}, "older than the installation went live"),
    (follow_up(schedule_version=2), {}, "moved"),
    (follow_up(assignees=(Assignee(MARC),)), {}, "reassigned"),
    (follow_up(reminders=()), {}, "reminder removed"),
]


@pytest.mark.parametrize(("now", "due", "why"), VOID)
def test_why_a_reminder_is_void(now, due, why):
    assert remind.obsolete(entry(**due), now) == why


def test_a_reminder_whose_recipient_left_is_void():
    users = {NADIA: replace(USERS[NADIA], active=False)}
    dues = remind.plan(follow_up(), users, usual, LONG_AGO)
    assert remind.obsolete(entry(), follow_up(), dues) == Why.NOT_WANTED


def test_what_is_planned_is_not_void():
    dues = remind.plan(follow_up(), USERS, usual, LONG_AGO)
    assert remind.obsolete(entry(), follow_up(), dues) is None


def test_what_follows_from_the_servers_answer():
    def after(outcome, attempts=1):
        return remind.after(SendResult(outcome, "451 later"), attempts, NOW, 0.0)

    assert after(Outcome.SENT) == remind.Sent()
    assert after(Outcome.REFUSED) == remind.GiveUp("451 later")
    assert after(Outcome.TRY_AGAIN) == remind.RetryAt(NOW + timedelta(minutes=1), "451 later")
    assert after(Outcome.TRY_AGAIN, 5) == remind.RetryAt(NOW + timedelta(hours=4), "451 later")
    assert after(Outcome.UNKNOWN, 2) == remind.CheckAt(NOW + timedelta(minutes=5), "451 later")
    assert isinstance(after(Outcome.TRY_AGAIN, 12), remind.GiveUp)
    assert after(Outcome.SENT, 12) == remind.Sent()


def test_what_was_due_before_a_restore_is_in_doubt_unless_it_was_scheduled_after_the_release():
    (due,) = remind.plan(follow_up(), USERS, usual, LONG_AGO)
    before, after = due.at - timedelta(hours=1), due.at + timedelta(hours=1)
    assert not remind.in_doubt(due, before, None, None)
    assert not remind.in_doubt(due, before, before, None)
    assert remind.in_doubt(due, before, due.at, None)
    assert remind.in_doubt(due, before, after, after)
    assert remind.in_doubt(due, after, after, after), (
        "moved while it was held: in the calendar, before"
    )
    assert not remind.in_doubt(due, after + timedelta(seconds=1), after, after)
