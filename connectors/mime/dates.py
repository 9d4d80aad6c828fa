"""Date fields (RFC 5322 §3.3, and what mail really has) → aware datetimes, or None."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_tz
from functools import lru_cache

DATE_MOST = 120

_USUAL = re.compile(
    r"(?:[A-Za-z]{3}, )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) "
    r"(\d\d):(\d\d):(\d\d) ([+-]\d{4})(?: \([^()]*\))?",
    re.ASCII,
)
_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}


def date(value: str) -> datetime | None:
    """The instant, in the zone that was written; without one, or with a mad one, UTC."""
    if not value or len(value) > DATE_MOST:
        return None
    usual = _USUAL.fullmatch(value)
    if usual is not None and usual[2] in _MONTHS:
        day, month, year, hour, minute, second, zone = usual.groups()
        offset = (int(zone[1:3]) * 60 + int(zone[3:])) * (-60 if zone[0] == "-" else 60)
        fields = (int(year), _MONTHS[month], int(day), int(hour), int(minute), int(second))
        return _aware(fields, offset)
    return _unusual(value)


def _unusual(value: str) -> datetime | None:
    try:
        parsed = parsedate_tz(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        # Broken where the standard library does not expect it: try without what follows the time.
        shorter = " ".join(value.split()[:5])
        return _unusual(shorter) if len(shorter) < len(value) else None
    if parsed is None:
        return None
    year, month, day, hour, minute, second = parsed[:6]
    return _aware((year, month, day, hour, minute, second), parsed[9] or 0)


def _aware(fields: tuple[int, int, int, int, int, int], offset: int) -> datetime | None:
    year, month, day, hour, minute, second = fields
    if 100 <= year < 1000:
        # Programs that counted years since 1900 (RFC 5322 §4.3).
        year += 1900
    # Year 1 and 9999 leave no room for other zones, and nobody wrote mail then.
    if not 1970 <= year <= 9000:
        return None
    zone = _zone(offset) if abs(offset) < 86_400 else UTC
    try:
        # A leap second is written as 60.
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone)
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=200)
def _zone(offset: int) -> tzinfo:
    return timezone(timedelta(seconds=offset)) if offset else UTC
