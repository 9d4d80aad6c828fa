"""Planning: what options decide, working hours, and what enters the ledger and leaves it."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import remind
from rules.model.followups import Due, LedgerEntry, LedgerId, LedgerState, Reminder, State
from rules.model.reasons import Why
from rules.model.sightings import When
from rules.options import Wishes
from rules.workdays import OFFICE, is_working
from tests.rules.house import DIRECTORY, NADIA, follow_up

PARIS = ZoneInfo("Europe/Paris")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Nadia lives in Paris. 1 May 2026 is a Friday.
LABOUR_DAY = frozenset({date(2026, 5, 1)})
STRICT = Wishes(hours=OFFICE, holidays=LABOUR_DAY)


def paris(*when):
    return datetime(*when, tzinfo=PARIS)


def planned(one, wishes=Wishes(), since=LONG_AGO):  # noqa: B008  a frozen value
    return remind.plan(one, DIRECTORY.users, lambda _user: wishes, since)


def at(start, *reminders, **other):
    return follow_up(when=When(start), reminders=reminders or (Reminder(),), **other)


@pytest.mark.parametrize(
    ("reminder", "wishes", "before", "template"),
    [
        (Reminder(), Wishes(), HOUR, None),
        (Reminder(), Wishes(before=DAY, template="short"), DAY, "short"),
        (Reminder(2 * HOUR), Wishes(before=DAY, template="short"), 2 * HOUR, "short"),
        (Reminder(template="long"), Wishes(before=DAY, template="short"), DAY, "long"),
        (Reminder(2 * HOUR, template="long"), Wishes(before=DAY), 2 * HOUR, "long"),
    ],
)
def test_what_a_reminder_leaves_open_the_wishes_say(reminder, wishes, before, template):
    (due,) = planned(at(paris(2026, 3, 6, 15), reminder), wishes)
    assert (due.before, due.template) == (before, template)


def test_a_reminder_may_count_from_the_end():
    start = paris(2026, 3, 6, 15)
    before_end = Reminder(HOUR, anchor="end", unit="hours")
    lasting = follow_up(when=When(start, start + 3 * HOUR), reminders=(before_end,))
    (due,) = planned(lasting)
    assert (due.at, due.before) == (start + 2 * HOUR, -2 * HOUR)
    entry = LedgerEntry(LedgerId(1), due, LedgerState.DUE)
    assert remind.obsolete(entry, lasting, [due]) is None
    # Without an end it counts from the start; how a length was put decides nothing.
    (due,) = planned(at(start, before_end))
    assert due.at == start - HOUR
    assert before_end == replace(before_end, unit="minutes")


def test_who_wants_none_gets_none():
    assert planned(at(paris(2026, 3, 6, 15)), Wishes(on=False)) == ()


def test_a_whole_day_reminds_at_the_hour_that_was_set():
    one = follow_up(when=When(paris(2026, 3, 6), all_day=True, zone="Europe/Paris"))
    (due,) = planned(one, Wishes(all_day_at=time(7, 45)))
    assert due.at == paris(2026, 3, 6, 7, 45)


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ((2026, 3, 6, 15), (2026, 3, 6, 14)),
        # Monday at nine: an hour before, nobody is there; on Friday they were.
        ((2026, 3, 9, 9), (2026, 3, 6, 18, 30)),
        # On a holiday, and after its long weekend.
        ((2026, 5, 1, 15), (2026, 4, 30, 18, 30)),
        ((2026, 5, 4, 9), (2026, 4, 30, 18, 30)),
    ],
)
def test_outside_working_hours_it_comes_at_the_last_working_moment_before(start, expected):
    (due,) = planned(at(paris(*start)), STRICT)
    assert due.at == paris(*expected)
    assert due.before == HOUR


def test_it_is_not_moved_to_before_it_was_opened():
    # Opened on Saturday for Monday at nine: better at eight than never.
    (due,) = planned(at(paris(2026, 3, 9, 9)), STRICT, since=paris(2026, 3, 7, 12))
    assert due.at == paris(2026, 3, 9, 8)


def test_two_that_come_to_the_same_evening_are_one_email():
    (due,) = planned(at(paris(2026, 3, 9, 9), Reminder(HOUR), Reminder(DAY)), STRICT)
    assert (due.at, due.before) == (paris(2026, 3, 6, 18, 30), HOUR)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),
    st.lists(st.integers(0, 10 * 24 * 60), min_size=1, max_size=3),
    st.frozensets(st.dates(date(2026, 1, 1), date(2027, 1, 1)), max_size=20),
    st.datetimes(datetime(2025, 12, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),
)
def test_never_after_never_on_a_holiday_never_before_it_was_opened(start, before, free, since):
    reminders = tuple(Reminder(timedelta(minutes=m)) for m in sorted(set(before)))
    exact = {d.before: d.at for d in planned(at(start, *reminders))}
    strict = replace(STRICT, holidays=free)
    for due in planned(at(start, *reminders), strict, since):
        assert due.at <= exact[due.before]
        if due.at != exact[due.before]:
            assert due.at >= since
            assert is_working(due.at, PARIS, free, OFFICE)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),
    # Less than a day: a day is one of the wall clock, and may be shorter than 24 hours.
    st.integers(0, 1439),
    st.integers(0, 1439),
)
def test_what_is_further_before_never_comes_later(start, one, other):
    near, far = sorted((timedelta(minutes=one), timedelta(minutes=other)))
    (later,), (earlier,) = (planned(at(start, Reminder(b)), STRICT) for b in (near, far))
    assert earlier.at <= later.at


NOW = paris(2026, 3, 4, 12)  # a Wednesday
SOON = at(paris(2026, 3, 4, 15), Reminder(HOUR))


def entry(due, state=LedgerState.DUE, **other):
    return LedgerEntry(LedgerId(1), due, state, **other)


def due(one, before=HOUR, **other):
    facts = {
        "follow_up": one.id,
        "occurrence": "",
        "before": before,
        "recipient": NADIA,
        "schedule_version": one.schedule_version,
        "at": one.when.start - before,
    }
    return Due(**(facts | other))


def step(one, *entries, wishes=None, **other):
    return remind.step(one, planned(one, wishes or Wishes()), entries, NOW, **other)


def test_what_is_to_come_is_entered_once():
    first = step(SOON)
    assert first == remind.Step((due(SOON),), ())
    assert step(SOON, entry(due(SOON))) == remind.Step((), ())


def test_of_several_whose_time_has_passed_only_the_last_is_sent():
    one = at(paris(2026, 3, 4, 15), *map(Reminder, (HOUR, 4 * HOUR, DAY)))
    assert [d.before for d in step(one).enter] == [HOUR, 4 * HOUR]


def test_who_was_reminded_of_this_time_is_not_reminded_of_the_past():
    one = at(paris(2026, 3, 4, 12, 30), Reminder(2 * HOUR))
    sent = entry(due(one, DAY), LedgerState.SENT, handed_over=True)
    assert step(one, sent).enter == ()
    voided = entry(due(one, DAY), LedgerState.VOID)
    assert step(one, voided).enter == (due(one, 2 * HOUR),)
    # Of the time that it had before, they were.
    other = entry(due(one, DAY, schedule_version=9), LedgerState.SENT, handed_over=True)
    assert step(one, other).enter == (due(one, 2 * HOUR),)


def test_an_option_that_changes_makes_nothing_due_in_the_past():
    one = at(paris(2026, 3, 4, 15))
    waiting = entry(due(one))
    changed = step(one, waiting, wishes=Wishes(before=DAY), only_wishes=True)
    # A day before has passed: it comes when it would have.
    assert changed.enter == (replace(due(one, DAY), at=waiting.due.at),)
    assert [(e, why) for e, why in changed.void] == [(waiting, Why.NOT_WANTED)]
    # And stays there, however often it is looked at.
    again = entry(changed.enter[0])
    assert step(one, again, wishes=Wishes(before=DAY), only_wishes=True) == remind.Step((), ())


def test_an_option_that_changes_wakes_nothing_that_is_over():
    one = at(paris(2026, 3, 2, 15))
    assert step(one, wishes=Wishes(before=DAY), only_wishes=True) == remind.Step((), ())


def test_reminders_switched_off_and_on_again():
    off = step(SOON, entry(due(SOON)), wishes=Wishes(on=False), only_wishes=True)
    assert [why for _, why in off.void] == [Why.NOT_WANTED]
    void = entry(due(SOON), LedgerState.VOID)
    assert step(SOON, void, only_wishes=True).enter == (due(SOON),)


def test_another_template_reaches_what_waits():
    fresh = step(at(SOON.when.start), entry(due(SOON)), wishes=Wishes(template="short"))
    assert [d.template for d in fresh.enter] == ["short"]


def test_what_is_over_is_not_voided():
    closed = replace(SOON, state=State.DONE)
    over = (LedgerState.SENT, LedgerState.FAILED, LedgerState.VOID)
    assert step(closed, *(entry(due(SOON), state) for state in over)).void == ()
    assert [why for _, why in step(closed, entry(due(SOON))).void] == ["done"]
