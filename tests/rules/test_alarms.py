"""One mail about all that is wrong: told once, daily at most, and closed by an all-clear."""

import itertools
from collections import defaultdict
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from rules.alarms import AGAIN, APART, CALM, Key, Plan, Row, plan

START = datetime(2026, 11, 24, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
A, B = ("silent", "ann"), ("frozen", "bob")


def told(moments: dict[int, list[Key]], until: int, step: int = 1) -> list[tuple[int, Plan]]:
    """The mails of so many minutes; `moments` says what is present from a minute on."""
    rows: dict[Key, Row] = {}
    present: list[Key] = []
    mails = []
    for minute in range(0, until, step):
        for at in range(minute - step + 1, minute + 1):
            present = moments.get(at, present)
        result = plan(rows, present, START + minute * MINUTE)
        rows = dict(result.rows)
        if result.mail:
            mails.append((minute, result))
    return mails


def test_told_once_repeated_after_a_day_and_closed() -> None:
    mails = told({5: [A], 60 * 30: []}, 60 * 40)
    assert [(at, m.lasting, m.over) for at, m in mails] == [
        (5, (A,), ()),
        (5 + 24 * 60, (A,), ()),
        (30 * 60 + 15, (), (A,)),
    ]


def test_several_share_a_mail_and_mails_keep_apart() -> None:
    mails = told({0: [A], 10: [A, B], 600: [B], 700: []}, 800)
    assert [(at, m.lasting, m.over) for at, m in mails] == [
        (0, (A,), ()),
        (60, (B, A), ()),
        (715, (), (B, A)),
    ]


def test_what_is_over_while_something_lasts_is_told_with_the_next_mail() -> None:
    mails = told({0: [A, B], 60: [B]}, 60 * 25)
    assert [(at, m.lasting, m.over) for at, m in mails] == [
        (0, (B, A), ()),
        (24 * 60, (B,), (A,)),
    ]


def test_what_comes_and_goes_is_told_daily_at_most() -> None:
    """Ten minutes there, twenty gone, all day long."""
    moments = {}
    for start in range(0, 60 * 23, 30):
        moments |= {start: [A], start + 10: []}
    mails = told(moments, 60 * 23)
    assert [(at, m.lasting, m.over) for at, m in mails] == [(0, (A,), ()), (25, (), (A,))]


def test_what_was_over_before_it_could_be_told_is_forgotten() -> None:
    mails = told({0: [A], 10: [A, B], 20: [A], 40: []}, 120)
    assert [(at, m.lasting, m.over) for at, m in mails] == [(0, (A,), ()), (55, (), (A,))]


keys = st.sampled_from([A, B, ("backup", ""), ("reminders", "")])
histories = st.dictionaries(st.integers(0, 5000), st.lists(keys, unique=True), max_size=40)


@given(histories)
def test_never_flooded_and_every_alarm_that_was_told_is_closed(
    moments: dict[int, list[Key]],
) -> None:
    """Whatever happens: the same is told daily at most, new ones an hour apart, each told alarm is
    closed once nothing is wrong for long, and nothing is closed that was not told."""
    quiet_from = max(moments, default=0) + 1
    mails = told({**moments, quiet_from: []}, quiet_from + 60, step=5)
    last: dict[Key, int] = {}
    open_ones: set[Key] = set()
    counted: dict[Key, int] = defaultdict(int)
    for minute, mail in mails:
        for key in mail.lasting:
            counted[key] += 1
            open_ones.add(key)
        assert set(mail.over) <= open_ones
        open_ones -= set(mail.over)
        if mail.lasting:
            assert any(
                key not in last or (minute - last[key]) * MINUTE >= AGAIN for key in mail.lasting
            )
            last |= dict.fromkeys(mail.lasting, minute)
    assert open_ones == set()
    lasting = [minute for minute, mail in mails if mail.lasting]
    for before, after in itertools.pairwise(lasting):
        assert (after - before) * MINUTE >= APART
    assert CALM < APART


@given(histories)
def test_planning_twice_at_one_moment_tells_once(moments: dict[int, list[Key]]) -> None:
    """Two daemons, or one that was killed before it committed: the same rows give the same plan,
    and the rows that it leaves give no second mail."""
    rows: dict[Key, Row] = {}
    for minute, present in sorted(moments.items()):
        now = START + minute * MINUTE
        result = plan(rows, present, now)
        assert result == plan(rows, present, now)
        assert not plan(result.rows, present, now).mail
        rows = dict(result.rows)
