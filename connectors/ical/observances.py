"""A zone from its own definition (RFC 5545 §3.6.5): when its clock changes, year by year.

Only plain yearly rules are followed, each by looking at the days of its months, so that nothing
in a hostile definition can run for long.
"""

import calendar
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final, NamedTuple

from connectors.errors import Unreadable
from connectors.ical.lines import Line

MAX_CHANGES: Final = 1_000
# Whoever lists times in more years than this means harm.
MAX_YEARS: Final = 200
_DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_PART: Final = re.compile(r"(BYMONTH|BYDAY|BYMONTHDAY)=([A-Z0-9,+-]{1,60})")
# At which hour is said by DTSTART too.
_IGNORED: Final = re.compile(
    r"FREQ=YEARLY|WKST=[A-Z]{2}|INTERVAL=1|UNTIL=[0-9TZ]{8,16}|BY(?:HOUR|MINUTE|SECOND)=\d{1,2}"
)
_OFFSET: Final = re.compile(r"([+-]?)(\d{2}):?(\d{2})(?::?(\d{2}))?")
_NTH: Final = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")


class Change(NamedTuple):
    """The clock is put from one offset to another; `at` in UTC, without zone."""

    at: datetime
    before: timedelta
    after: timedelta


@dataclass(frozen=True, slots=True)
class Yearly:
    """A yearly rule: on which days of which months."""

    months: tuple[int, ...]
    weekdays: tuple[tuple[int, int], ...] = ()
    days: tuple[int, ...] = ()
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Observance:
    """STANDARD or DAYLIGHT: from which times on the clock which offset counts."""

    starts: tuple[datetime, ...]
    before: timedelta
    after: timedelta
    rule: Yearly | None = None

    def near(self, year: int) -> Iterator[Change]:
        """The changes of this year and its neighbours, the last one before, and all that are
        listed one by one."""
        for start in self.starts:
            yield Change(start - self.before, self.before, self.after)
        if self.rule is None:
            return
        first, until = self.starts[0], self.rule.until
        last = year + 1 if until is None else min(year + 1, until.year)
        for each in range(max(last - 2, first.year, 2), min(last, 9998) + 1):
            for month, day in _in_year(self.rule, each):
                onset = first.replace(year=each, month=month, day=day)
                at = onset - self.before
                if onset > first and (until is None or at <= until):
                    yield Change(at, self.before, self.after)


class Defined(tzinfo):
    """A zone that has no name which means anything, but a definition."""

    def __init__(self, key: str, observances: Sequence[Observance]) -> None:
        self.key = key
        self._observances = tuple(observances)
        self._years: dict[int, tuple[Change, ...]] = {}
        self.rules = sum(one.rule is not None for one in observances)

    def utcoffset(self, local: datetime | None, /) -> timedelta:
        """The offset of a time on the clock: of two the first or, by `fold`, the second; of none
        the one before the change (RFC 5545 §3.3.5)."""
        if local is None:
            return timedelta()
        bare = local.replace(tzinfo=None, fold=0)
        changes = self._near(bare.year)
        shown = min if local.fold else max
        passed = bisect_right(changes, bare, key=lambda c: c.at + shown(c.before, c.after))
        return changes[passed - 1].after if passed else changes[0].before

    def fromutc(self, instant: datetime, /) -> datetime:
        """The clock at an instant, its second showing of a time marked by `fold`."""
        bare = instant.replace(tzinfo=None)
        changes = self._near(bare.year)
        passed = bisect_right(changes, bare, key=lambda change: change.at)
        offset = changes[passed - 1].after if passed else changes[0].before
        local = (bare + offset).replace(tzinfo=self)
        return local if self.utcoffset(local) == offset else local.replace(fold=1)

    def dst(self, _local: datetime | None, /) -> timedelta:
        """Not told apart: the offset is what decides."""
        return timedelta()

    def tzname(self, _local: datetime | None, /) -> str:
        """As its object calls it."""
        return self.key

    def __deepcopy__(self, _memo: object) -> "Defined":
        return self

    def _near(self, year: int) -> tuple[Change, ...]:
        if year not in self._years:
            if len(self._years) >= MAX_YEARS:
                raise Unreadable(f"times in more than {MAX_YEARS} years of one time zone")
            found = {change for o in self._observances for change in o.near(year)}
            self._years[year] = tuple(sorted(found))
        return self._years[year]


