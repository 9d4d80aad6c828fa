"""Dates of the sample company: working days counted from today, so that it is always now there."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SATURDAY = 5


def working_day(today: date, count: int) -> date:
    """The working day so many before (negative) or after (positive) today; weekends don't count."""
    step = timedelta(days=1 if count > 0 else -1)
    day, left = today, abs(count)
    while left:
        day += step
        if day.weekday() < SATURDAY:
            left -= 1
    return day


def at(today: date, count: int, clock: str, zone: str) -> datetime:
    """That working day at a local time such as "09:12"."""
    return datetime.combine(
        working_day(today, count), time.fromisoformat(clock), tzinfo=ZoneInfo(zone)
    )
