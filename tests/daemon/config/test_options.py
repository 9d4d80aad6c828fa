"""The table of options: what each takes, and what is refused with a reason."""

import itertools
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon import publicholidays
from daemon.optionkinds import CLOCK, FLAG, HOLIDAYS, HOURS, LENGTH, NAME, Kind
from daemon.options import OPTIONS


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (FLAG, "Oui", True),
        (FLAG, "off", False),
        (LENGTH, "90", 90),
        (LENGTH, "2 h", 120),
        (LENGTH, "1 jour", 1440),
        (LENGTH, "0", 0),
        (CLOCK, "9h", "09:00"),
        (CLOCK, "7:45", "07:45"),
        (CLOCK, "18 h 30", "18:30"),
        (HOURS, "lun-ven 8h30-18h30", "Mon-Fri 08:30-18:30"),
        (NAME, "Short", "short"),
        (NAME, "", ""),
        (HOLIDAYS, "fr", "FR"),
        (HOLIDAYS, "fr-57", "FR-57"),
        (HOLIDAYS, "", ""),
    ],
)
def test_what_an_option_takes(kind: Kind, text: str, value: object) -> None:
    assert kind.parse(text) == value
    assert type(kind.parse(text)) is type(value)


@pytest.mark.parametrize(
    ("kind", "text", "why"),
    [
        (FLAG, "perhaps", "yes or no"),
        (LENGTH, "-5", "length of time"),
        (LENGTH, "5 fortnights", "length of time"),
        (LENGTH, "400 d", "no more than a year"),
        (CLOCK, "25:00", "time of day"),
        (CLOCK, "noon", "time of day"),
        (HOURS, "Mon", "days and hours"),
        (NAME, "../secret", "letters, digits"),
        (HOLIDAYS, "XX", "no public holidays are known"),
        (HOLIDAYS, "FR-99", "no region '99'"),
        (HOLIDAYS, "France", "a country such as FR"),
    ],
)
def test_what_is_refused_is_told(kind: Kind, text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        kind.parse(text)


def test_every_default_is_what_its_option_takes() -> None:
    for option in OPTIONS.values():
        assert option.read(option.default) == option.default


@given(st.sampled_from(sorted(OPTIONS)), st.text(max_size=40) | st.integers() | st.none())
def test_anything_stored_is_understood_or_refused(key: str, value: object) -> None:
    try:
        read = OPTIONS[key].read(value)
    except ValueError:
        return
    assert OPTIONS[key].read(read) == read


@given(st.integers(0, 366 * 1440))
def test_a_length_is_shown_as_it_is_read(minutes: int) -> None:
    assert LENGTH.parse(LENGTH.shown(minutes)) == minutes


def test_moselle_has_two_more_holidays_than_france() -> None:
    more = publicholidays.dates("FR-57") - publicholidays.dates("FR")
    assert {d for d in more if d.year == 2026} == {date(2026, 4, 3), date(2026, 12, 26)}
    assert date(2026, 5, 1) in publicholidays.dates("FR")
    assert publicholidays.dates("XX") == frozenset()


def test_the_table_is_spelled_in_one_manner() -> None:
    for key, option in OPTIONS.items():
        assert key.isidentifier() and key == key.lower()
        assert option.help.endswith(".")
    assert len({o.help for o in OPTIONS.values()}) == len(OPTIONS)
    assert all(a != b for a, b in itertools.pairwise(OPTIONS))
