"""What an object is reduced to before it is parsed: the components and properties that decide.

Everything hostile is cut here, on plain lines: size, depth, number, attachments, zone names.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from connectors.errors import Unreadable
from connectors.ical.lines import Line, clean, parameter, parse, unescape

MAX_BYTES: Final = 8 * 1024 * 1024
MAX_PHYSICAL_LINES: Final = 150_000
MAX_LINES: Final = 20_000
MAX_DATES: Final = 5_000
MAX_DEPTH: Final = 8
MAX_COMPONENTS: Final = 1_000
MAX_VALUE: Final = 64 * 1024
MAX_TEXT: Final = 4 * 1024 * 1024
# The largest meetings that servers send out have some hundreds.
MAX_GUESTS: Final = 1_000
# Our own parameter carries the zone's name past the parser, which keeps zones for ever.
TZID: Final = "X-SUIVI-TZID"

EVENTS: Final = frozenset({"VEVENT", "VTODO"})
_TIMES: Final = frozenset({"DTSTART", "DTEND", "DUE", "RECURRENCE-ID", "EXDATE", "RDATE"})
_LISTS: Final = frozenset({"EXDATE", "RDATE"})
_TEXTS: Final = frozenset({"SUMMARY", "DESCRIPTION", "LOCATION"})
_KEPT: Final = (
    _TIMES
    | _TEXTS
    | {"UID", "SEQUENCE", "STATUS", "CLASS", "CATEGORIES", "ORGANIZER", "ATTENDEE", "URL"}
    | {"PERCENT-COMPLETE", "COMPLETED", "PRIORITY", "LAST-MODIFIED", "DTSTAMP", "DURATION"}
    | {"RRULE", "X-SUIVI-FOLLOW-UP", "X-SUIVI-STATE"}
)
_ALARM: Final = frozenset({"ACTION", "TRIGGER"})
# A value that is none of these is left out: the event is worth more than its alarm or number.
_FORMS: Final = {
    "SEQUENCE": re.compile(r"\d{1,9}"),
    "PRIORITY": re.compile(r"\d{1,9}"),
    "PERCENT-COMPLETE": re.compile(r"\d{1,9}"),
    "TRIGGER": re.compile(
        r"[+-]?P(?:\d{1,4}W|(?:\d{1,5}D)?(?:T(?:\d{1,6}H)?(?:\d{1,7}M)?(?:\d{1,9}S)?)?)"
        r"|\d{8}T\d{6}Z?"
    ),
}
_TIME: Final = re.compile(r"\d{8}(?:T\d{6}Z?)?", re.IGNORECASE)
_PARAMS: Final = frozenset({"VALUE", "CN", "PARTSTAT", "EMAIL", "RELATED", "RANGE"})


@dataclass(frozen=True, slots=True)
class Pruned:
    """The calendar as text for the parser, and the zones that it defines by name."""

    text: str
    definitions: Mapping[str, tuple[Line, ...]]
    components: int


def prune(data: bytes) -> Pruned:
    """Reduce an object; Unreadable where its structure is broken or its size absurd."""
    if len(data) > MAX_BYTES:
        raise Unreadable(f"larger than {MAX_BYTES // 1024 // 1024} MiB")
    if data.count(b"\n") > MAX_PHYSICAL_LINES:
        raise Unreadable(f"more than {MAX_PHYSICAL_LINES} lines")
    lines = parse(data)
    kept: list[str] = []
    zones: list[tuple[Line, ...]] = []
    stack: list[str] = []
    zone: list[Line] = []
    components = dates = size = guests = 0
    for line in lines:
        if line.name == "BEGIN":
            stack.append(line.value.strip().upper())
            if len(stack) > MAX_DEPTH:
                raise Unreadable("not iCalendar: components without end")
            components += _counts(stack)
            guests = 0
            _bounded(components, len(kept), dates)
        if stack[1:2] == ["VTIMEZONE"]:
            zone.append(line)
        elif line.name in ("BEGIN", "END"):
            if _path(stack):
                kept.append(f"{line.name}:{line.value.strip().upper()}")
        elif _wanted(stack, line):
            kept.append(_rewritten(line))
            size += len(kept[-1])
            dates += 1 + line.value.count(",") if line.name in _LISTS else 0
            guests += line.name == "ATTENDEE"
            _bearable(size, guests)
        if line.name == "END":
            if not stack or stack.pop() != line.value.strip().upper():
                raise Unreadable("not iCalendar: BEGIN and END don't match")
            if len(stack) == 1 and zone:
                zones.append(tuple(zone))
                zone = []
    _bounded(components, len(kept), dates)
    if stack or not kept:
        raise Unreadable("not iCalendar: " + ("cut short" if stack else "no VCALENDAR"))
    return Pruned("\r\n".join([*kept, ""]), _by_name(zones), components)


def _counts(stack: list[str]) -> bool:
    return len(stack) == 2 and stack[1] in EVENTS


def _bounded(components: int, lines: int, dates: int) -> None:
    if components > MAX_COMPONENTS:
        raise Unreadable(f"more than {MAX_COMPONENTS} events in one object")
    if lines > MAX_LINES:
        raise Unreadable(f"more than {MAX_LINES} properties in one object")
    if dates > MAX_DATES:
        raise Unreadable(f"more than {MAX_DATES} dates listed one by one")


def _bearable(size: int, guests: int) -> None:
    if size > MAX_TEXT:
        raise Unreadable(f"more than {MAX_TEXT // 1024 // 1024} MiB of text")
    if guests > MAX_GUESTS:
        raise Unreadable(f"more than {MAX_GUESTS} participants in one event")


def _path(stack: list[str]) -> bool:
    """VCALENDAR, its events and tasks, and their alarms."""
    return (
        stack[:1] == ["VCALENDAR"]
        and len(stack) <= 3
        and (len(stack) < 2 or stack[1] in EVENTS)
        and (len(stack) < 3 or stack[2] == "VALARM")
    )


def _wanted(stack: list[str], line: Line) -> bool:
    if not _path(stack) or line.name not in ((), (), _KEPT, _ALARM)[len(stack)]:
        return False
    form = _FORMS.get(line.name)
    return form is None or form.fullmatch(line.value.strip().upper()) is not None


def _rewritten(line: Line) -> str:
    value = clean(line.value).replace("\n", "")
    if len(value) > MAX_VALUE:
        if line.name not in _TEXTS:
            raise Unreadable(f"{line.name} of more than {MAX_VALUE // 1024} KiB")
        value = value[:MAX_VALUE].rstrip("\\")
    if line.name in _TIMES:
        # A date with a Z is a date all the same.
        value = re.sub(r"^(\d{8})Z$", r"\1", value.strip())
    if line.name in _TIMES - _LISTS and not _TIME.fullmatch(value):
        raise Unreadable(f"{line.name} that can't be read")
    params = [(name, text) for name, text in line.params.items() if name in _PARAMS]
    if line.name in _TIMES and line.params.get("TZID"):
        params.append((TZID, line.params["TZID"]))
    return line.name + "".join(f";{name}={parameter(text)}" for name, text in params) + f":{value}"


def _by_name(zones: Iterable[tuple[Line, ...]]) -> dict[str, tuple[Line, ...]]:
    named: dict[str, tuple[Line, ...]] = {}
    for definition in zones:
        for line in definition:
            if line.name == "TZID":
                # It is a text, with its commas escaped; as a parameter it is none.
                for name in (line.value.strip(), unescape(line.value).strip()):
                    named.setdefault(name, definition)
                break
    return named
