"""The digest: when it is time for it, on its reader's clock and calendar, and what is in it."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from rules import digest
from rules.model.sightings import When
from rules.options import DigestWishes
from tests.rules.house import follow_up

PARIS = ZoneInfo("Europe/Paris")
ON = DigestWishes(on=True, holidays=frozenset({date(2026, 5, 1)}))


@pytest.mark.parametrize(
    ("when", "wish", "day"),
    [
        # A Wednesday in March, before and after eight.
        ((2026, 3, 4, 7, 59), ON, None),
        ((2026, 3, 4, 8), ON, date(2026, 3, 4)),
        ((2026, 3, 4, 23, 59), ON, date(2026, 3, 4)),
        ((2026, 3, 4, 8), replace(ON, at=time(9, 30)), None),
        ((2026, 3, 4, 9), DigestWishes(), None),
        # A Saturday, and a holiday.
        ((2026, 3, 7, 9), ON, None),
        ((2026, 5, 1, 9), ON, None),
        ((2026, 3, 7, 9), replace(ON, every_day=True), date(2026, 3, 7)),
        ((2026, 5, 1, 9), replace(ON, every_day=True), date(2026, 5, 1)),
        # The day on which clocks go forward, by the new time.
        ((2026, 3, 29, 8), replace(ON, every_day=True), date(2026, 3, 29)),
    ],
)
def test_it_is_time_on_the_readers_clock(when, wish, day):
    assert digest.day_of(wish, PARIS, datetime(*when, tzinfo=PARIS).astimezone(UTC)) == day


@pytest.mark.parametrize(
    ("last", "since"),
    [
        # After a weekend, what was closed on it too, by the hour of the last one.
        (date(2026, 3, 27), datetime(2026, 3, 27, 8, tzinfo=PARIS)),
        (date(2026, 3, 29), datetime(2026, 3, 29, 8, tzinfo=PARIS)),
        (None, datetime(2026, 3, 29, 9, tzinfo=PARIS)),
        (date(2025, 1, 1), datetime(2026, 3, 16, 8, tzinfo=PARIS)),
    ],
)
def test_it_tells_of_what_was_closed_since_the_last_one(last, since):
    # The clocks went forward on the day before.
    now = datetime(2026, 3, 30, 9, tzinfo=PARIS).astimezone(UTC)
    assert digest.since(ON, PARIS, last, now) == since


def test_what_is_due_by_the_readers_day():
    today = date(2026, 3, 4)
    midnight = datetime(2026, 3, 4, tzinfo=PARIS)

    def at(moment, **other):
        return follow_up(
            id=int((moment - midnight) / timedelta(minutes=1)), when=When(moment, **other)
        )

    evening = at(midnight - timedelta(minutes=1))
    morning = at(midnight + timedelta(hours=9))
    night = at(midnight + timedelta(hours=23, minutes=59))
    tomorrow = at(midnight + timedelta(days=1))
    # A whole day of Tokyo's begins on the eve in Paris.
    whole = at(datetime(2026, 3, 4, tzinfo=ZoneInfo("Asia/Tokyo")), all_day=True, zone="Asia/Tokyo")
    history = replace(at(midnight - timedelta(days=9)), live=False)
    found = digest.agenda([night, tomorrow, history, morning, evening, whole], PARIS, today)
    assert found == digest.Agenda((evening,), (whole, morning, night))
