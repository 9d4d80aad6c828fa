"""The little readers: what they take, to the unit. What they refuse stands in `bad/`."""

from datetime import time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.language.amounts import (
    Malformed,
    clock,
    count,
    duration,
    hours,
    later,
    octets,
    range_of,
    seconds,
    working_days,
)
from rules.model.rules import DayKind, Hours, Later, Range


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2h", timedelta(hours=2)),
        ("15 minutes", timedelta(minutes=15)),
        ("1 day 12 hours", timedelta(days=1, hours=12)),
        ("1h30m", timedelta(minutes=90)),
        ("2 weeks", timedelta(weeks=2)),
        ("0 min", timedelta(0)),
        ("3660 days", timedelta(days=3660)),
    ],
)
def test_lengths_of_time(text: str, value: timedelta) -> None:
    assert duration(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("500", 500),
        ("300 kB", 300_000),
        ("5MB", 5_000_000),
        ("1.5 GiB", 3 << 29),
        ("2 Mo", 2_000_000),
        ("0.001 kB", 1),
        ("64 KiB", 65_536),
    ],
)
def test_sizes(text: str, value: int) -> None:
    assert octets(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5 MB", Range(5_000_000, 5_000_000)),
        ("over 5 MB", Range(least=5_000_001)),
        ("under 5 MB", Range(most=4_999_999)),
        ("at least 1 kB", Range(least=1000)),
        ("at most 1 kB", Range(most=1000)),
        ("1 kB to 2 MB", Range(1000, 2_000_000)),
        ("1 to 2 MB", Range(1_000_000, 2_000_000)),
        ("10 to 20", Range(10, 20)),
    ],
)
def test_ranges(text: str, value: Range) -> None:
    assert range_of(octets)(text) == value


def test_a_range_of_time_counts_seconds() -> None:
    assert range_of(seconds)("over 2h") == Range(least=7201)
    assert range_of(seconds)("1 to 2h") == Range(3600, 7200)
    assert range_of(count)("at most 3") == Range(most=3)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("+3 working days at 09:00", Later(3, DayKind.WORKING_DAYS, at=time(9))),
        ("+1 working day", Later(1, DayKind.WORKING_DAYS)),
        ("+0 working days at 09:30", Later(0, DayKind.WORKING_DAYS, at=time(9, 30))),
        ("+1 week at 9:05", Later(7, at=time(9, 5))),
        ("+1 day 2 hours", Later(1, rest=timedelta(hours=2))),
        ("+ 30 minutes", Later(rest=timedelta(minutes=30))),
    ],
)
def test_times_that_come_later(text: str, value: Later) -> None:
    assert later(text) == value


def test_hours_may_go_over_midnight() -> None:
    assert hours("18:00 to 08:00") == Hours(time(18), time(8))
    assert hours("08:00-24:00") == Hours(time(8), time(0))
    assert working_days("5 working days") == 5
    assert clock("23:59") == time(23, 59)


READERS = (duration, octets, count, clock, hours, working_days, later, range_of(octets))


@given(st.text(alphabet="+-0123456789 :.hkMGBatoverunderworkingdaysé٣\n", max_size=30))
def test_what_is_no_amount_is_told_and_nothing_else(text: str) -> None:
    for read in READERS:
        try:
            read(text)
        except Malformed as error:
            assert error.code
