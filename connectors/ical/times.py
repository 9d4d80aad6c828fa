"""The time of a follow-up as properties (RFC 5545 §3.3.4–5), new or in the words of an object."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from connectors.ical.lines import content
from connectors.ical.vtimezone import vtimezone
from rules.model.sightings import Component, When

# A follow-up need not end; an event that doesn't is refused by some servers (iCloud).
LENGTH: Final = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Times:
    """How times are written: `params` and clock of `zone`; None for UTC. `definition` is the
    VTIMEZONE that the parameters need."""

    when: When
    zone: tzinfo | None
    params: str = ""
    definition: bytes = b""

    @classmethod
    def fresh(cls, when: When, zone: str) -> "Times":
        """In the zone of who reads it; in UTC where that clock shows the time twice or never."""
        clock = ZoneInfo(zone)
        moments = [when.start, *([when.end] if when.end else [])]
        if when.all_day or zone == "UTC" or any(_ambiguous(at, clock) for at in moments):
            return cls(when, None)
        year = when.start.astimezone(clock).year
        return cls(when, clock, f";TZID={zone}", vtimezone(zone, year))

    def properties(self, kind: Component) -> dict[str, bytes]:
        """Start and end by name; of a task without an end, when it is due."""
        if kind is Component.VTODO and self.end is None:
            return {"DUE": self.property("DUE", self.start)}
        told = {"DTSTART": self.property("DTSTART", self.start)}
        if self.end is not None:
            last = "DUE" if kind is Component.VTODO else "DTEND"
            told[last] = self.property(last, self.end)
        return told

    @property
    def start(self) -> date:
        """The start as it is written."""
        return self._day(self.when.start) if self.when.all_day else self.when.start

    @property
    def end(self) -> date | None:
        """The end as it is written, exclusive."""
        if self.when.end is None or self.when.end <= self.when.start:
            return None
        if not self.when.all_day:
            return self.when.end
        # An end within a day takes that day too, for a DATE can't say less.
        day = self._day(self.when.end - timedelta(microseconds=1)) + timedelta(days=1)
        return day if day > self.start else None

    def property(self, name: str, at: date) -> bytes:
        """One property with its parameters."""
        if not isinstance(at, datetime):
            return content(name, at.strftime("%Y%m%d"), ";VALUE=DATE")
        if self.zone is None:
            return content(name, at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ"))
        return content(name, at.astimezone(self.zone).strftime("%Y%m%dT%H%M%S"), self.params)

    def _day(self, at: datetime) -> date:
        return at.astimezone(ZoneInfo(self.when.zone)).date()


def _ambiguous(at: datetime, zone: tzinfo) -> bool:
    """Whether the clock can't say this instant (RFC 5545 §3.3.5 takes the first of two)."""
    local = at.astimezone(zone).replace(fold=0)
    return local.astimezone(UTC) != at.astimezone(UTC)


def sayable(when: When, zone: tzinfo) -> bool:
    """Whether a clock can say start and end."""
    return not any(_ambiguous(at, zone) for at in (when.start, when.end) if at is not None)


def ended(when: When, kind: Component, standing: When | None = None) -> When:
    """The time with an end: as long as what stands there, else a moment for an event; a task
    needs none. An end that the follow-up has stays."""
    if when.end is not None:
        return when
    if standing is not None and standing.all_day == when.all_day:
        if standing.end is None:
            return when
        length = _length(standing)
    elif kind is Component.VTODO:
        return when
    else:
        length = timedelta(days=1) if when.all_day else LENGTH
    if when.all_day:
        # Whole days on the clock, also over a change of summer time.
        return replace(when, end=when.start + length)
    return replace(when, end=(when.start.astimezone(UTC) + length).astimezone(when.start.tzinfo))


def _length(when: When) -> timedelta:
    end = when.end or when.start
    if when.all_day:
        return end.date() - when.start.date()
    return end.astimezone(UTC) - when.start.astimezone(UTC)
