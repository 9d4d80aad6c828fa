"""Schedule: what of a mailbox is unjudged, and when a thing is looked at again."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import schedule
from rules.model.sightings import When
from tests.rules.house import NOW, meeting

ranges = st.lists(
    st.tuples(st.integers(1, 120), st.integers(0, 40)).map(lambda r: (r[0], r[0] + r[1])),
    max_size=8,
)


@given(ranges, st.integers(1, 150), st.integers(1, 30), st.booleans())
def test_unjudged_and_judged_are_all_and_disjoint(judged, uidnext, batch, newest_first):
    pieces = schedule.unjudged(tuple(judged), uidnext, batch, newest_first)
    unjudged = [uid for lo, hi in pieces for uid in range(lo, hi + 1)]
    done = {uid for lo, hi in judged for uid in range(lo, hi + 1)}
    everything = set(range(1, uidnext))
    assert len(unjudged) == len(set(unjudged))
    assert set(unjudged) == everything - done
    assert all(1 <= hi - lo + 1 <= batch for lo, hi in pieces)
    assert all((a > b) is newest_first for a, b in pairwise(pieces))


def test_an_empty_mailbox_has_nothing_to_judge():
    assert schedule.unjudged((), 1, 500, newest_first=True) == ()
    assert schedule.unjudged((), 0, 500, newest_first=True) == ()


def test_a_mailbox_whose_uids_are_huge_is_taken_in_pieces():
    pieces = schedule.unjudged((), 2**32, 500, newest_first=True)
    assert len(pieces) == 10_000
    assert pieces[0] == (2**32 - 500, 2**32 - 1)


def test_a_batch_holds_something():
    with pytest.raises(ValueError, match="batch"):
        schedule.unjudged((), 10, 0, newest_first=False)


def test_back_off_grows_and_then_stays():
    waits = [schedule.next_try(n, NOW, 0.0) - NOW for n in range(8)]
    assert [w.total_seconds() / 60 for w in waits] == [1, 1, 5, 15, 60, 240, 240, 240]


@given(st.integers(0, 1000), st.floats(0, 1, exclude_max=True))
def test_jitter_never_shortens_a_wait(attempts, jitter):
    plain, shifted = schedule.backoff(attempts, 0.0), schedule.backoff(attempts, jitter)
    assert plain <= shifted <= plain * 1.2


def test_a_meeting_is_looked_at_again_when_it_is_over():
    start = NOW + timedelta(hours=1)
    event = meeting(when=When(start, start + timedelta(hours=2)))
    assert schedule.looks_again(event, NOW) == start + timedelta(hours=2)
    assert schedule.looks_again(meeting(when=When(start)), NOW) == start
    day = meeting(when=When(start, all_day=True))
    assert schedule.looks_again(day, NOW) == start + timedelta(days=1)


def test_what_is_over_has_no_time_or_is_a_whole_series_is_not_waited_for():
    assert schedule.looks_again(meeting(), NOW) is None
    assert schedule.looks_again(meeting(when=None), NOW) is None
    assert schedule.looks_again(meeting(when=When(NOW + timedelta(1)), recurs=True), NOW) is None


@pytest.mark.parametrize(
    ("known", "removed", "emptied"), [(0, 0, False), (4, 4, False), (5, 5, True), (50, 49, False)]
)
def test_a_calendar_that_lost_everything_was_not_tidied(known, removed, emptied):
    assert schedule.looks_emptied(known, removed) is emptied
