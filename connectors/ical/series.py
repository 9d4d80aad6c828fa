"""One occurrence of a series changed or taken out, all else left as it stands (RFC 5545 §3.8.4.4,
§3.8.5.1)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr  # type: ignore[import-untyped]  # no type information upstream

from connectors.errors import Unreadable
from connectors.ical import recur
from connectors.ical.events import recurrence_id
from connectors.ical.lines import Line, content, parse
from connectors.ical.prune import prune
from connectors.ical.structure import Place, find, places
from connectors.ical.zones import Zones
from rules.model.sightings import When

_OF_THE_SERIES: Final = frozenset({"RRULE", "RDATE", "EXDATE", "EXRULE"})
_STARTS: Final = ("DTSTART", "DUE")
_LOOKS_AHEAD: Final = timedelta(days=5 * 366)


def occurrence(start: datetime, *, all_day: bool) -> str:
    """What an occurrence that starts then is called, as `reader` tells RECURRENCE-ID."""
    return recurrence_id(start.date() if all_day else start)


def first(rule: str, when: When) -> When | None:
    """The first time at or after `when` that a rule yields, as long as that; None when there is
    none in five years. Raises Unreadable for a rule that can't be followed."""
    zone = ZoneInfo(when.zone)
    local = when.start.astimezone(zone).replace(tzinfo=None)
    parts = dict(part.split("=", 1) for part in rule.split(";"))
    until = parts.pop("UNTIL", "")
    last = recur.last(until, when.start.astimezone(zone), local + _LOOKS_AHEAD)
    if recur.walk(parts, local, last, (local, last), recur.Budget())[0] == 0:
        return None
    told = ";".join(f"{name}={value}" for name, value in parts.items())
    start = rrulestr(told, dtstart=local)[0].replace(tzinfo=zone)
    if when.end is None:
        return When(start, None, when.all_day, when.zone)
    if when.all_day:
        return replace(when, start=start, end=start + (when.end.date() - when.start.date()))
    length = when.end.astimezone(UTC) - when.start.astimezone(UTC)
    return replace(when, start=start, end=(start.astimezone(UTC) + length).astimezone(zone))


def override(base: bytes, uid: str, occurrence: str, zone: str) -> tuple[bytes, bool]:
    """The object with a component of its own for this occurrence (its RECURRENCE-ID as `reader`
    tells it), which says what the series says, and whether that had to be added."""
    lines = parse(base)
    zones = _zones(base, zone)
    if _changed(lines, uid, occurrence, zones) is not None:
        return base, False
    master = find(lines, uid)
    raw = [line.raw for line in lines]
    raw[master.end] += b"".join(_copied(lines, master, occurrence, zones))
    return b"".join(raw), True


def place_of(base: bytes, lines: Sequence[Line], uid: str, occurrence: str, zone: str) -> Place:
    """Where the component of a changed occurrence stands. Raises Unreadable."""
    found = _changed(lines, uid, occurrence, _zones(base, zone))
    if found is None:
        raise Unreadable("an occurrence that the object does not hold")
    return found


def alone(lines: Sequence[Line], place: Place) -> bytes:
    """The component at `place` as an object of its own, as if it did not belong to a series."""
    others = [each for each in places(lines) if each.begin != place.begin]
    gone = {n for each in others for n in range(each.begin, each.end + 1)}
    gone |= {n for n, line in place.own.items() if line.name in {"RECURRENCE-ID", *_OF_THE_SERIES}}
    return b"".join(line.raw for n, line in enumerate(lines) if n not in gone)


def without(base: bytes, uid: str, occurrence: str, zone: str) -> bytes:
    """The object without this occurrence; `base` where it has none."""
    lines = parse(base)
    zones = _zones(base, zone)
    master = find(lines, uid)
    start = _start(master)
    told = {
        _told(value, line, zones)
        for line in master.own.values()
        if line.name == "EXDATE"
        for value in line.value.split(",")
    }
    changed = _changed(lines, uid, occurrence, zones)
    raw = [line.raw for line in lines]
    if occurrence not in told:
        params = start.head[len(start.name) :]
        line = content("EXDATE", _at(occurrence, start, zones), params)
        raw[master.body_end] = line + raw[master.body_end]
    elif changed is None:
        return base
    if changed is not None:
        raw[changed.begin : changed.end + 1] = [b""] * (changed.end + 1 - changed.begin)
    return b"".join(raw)


def _zones(base: bytes, zone: str) -> Zones:
    return Zones(ZoneInfo(zone), prune(base).definitions)


def _changed(lines: Sequence[Line], uid: str, occurrence: str, zones: Zones) -> Place | None:
    for place in places(lines):
        line = place.first("RECURRENCE-ID")
        if line is None or place.value("UID") != uid:
            continue
        if _told(line.value, line, zones) == occurrence:
            return place
    return None


def _copied(lines: Sequence[Line], master: Place, occurrence: str, zones: Zones) -> Iterator[bytes]:
    """The master as the occurrence: at its time, and without what makes it a series."""
    start = _start(master)
    moved = _wall(_at(occurrence, start, zones)) - _wall(start.value)
    for index in range(master.begin, master.end + 1):
        line = lines[index]
        if index not in master.own:
            yield line.raw
        elif line is start:
            yield content(line.name, _at(occurrence, start, zones), line.head[len(line.name) :])
            params = line.head[len(line.name) :]
            yield content("RECURRENCE-ID", _at(occurrence, start, zones), params)
        elif line.name in ("DTEND", "DUE"):
            at = _wall(line.value) + moved
            told = f"{at:%Y%m%d}" if "T" not in line.value.upper() else f"{at:%Y%m%dT%H%M%S}"
            utc = "Z" if line.value.strip().upper().endswith("Z") else ""
            yield content(line.name, told + utc, line.head[len(line.name) :])
        elif line.name not in _OF_THE_SERIES:
            yield line.raw


def _start(master: Place) -> Line:
    found = next((line for name in _STARTS if (line := master.first(name))), None)
    if found is None:
        raise Unreadable("a series without a start")
    return found


def _told(value: str, line: Line, zones: Zones) -> str:
    """A date or time of a line as RECURRENCE-ID is told."""
    wall = _wall(value)
    if "T" not in value.upper():
        return recurrence_id(wall.date())
    zone = UTC if value.strip().upper().endswith("Z") else zones.of(line.params.get("TZID"))
    return recurrence_id(wall.replace(tzinfo=zone))


def _at(occurrence: str, start: Line, zones: Zones) -> str:
    """The original start of an occurrence as the line of the series tells its own."""
    if "T" not in occurrence:
        return occurrence
    instant = _wall(occurrence).replace(tzinfo=UTC)
    if start.value.strip().upper().endswith("Z"):
        return occurrence
    return f"{instant.astimezone(zones.of(start.params.get('TZID'))):%Y%m%dT%H%M%S}"


def _wall(value: str) -> datetime:
    text = value.strip().upper().rstrip("Z")
    form = "%Y%m%dT%H%M%S" if "T" in text else "%Y%m%d"
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007  wall-clock time
    except ValueError as error:
        raise Unreadable("a time of a series that can't be read") from error
