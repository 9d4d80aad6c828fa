"""Working hours as people write them: `Mon-Thu 08:30-12:00 13:30-18:00; Fri 08:30-17:00`."""

import re
from datetime import time
from functools import lru_cache

from rules.dates import WEEKDAYS
from rules.words import fold
from rules.workdays import Hours, Span

_LONGEST = 500
_SPAN = re.compile(r"(\d{1,2})(?::(\d{2})|h(\d{2})?)?-(\d{1,2})(?::(\d{2})|h(\d{2})?)?")
_DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

# The last minute of a day: its end is the next day already, which may be a holiday.
_MIDNIGHT = time(23, 59)


@lru_cache(maxsize=256)
def read(text: str) -> Hours:
    """The hours that a text names, in English or French. Raises ValueError, with what is wrong.

    Groups are separated by `;`: days (`Mon`, `Mon-Fri`, `lun,mar`), then spans. Spans run within
    a day; `24:00` is its end.
    """
    if len(text) > _LONGEST:
        raise ValueError("working hours are too long a text")
    week: list[tuple[Span, ...]] = [()] * 7
    for group in filter(None, map(str.strip, fold(text).split(";"))):
        days, *spans = group.split()
        if not spans:
            raise ValueError(f"'{group}' names no hours: write such as 'Mon-Fri 08:30-18:30'")
        worked = tuple(sorted(map(_span, spans)))
        for day in _days(days):
            if week[day]:
                raise ValueError(f"{_DAY_NAMES[day]} is named twice")
            week[day] = worked
    if not any(week):
        raise ValueError("working hours name no day")
    return Hours(tuple(week))


def _days(text: str) -> list[int]:
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        start, end = _day(first), _day(last if dash else first)
        found += range(start, end + 1) if start <= end else [*range(start, 7), *range(end + 1)]
    return found


def _day(name: str) -> int:
    day = WEEKDAYS.get(name.strip("."))
    if day is None:
        raise ValueError(f"'{name}' is no day of the week")
    return day


def _span(text: str) -> Span:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError(f"'{text}' are no hours: write such as 08:30-18:30")
    start = _time(found[1], found[2] or found[3], text)
    end = _time(found[4], found[5] or found[6], text)
    if start >= end:
        raise ValueError(f"'{text}' ends before it begins")
    return start, end


def _time(hour: str, minute: str | None, text: str) -> time:
    if int(hour) == 24 and not int(minute or 0):
        return _MIDNIGHT
    try:
        return time(int(hour), int(minute or 0))
    except ValueError as error:
        raise ValueError(f"'{text}' are no hours: write such as 08:30-18:30") from error


def shown(hours: Hours) -> str:
    """The text that `read` understands; days of the same hours together."""
    groups: list[tuple[list[int], tuple[Span, ...]]] = []
    for day, spans in enumerate(hours.week):
        if not spans:
            continue
        if groups and groups[-1][1] == spans and groups[-1][0][-1] == day - 1:
            groups[-1][0].append(day)
        else:
            groups.append(([day], spans))
    return "; ".join(_group(days, spans) for days, spans in groups)


def _group(days: list[int], spans: tuple[Span, ...]) -> str:
    named = _DAY_NAMES[days[0]] + (f"-{_DAY_NAMES[days[-1]]}" if len(days) > 1 else "")
    return " ".join([named, *(f"{a:%H:%M}-{b:%H:%M}" for a, b in spans)])
