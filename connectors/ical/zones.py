"""Time zones as calendars name them (RFC 5545 §3.8.3.1): IANA, Windows, paths, inventions."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from connectors.errors import Unreadable
from connectors.ical.lines import Line
from connectors.ical.observances import defined

_OFFSET: Final = re.compile(r"(?:UTC|GMT)?\s*([+-])(\d{1,2})(?::?(\d{2}))?")
# Of all definitions in one object together.
MAX_RULES: Final = 60


class Zones:
    """The zones of one object: by name where the name is known, else by the definition it brings.

    `default` is the zone of floating times, and of names that nothing explains.
    """

    def __init__(self, default: ZoneInfo, definitions: Mapping[str, tuple[Line, ...]]) -> None:
        self.default = default
        self._definitions = definitions
        self._found: dict[str, tzinfo] = {}
        self._rules = 0

    def of(self, tzid: str | None) -> tzinfo:
        """The zone that a TZID means; never fails."""
        if tzid is None:
            return self.default
        if tzid not in self._found:
            self._found[tzid] = self._resolve(tzid)
        return self._found[tzid]

    def place(self, instant: datetime) -> tuple[datetime, str]:
        """The instant in a zone that has an IANA name, and the name. An hour that the clock of
        the zone skips is told as it passes."""
        if isinstance(instant.tzinfo, ZoneInfo):
            return instant.astimezone(UTC).astimezone(instant.tzinfo), instant.tzinfo.key
        if instant.tzinfo is UTC:
            return instant, "UTC"
        return instant.astimezone(self.default), self.default.key

    def _resolve(self, tzid: str) -> tzinfo:
        known = named(tzid)
        if known is not None:
            return known
        definition = self._definitions.get(tzid, ())
        for line in definition:
            if line.name in ("X-LIC-LOCATION", "TZID-ALIAS-OF"):
                known = named(line.value)
                if known is not None:
                    return known
        return self._defined(tzid, definition) or _offset(tzid) or self.default

    def _defined(self, tzid: str, definition: tuple[Line, ...]) -> tzinfo | None:
        zone = defined(tzid, definition)
        if zone is None:
            return None
        self._rules += zone.rules
        if self._rules > MAX_RULES:
            raise Unreadable(f"time zones with more than {MAX_RULES} rules in one object")
        months = [datetime(2025, month, 15, 12) for month in range(1, 13)]  # noqa: DTZ001  local
        theirs = [zone.utcoffset(month) for month in months]
        ours = [self.default.utcoffset(month) for month in months]
        # The same clock under an invented name: keep the name that has a future.
        return self.default if theirs == ours else zone


def named(tzid: str) -> ZoneInfo | None:
    """A zone by its IANA or Windows name, or by the end of a vendor's path
    (`/freeassociation.sourceforge.net/Europe/Paris`)."""
    text = tzid.strip().strip('"')
    if len(text) > 200:
        return None
    segments = text.strip("/").split("/")
    for first in range(max(0, len(segments) - 3), len(segments)):
        key = _names().get("/".join(segments[first:]).casefold())
        if key is not None:
            return ZoneInfo(key)
    for at in (text.find("/"), 0):
        windows = _windows().get(text[:at].strip().casefold() if at > 0 else text.casefold())
        if windows is not None:
            return ZoneInfo(windows)
    return None


@cache
def _names() -> Mapping[str, str]:
    return {name.casefold(): name for name in available_timezones()} | {"z": "UTC"}


@cache
def _windows() -> Mapping[str, str]:
    names = available_timezones()
    return {name.casefold(): zone for name, zone in WINDOWS_TO_OLSON.items() if zone in names}


def _offset(tzid: str) -> tzinfo | None:
    """`GMT+0200`, `UTC-5`: a fixed offset, which has no name of its own in summer and winter."""
    found = _OFFSET.fullmatch(tzid.strip())
    if found is None:
        return None
    hours, minutes = int(found[2]), int(found[3] or 0)
    if hours > 14 or minutes > 59:
        return None
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(offset if found[1] == "+" else -offset)
