"""Working days and hours: N of them on, and the last moment of work before."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.model.rules import DayKind, Later
from rules.workdays import (
    OFFICE,
    Hours,
    each_day,
    is_working,
    is_working_day,
    last_working,
    later,
    working_day_after,
)

PARIS = ZoneInfo("Europe/Paris")
WORKING = DayKind.WORKING_DAYS
NONE: frozenset[date] = frozenset()
# 2026: 1 May is a Friday, 8 May too; Ascension is Thursday 14 May.
MAY = frozenset({date(2026, 5, 1), date(2026, 5, 8), date(2026, 5, 14)})
LUNCH = each_day((time(8, 30), time(12)), (time(14), time(18, 30)))
NEVER = each_day()

zones = st.sampled_from(
    ("UTC", "Europe/Paris", "America/St_Johns", "Asia/Kathmandu", "Africa/Cairo", "Pacific/Apia")
).map(ZoneInfo)
moments = st.datetimes(
    datetime(2020, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC), allow_imaginary=False
)
free_days = st.frozensets(st.dates(date(2020, 1, 1), date(2030, 12, 31)), max_size=40)
minutes = st.integers(0, 1439).map(lambda m: time(m // 60, m % 60))
spans = st.lists(st.tuples(minutes, minutes).map(lambda s: (min(s), max(s))), max_size=3).map(tuple)
office_hours = st.builds(Hours, st.tuples(*[spans] * 7))


def paris(*when):
    return datetime(*when, tzinfo=PARIS)


@pytest.mark.parametrize(
    ("start", "by", "expected"),
    [
        # A Friday.
        ((2026, 3, 6, 17), Later(1, WORKING), (2026, 3, 9, 17)),
        ((2026, 3, 6, 17), Later(3, WORKING, at=time(9)), (2026, 3, 11, 9)),
        ((2026, 3, 6, 17), Later(3, at=time(9)), (2026, 3, 9, 9)),
        # A Saturday.
        ((2026, 3, 7, 17), Later(1, WORKING), (2026, 3, 9, 17)),
        ((2026, 3, 7, 17), Later(0, WORKING), (2026, 3, 9, 17)),
        ((2026, 3, 7, 17), Later(5, WORKING), (2026, 3, 13, 17)),
        # Over 1 May, a Friday, and its weekend.
        ((2026, 4, 30, 10), Later(1, WORKING, at=time(9)), (2026, 5, 4, 9)),
        # Over the night of 28 to 29 March, when clocks go forward: the wall clock counts …
        ((2026, 3, 28, 9), Later(1), (2026, 3, 29, 9)),
        # … but hours are hours.
        ((2026, 3, 28, 9), Later(rest=timedelta(hours=24)), (2026, 3, 29, 10)),
        ((2026, 3, 6, 17), Later(rest=timedelta(hours=2)), (2026, 3, 6, 19)),
        # At nine, said at eight; said at ten.
        ((2026, 3, 6, 8), Later(at=time(9)), (2026, 3, 6, 9)),
        ((2026, 3, 6, 10), Later(at=time(9)), (2026, 3, 7, 9)),
        ((2026, 3, 6, 10), Later(0, WORKING, at=time(9)), (2026, 3, 9, 9)),
    ],
)
def test_later(start, by, expected):
    assert later(paris(*start), by, PARIS, MAY) == paris(*expected)


def test_it_is_the_day_of_the_assignee_that_is_counted():
    # Friday evening in Paris is Saturday morning in Auckland.
    moment = paris(2026, 3, 6, 20)
    auckland = ZoneInfo("Pacific/Auckland")
    assert later(moment, Later(1, WORKING, at=time(9)), auckland) == datetime(
        2026, 3, 9, 9, tzinfo=auckland
    )


def test_the_second_two_o_clock_stays_the_second():
    moment = datetime(2026, 10, 24, 1, 30, tzinfo=UTC)  # 03:30 in Paris, a day before
    by = Later(1)
    assert later(moment, by, PARIS) == datetime(2026, 10, 25, 2, 30, tzinfo=UTC)
    second = datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=PARIS)
    assert later(second, Later(0), PARIS) == second.astimezone(UTC)


def test_counting_backwards_is_refused():
    with pytest.raises(ValueError, match="backwards"):
        later(paris(2026, 3, 6), Later(-1), PARIS)
    with pytest.raises(ValueError, match="backwards"):
        later(paris(2026, 3, 6), Later(rest=timedelta(hours=-1)), PARIS)


def test_a_week_without_work_leads_to_the_end_of_the_calendar():
    with pytest.raises(OverflowError):
        working_day_after(date(9999, 1, 1), 1, NONE, NEVER)


@given(moments, st.integers(0, 40), zones, free_days, st.none() | minutes)
def test_so_many_working_days_on_so_many_have_passed(moment, number, where, holidays, at):
    found = later(moment, Later(number, WORKING, at=at), where, holidays)
    first, last = moment.astimezone(where).date(), found.astimezone(where).date()
    assert found >= moment
    days = [first + timedelta(days=i) for i in range(1, (last - first).days + 1)]
    worked = [d for d in days if is_working_day(d, holidays)]
    # A wall time that the clocks leap over is a little later, at midnight even the next day.
    assert number <= len(worked) <= number + 1
    if at is None or at >= time(1):
        assert is_working_day(last, holidays)


@given(moments, moments, st.integers(0, 20), zones, free_days)
def test_what_comes_later_is_never_due_earlier_on_another_day(one, other, number, where, holidays):
    one, other = sorted((one, other))
    by = Later(number, WORKING, at=time(9))
    assert later(one, by, where, holidays) <= later(other, by, where, holidays)


@pytest.mark.parametrize(
    ("moment", "hours", "expected"),
    [
        # At work.
        ((2026, 3, 6, 10), OFFICE, (2026, 3, 6, 10)),
        ((2026, 3, 6, 8, 30), OFFICE, (2026, 3, 6, 8, 30)),
        ((2026, 3, 6, 18, 30), OFFICE, (2026, 3, 6, 18, 30)),
        # In the evening, at night, at the weekend.
        ((2026, 3, 6, 19), OFFICE, (2026, 3, 6, 18, 30)),
        ((2026, 3, 6, 7), OFFICE, (2026, 3, 5, 18, 30)),
        ((2026, 3, 8, 12), OFFICE, (2026, 3, 6, 18, 30)),
        ((2026, 3, 9, 8), OFFICE, (2026, 3, 6, 18, 30)),
        # At lunch.
        ((2026, 3, 6, 13), LUNCH, (2026, 3, 6, 12)),
        ((2026, 3, 6, 14), LUNCH, (2026, 3, 6, 14)),
        # On a holiday, and on the Monday after a long weekend.
        ((2026, 5, 1, 10), OFFICE, (2026, 4, 30, 18, 30)),
        ((2026, 5, 4, 8), OFFICE, (2026, 4, 30, 18, 30)),
    ],
)
def test_the_last_working_moment(moment, hours, expected):
    assert last_working(paris(*moment), PARIS, MAY, hours) == paris(*expected)


def test_who_never_works_has_no_last_working_moment():
    assert last_working(paris(2026, 3, 6), PARIS, NONE, NEVER) is None


@given(moments, zones, free_days, office_hours)
def test_the_last_working_moment_is_one_and_is_not_after(moment, where, holidays, hours):
    found = last_working(moment, where, holidays, hours)
    if found is not None:
        assert found <= moment
        assert is_working(found, where, holidays, hours)
        assert found.astimezone(where).date() not in holidays


@given(moments, moments, zones, free_days, office_hours)
def test_moving_keeps_the_order(one, other, where, holidays, hours):
    one, other = sorted((one, other))
    first, second = (last_working(m, where, holidays, hours) for m in (one, other))
    if first is not None and second is not None:
        assert first <= second
    # Unless the last one is too long ago, later moments have one too.
    if first is not None and other - one < timedelta(days=1) and one == first:
        assert second is not None


@given(st.integers(0, 60 * 24 * 20), zones, free_days, office_hours)
def test_there_is_no_working_minute_between(minute, where, holidays, hours):
    moment = datetime(2026, 3, 20, tzinfo=UTC) + timedelta(minutes=minute)
    found = last_working(moment, where, holidays, hours)
    start = found if found is not None else moment - timedelta(days=3)
    between = start + timedelta(minutes=1)
    while between <= moment and (moment - between) < timedelta(days=3):
        leapt = between.astimezone(where).utcoffset() != start.astimezone(where).utcoffset()
        assert leapt or not is_working(between, where, holidays, hours)
        between += timedelta(minutes=7)
