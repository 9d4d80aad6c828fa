"""A mailbox falls silent against its own past; weekends and holidays are no silence."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from rules.silence import SURPRISE, Silence, silence
from rules.workdays import is_working_day

DAY = timedelta(days=1)
START = date(2026, 1, 5)
# Of France in 2026, and a bridge.
HOLIDAYS = frozenset(
    {date(2026, 4, 6), date(2026, 5, 1), date(2026, 5, 8), date(2026, 5, 14), date(2026, 5, 25)}
)


def works(day: date) -> bool:
    return is_working_day(day, HOLIDAYS)


def days(number: int, first: date = START) -> list[date]:
    return [first + n * DAY for n in range(number)]


def year(counts: list[int], number: int = 180) -> dict[date, int]:
    """Counts on working days, in a circle; nothing on the others."""
    working = iter(range(10**6))
    return {d: counts[next(working) % len(counts)] if works(d) else 0 for d in days(number)}


busy = st.lists(st.integers(1, 200), min_size=1, max_size=30)


@given(busy, st.integers(0, 179))
def test_weekends_and_holidays_make_no_false_alarm(counts: list[int], until: int) -> None:
    """Whoever gets mail on each working day is never silent, whatever day it is, before its first
    message of that day as after it."""
    whole = year(counts)
    today = START + until * DAY
    known = {day: count for day, count in whole.items() if day < today}
    assert silence(known, works, today) is None
    assert silence({**known, today: 0}, works, today) is None


@given(busy, st.integers(40, 170))
def test_a_mailbox_that_stops_is_noticed_in_time(counts: list[int], stops: int) -> None:
    """As soon as so many did not come as are a surprise; every working day after that, too."""
    whole = year(counts)
    ordinary = {d: c for d, c in whole.items() if d < START + stops * DAY}
    silent = dict.fromkeys(days(60, START + stops * DAY), 0)
    usual = silence({**ordinary, **silent}, works, START + (stops + 60) * DAY)
    assert usual is not None
    quiet = 0
    for day in silent:
        told = silence({**ordinary, **{d: 0 for d in silent if d < day}}, works, day)
        if quiet and quiet * usual.usual >= SURPRISE:
            assert told == Silence(usual.since, quiet, usual.usual)
        else:
            assert told is None
        quiet += works(day)


@given(st.lists(st.integers(0, 5), min_size=30, max_size=120), st.integers(0, 3))
def test_a_message_ends_every_silence(counts: list[int], weekday: int) -> None:
    arrived = dict(zip(days(len(counts)), counts, strict=True))
    today = START + len(counts) * DAY
    assert silence({**arrived, today: 1}, works, today) is None


@given(st.lists(st.integers(0, 3), min_size=25, max_size=120))
def test_a_pause_as_it_was_before_is_no_news(counts: list[int]) -> None:
    """No pause that is at most half as long again as the longest of the past is told."""
    arrived = dict(zip(days(len(counts)), counts, strict=True))
    told = silence(arrived, works, START + len(counts) * DAY)
    if told is None:
        return
    pauses, pause = [0], 0
    for day, count in arrived.items():
        if day <= told.since and works(day):
            pause = 0 if count else pause + 1
            pauses.append(pause)
    assert told.days > 1.5 * max(pauses)
    assert told.days * told.usual >= SURPRISE


def test_days_on_which_nobody_looked_say_nothing() -> None:
    """suivi was down for three weeks: the mailbox is not silent for that."""
    whole = year([10], 60)
    today = START + 81 * DAY
    assert silence(whole, works, today) is None
    assert silence({**whole, today - DAY: 0}, works, today) == Silence(date(2026, 3, 5), 1, 10)


def test_a_young_or_a_rarely_used_mailbox_is_left_alone() -> None:
    young = dict.fromkeys(days(20), 50) | dict.fromkeys(days(30, START + 20 * DAY), 0)
    assert silence(young, works, START + 50 * DAY) is None
    rare = {d: int(n % 9 == 0) for n, d in enumerate(days(150))}
    rare |= dict.fromkeys(days(60, START + 150 * DAY), 0)
    assert silence(rare, works, START + 210 * DAY) is None


def test_no_history_is_no_silence() -> None:
    assert silence({}, works, START) is None
    assert silence(dict.fromkeys(days(100), 0), works, START + 100 * DAY) is None
