"""Readers of amounts: lengths of time, sizes, ranges, times of day, times that come later.

Each takes a text as it stands in a rules file and returns the value, or raises Malformed with the
code of the message that says what is expected.
"""

import re
from collections.abc import Callable, Mapping
from datetime import time, timedelta

from rules.model.rules import DayKind, Hours, Later, Range

LONGEST_DAYS = 3660
"""Ten years: what is further away is a mistake."""

LARGEST = 1 << 50
"""Octets, or what else is counted."""

_SECONDS = {
    **dict.fromkeys(("s", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86_400),
    **dict.fromkeys(("w", "week", "weeks"), 7 * 86_400),
}
_OCTETS = {
    **dict.fromkeys(("b", "byte", "bytes", "octets"), 1),
    **dict.fromkeys(("kb", "ko"), 1000),
    **dict.fromkeys(("mb", "mo"), 1000**2),
    **dict.fromkeys(("gb", "go"), 1000**3),
    "kib": 1 << 10,
    "mib": 1 << 20,
    "gib": 1 << 30,
}
_AMOUNT = re.compile(r"([0-9]{1,9})\s*([A-Za-z]+)")
_AMOUNTS = re.compile(r"(?:[0-9]{1,9}\s*[A-Za-z]+[\s,]*)+")
_SIZE = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,3})?)\s*([A-Za-z]*)")
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_HOURS = re.compile(r"(\S+?)\s*(?:-|–|\bto\b)\s*(\S+)")
_RANGE = re.compile(r"(over|under|at least|at most)\s+(.+)|(.+?)\s+to\s+(.+)")
_UNIT = re.compile(r"^[0-9.]*")
_WORKING = re.compile(r"([0-9]{1,4})\s+working\s+days?")
_LATER = re.compile(r"\+\s*(.+?)(?:\s+at\s+(\S+))?")


class Malformed(Exception):
    """A text is no such amount; `code` says what is expected."""

    def __init__(self, code: str, **parameters: str) -> None:
        super().__init__(code)
        self.code = code
        self.parameters = parameters


def duration(text: str) -> timedelta:
    """`2h`, `15 minutes`, `1 day 12 hours`."""
    if not _AMOUNTS.fullmatch(text):
        raise Malformed("not-a-duration", given=text)
    seconds = 0
    for number, unit in _AMOUNT.findall(text):
        if unit.lower() not in _SECONDS:
            raise Malformed("unknown-unit", unit=unit, units="minutes, hours, days, weeks")
        seconds += int(number) * _SECONDS[unit.lower()]
    if seconds > LONGEST_DAYS * 86_400:
        raise Malformed("too-long", given=text, most=f"{LONGEST_DAYS} days")
    return timedelta(seconds=seconds)


def seconds(text: str) -> int:
    """A length of time in seconds."""
    return int(duration(text).total_seconds())


def octets(text: str) -> int:
    """`300 kB`, `5 MB`, `1.5 GiB`, `20000`: kB, MB, GB are powers of 1000, KiB… of 1024."""
    found = _SIZE.fullmatch(text)
    if not found:
        raise Malformed("not-a-size", given=text)
    unit = found[2].lower() or "b"
    if unit not in _OCTETS:
        raise Malformed("unknown-unit", unit=found[2], units="bytes, kB, MB, GB, KiB, MiB, GiB")
    whole, _, part = found[1].partition(".")
    size = (int(whole) * 1000 + int((part or "0").ljust(3, "0"))) * _OCTETS[unit] // 1000
    if size > LARGEST:
        raise Malformed("too-long", given=text, most="1 PiB")
    return size


def count(text: str) -> int:
    """`3`"""
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise Malformed("not-a-number", given=text)
    return int(text)


def range_of(unit: Callable[[str], int]) -> Callable[[str], Range]:
    """`over 5 MB`, `under 2h`, `at least 2`, `at most 9`, `2 to 5`, `3`, in what `unit` reads."""

    def read(text: str) -> Range:
        found = _RANGE.fullmatch(text)
        if not found:
            value = unit(text)
            return Range(value, value)
        word, bound, low, high = found.groups()
        if word is None:
            # `3 to 5 MB` are megabytes both.
            least, most = unit(low + _UNIT.sub("", high) * low.isdigit()), unit(high)
            if least > most:
                raise Malformed("empty-range", given=text)
            return Range(least, most)
        if word == "under" and unit(bound) == 0:
            raise Malformed("empty-range", given=text)
        return {
            "over": lambda n: Range(least=n + 1),
            "under": lambda n: Range(most=n - 1),
            "at least": lambda n: Range(least=n),
            "at most": lambda n: Range(most=n),
        }[word](unit(bound))

    return read


def clock(text: str) -> time:
    """`09:00`"""
    found = _CLOCK.fullmatch(text)
    if not found:
        raise Malformed("not-a-clock-time", given=text)
    return time(int(found[1]), int(found[2]))


def hours(text: str) -> Hours:
    """`08:00 to 18:00`; `24:00` may end it."""
    found = _HOURS.fullmatch(text)
    if not found:
        raise Malformed("not-hours", given=text)
    start, end = clock(found[1]), time(0) if found[2] == "24:00" else clock(found[2])
    if start == end:
        raise Malformed("empty-range", given=text)
    return Hours(start, end)


def working_days(text: str) -> int:
    """`5 working days`"""
    found = _WORKING.fullmatch(text)
    if not found or not 1 <= int(found[1]) <= LONGEST_DAYS:
        raise Malformed("not-working-days", given=text)
    return int(found[1])


def later(text: str) -> Later:
    """`+3 working days at 09:00`, `+1 week`, `+1 day 2 hours`, `+30 minutes`."""
    found = _LATER.fullmatch(text)
    if not found:
        raise Malformed("not-a-later-time", given=text)
    at = clock(found[2]) if found[2] else None
    if working := _WORKING.fullmatch(found[1]):
        days = int(working[1])
        if days > LONGEST_DAYS:
            raise Malformed("too-long", given=text, most=f"{LONGEST_DAYS} days")
        return Later(days, DayKind.WORKING_DAYS, at=at)
    if not _AMOUNTS.fullmatch(found[1]):
        raise Malformed("not-a-later-time", given=text)
    whole = duration(found[1])
    if at is not None and whole.seconds:
        raise Malformed("hours-and-clock-time", given=text)
    return Later(whole.days, DayKind.DAYS, timedelta(seconds=whole.seconds), at)


WEEKDAYS: Mapping[str, int] = {
    name: number
    for number, name in enumerate(
        ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    )
}
"""Days of the week by name, Monday being 0 (as datetime counts them)."""
