"""Public holidays where nobody has said which apply: those of the country of the time zone."""

from datetime import date

import pytest

from daemon.publicholidays import of_zone


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/Paris", date(2026, 7, 14)),
        ("Europe/Berlin", date(2026, 10, 3)),
        ("America/New_York", date(2026, 7, 4)),
        ("Asia/Tokyo", date(2026, 1, 1)),
    ],
)
def test_a_zone_has_the_holidays_of_its_country(zone: str, day: date) -> None:
    assert day in of_zone(zone)
    assert date(2026, 3, 3) not in of_zone(zone)


@pytest.mark.parametrize("zone", ["UTC", "Etc/GMT+1", "Europe/Nowhere"])
def test_a_zone_of_no_country_has_none(zone: str) -> None:
    assert of_zone(zone) == frozenset()
