"""A zone's rules as VTIMEZONE (RFC 5545 §3.6.5), for the years around an event."""

import calendar
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from connectors.ical.lines import content

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@lru_cache(maxsize=512)
def vtimezone(key: str, year: int) -> bytes:
    """The definition of an IANA zone that is right in `year` and, by rule, after it."""
    zone = ZoneInfo(key)
    years = [list(_changes(zone, each)) for each in (year - 1, year, year + 1)]
    body = b""
    ruled: set[str] = set()
    for changes, following in pairwise(years):
        for at in changes:
            body += _observance(zone, at, following, ruled)
    if not body:
        start = datetime(1970, 1, 1, tzinfo=zone)
        now = datetime(year, 1, 1, tzinfo=zone)
        body = _block("STANDARD", start, now.utcoffset(), now, "")
    return content("BEGIN", "VTIMEZONE") + content("TZID", key) + body + content("END", "VTIMEZONE")


def _changes(zone: ZoneInfo, year: int) -> Iterator[datetime]:
    """The instants of the year (UTC) at which the offset changes, to the minute."""
    at = datetime(year, 1, 1, tzinfo=UTC)
    end = datetime(year + 1, 1, 1, tzinfo=UTC)
    while at < end:
        following = min(at + timedelta(days=1), end)
        if _offset(zone, at) != _offset(zone, following):
            yield _exactly(zone, at, following)
        at = following


def _exactly(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    while after - before > timedelta(minutes=1):
        middle = before + timedelta(minutes=int((after - before).total_seconds() // 120))
        if _offset(zone, middle) == _offset(zone, before):
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _observance(zone: ZoneInfo, at: datetime, following: list[datetime], ruled: set[str]) -> bytes:
    """One change: by rule where the next year has it by the same rule, once."""
    before = _offset(zone, at - timedelta(minutes=1))
    # The onset on the clock as it ran until then (RFC 5545 §3.6.5).
    onset = (at + before).replace(tzinfo=None)
    rule = _rule(onset)
    if rule in ruled:
        return b""
    repeats = any(_rule((one + before).replace(tzinfo=None)) == rule for one in following)
    if repeats:
        ruled.add(rule)
    local = at.astimezone(zone)
    kind = "DAYLIGHT" if local.dst() else "STANDARD"
    return _block(kind, onset, before, local, rule if repeats else "")


def _rule(onset: datetime) -> str:
    last = calendar.monthrange(onset.year, onset.month)[1]
    nth = -1 if onset.day + 7 > last else (onset.day - 1) // 7 + 1
    return f"FREQ=YEARLY;BYMONTH={onset.month};BYDAY={nth}{DAYS[onset.weekday()]}"


def _block(
    kind: str, onset: datetime, before: timedelta | None, local: datetime, rule: str
) -> bytes:
    return (
        content("BEGIN", kind)
        + content("DTSTART", onset.strftime("%Y%m%dT%H%M%S"))
        + (content("RRULE", rule) if rule else b"")
        + content("TZOFFSETFROM", _signed(before or timedelta()))
        + content("TZOFFSETTO", _signed(local.utcoffset() or timedelta()))
        + content("TZNAME", local.tzname() or kind)
        + content("END", kind)
    )


def _signed(offset: timedelta) -> str:
    minutes = int(offset.total_seconds() // 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}{abs(minutes) % 60:02d}"
