"""Working hours as people write them: read, shown, and refused with what is wrong."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import officehours
from rules.workdays import OFFICE, Hours, each_day

MORNING, AFTERNOON = (time(8, 30), time(12)), (time(14), time(18, 30))


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("Mon-Fri 08:30-18:30", OFFICE),
        ("lun-ven 8h30-18h30", OFFICE),
        ("Monday–Friday 8:30-18:30", OFFICE),
        ("mon-fri 14:00-18:30 8:30-12", each_day(MORNING, AFTERNOON)),
        ("lun,mar. 8h30-12h", each_day(MORNING, days=(0, 1))),
        ("Sat-Mon 0-24", each_day((time(0), time(23, 59)), days=(0, 5, 6))),
        ("Thu 8h30-12h; Fri 14-18h30", Hours(((),) * 3 + ((MORNING,), (AFTERNOON,), (), ()))),
    ],
)
def test_hours_are_read(text, hours):
    assert officehours.read(text) == hours


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "name no day"),
        ("Mon-Fri", "names no hours"),
        ("Noday 8-12", "'noday' is no day"),
        ("Mon 18-8", "ends before"),
        ("Mon 8-25", "are no hours"),
        ("Mon 8-24:30", "are no hours"),
        ("Mon 8-12:75", "are no hours"),
        ("Mon morning", "are no hours"),
        ("Mon 8-12; Mon-Fri 8-12", "Mon is named twice"),
        ("Mon 8-12;" * 100, "too long"),
    ],
)
def test_what_is_wrong_is_said(text, why):
    with pytest.raises(ValueError, match=why):
        officehours.read(text)


minutes = st.integers(0, 1438).map(lambda m: time(m // 60, m % 60))
spans = st.lists(minutes, min_size=2, max_size=2, unique=True).map(lambda s: tuple(sorted(s)))
days = st.lists(spans, max_size=3).map(lambda found: tuple(sorted(found)))


@given(st.tuples(*[days] * 7).filter(any).map(Hours))
def test_what_is_shown_reads_as_it_was(hours):
    assert officehours.read(officehours.shown(hours)) == hours


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        officehours.read(text)
    except ValueError as error:
        assert str(error)