def defined(key: str, definition: Sequence[Line]) -> Defined | None:
    """The zone of a VTIMEZONE; None when it makes none. Unreadable where it is absurdly long."""
    found: list[Observance] = []
    told: list[Line] | None = None
    for line in definition:
        inside = line.name in ("BEGIN", "END") and line.value.strip().upper() != "VTIMEZONE"
        if inside and line.name == "BEGIN":
            told = []
        elif inside and told is not None:
            one = _observance(told)
            found += [] if one is None else [one]
            told = None
        elif told is not None:
            told.append(line)
    if sum(len(one.starts) for one in found) > MAX_CHANGES:
        raise Unreadable(f"a time zone with more than {MAX_CHANGES} changes")
    return Defined(key, found) if found else None


def _observance(lines: Sequence[Line]) -> Observance | None:
    values = {line.name: line.value.strip() for line in lines}
    before, after = _offset(values.get("TZOFFSETFROM", "")), _offset(values.get("TZOFFSETTO", ""))
    start = _local(values.get("DTSTART", ""))
    if start is None or after is None:
        return None
    listed = [
        at
        for line in lines
        if line.name == "RDATE"
        for text in line.value.split(",", MAX_CHANGES)
        if (at := _local(text.strip())) is not None
    ]
    # Without it (iCalendar wants it) nothing changes but the name.
    before = after if before is None else before
    rule = _yearly(values.get("RRULE", ""), start)
    return Observance((start, *listed), before, after, rule)


def _yearly(text: str, start: datetime) -> Yearly | None:
    """The rule, or None where it is anything but plain: then its start is all that counts."""
    parts = [part for part in text.upper().split(";") if part and not _IGNORED.fullmatch(part)]
    told = {found[1]: found[2] for part in parts if (found := _PART.fullmatch(part))}
    weekdays = [_NTH.fullmatch(day) for day in told.get("BYDAY", "").split(",") if day]
    is_plain = len(told) == len(parts) and all(weekdays) and "FREQ=YEARLY" in text.upper()
    if not is_plain or ("BYDAY" in told and "BYMONTH" not in told):
        return None
    months, days = _numbers(told.get("BYMONTH", "")), _numbers(told.get("BYMONTHDAY", ""))
    until = re.search(r"UNTIL=([0-9TZ]+)", text.upper())
    if len(months) > 2 or any(not 1 <= month <= 12 for month in months):
        return None
    return Yearly(
        months=months or (start.month,),
        weekdays=tuple((int(w[1] or 0), _DAYS.index(w[2])) for w in weekdays if w is not None),
        days=days if days or weekdays else (start.day,),
        until=None if until is None else _local(until[1].ljust(8, "0")),
    )


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(n) for n in text.split(",") if re.fullmatch(r"[+-]?\d{1,2}", n))


def _offset(text: str) -> timedelta | None:
    found = _OFFSET.fullmatch(text)
    if found is None:
        return None
    length = timedelta(hours=int(found[2]), minutes=int(found[3]), seconds=int(found[4] or 0))
    # Python knows no offset of a day or more.
    if length >= timedelta(hours=24):
        return None
    return -length if found[1] == "-" else length


def _local(text: str) -> datetime | None:
    """A time on the clock, or a date; what is before 1900 started before any meeting."""
    found = re.fullmatch(r"(\d{4})(\d{4})(?:T(\d{6})Z?)?", text.strip())
    if found is None:
        return None
    year = max(found[1], "1900")
    try:
        return datetime.strptime(f"{year}{found[2]}{found[3] or '000000'}", "%Y%m%d%H%M%S")  # noqa: DTZ007  wall clock
    except ValueError:
        return None


@lru_cache(maxsize=1024)
def _in_year(rule: Yearly, year: int) -> tuple[tuple[int, int], ...]:
    """Month and day of each time that the rule gives."""
    return tuple(
        (month, day)
        for month in rule.months
        for last in (calendar.monthrange(year, month)[1],)
        for day in range(1, last + 1)
        if not rule.days or day in rule.days or day - last - 1 in rule.days
        if not rule.weekdays or any(_is_nth(year, month, day, *w) for w in rule.weekdays)
    )


def _is_nth(year: int, month: int, day: int, nth: int, weekday: int) -> bool:
    """Whether a day is the nth such weekday of its month; negative ones count from its end, 0 is
    any."""
    if calendar.weekday(year, month, day) != weekday:
        return False
    last = calendar.monthrange(year, month)[1]
    return nth in (0, (day - 1) // 7 + 1, -((last - day) // 7) - 1)
