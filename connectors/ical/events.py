"""One component (RFC 5545 §3.6.1–2) as an Event of ours."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from icalendar import Component as Parsed
from icalendar import vBroken

from connectors.errors import Unreadable
from connectors.ical.lines import unescape
from connectors.ical.zones import Zones
from rules.model import marks
from rules.model.people import Address
from rules.model.sightings import Alarm, Answer, Attendee, Component, Event, When

# Each of them once for each occurrence; who has more doesn't hear them.
MAX_ALARMS: Final = 50
_NO_YEAR: Final = "a time outside of the years 2 to 9998"
# How servers name an event of which they show only that the time is taken.
BUSY: Final = frozenset(
    {"busy", "free", "tentative", "out of office", "working elsewhere", "no title"}
    | {"occupé", "occupée", "disponible", "libre", "provisoire", "absent", "indisponible", "privé"}
)
_ANSWERS: Final = {
    "ACCEPTED": Answer.ACCEPTED,
    "COMPLETED": Answer.ACCEPTED,
    "IN-PROCESS": Answer.ACCEPTED,
    "DECLINED": Answer.DECLINED,
    "DELEGATED": Answer.DECLINED,
    "TENTATIVE": Answer.TENTATIVE,
}
_CLASSES: Final = frozenset({"PUBLIC", "PRIVATE", "CONFIDENTIAL"})
# RFC 5545 has no DONE for a VEVENT; suivi says it with a property of its own.
_STATES: Final = {"done": "COMPLETED", "not_needed": "CANCELLED"}


def event(
    parsed: Parsed, zones: Zones, *, recurrence_id: str | None = None, recurs: bool = False
) -> Event:
    """The component as it stands; Unreadable when its time or its UID can't be read."""
    when = _possible(parsed, zones)
    summary, status = _summary(parsed)
    return Event(
        uid=uid(parsed),
        component=Component(parsed.name or ""),
        summary=summary,
        when=when,
        recurrence_id=recurrence_id,
        recurs=recurs,
        sequence=number(parsed, "SEQUENCE") or 0,
        description=text(parsed, "DESCRIPTION"),
        location=text(parsed, "LOCATION"),
        status=status,
        class_=_class(parsed),
        free_busy_only=_free_busy_only(parsed),
        categories=tuple(_categories(parsed)),
        organizer=address(parsed.get("ORGANIZER")),
        attendees=tuple(_attendees(parsed)),
        alarms=tuple(_alarms(parsed, when)),
        url=text(parsed, "URL"),
        percent=number(parsed, "PERCENT-COMPLETE", 100),
        completed=_instant(parsed, "COMPLETED"),
        priority=number(parsed, "PRIORITY", 9) or 0,
        busy=text(parsed, "TRANSP").strip().upper() != "TRANSPARENT",
        modified=_instant(parsed, "LAST-MODIFIED") or _instant(parsed, "DTSTAMP"),
        follow_up_key=unescape(text(parsed, "X-SUIVI-FOLLOW-UP")) or None,
    )


def at(told: Event, parsed: Parsed, occurrence: Parsed, zones: Zones, original: str) -> Event:
    """What a component tells, at one of its occurrences."""
    when = _possible(occurrence, zones)
    alarms = tuple(_alarms(parsed, when)) if told.alarms else ()
    return replace(told, when=when, recurrence_id=original, alarms=alarms)


def uid(parsed: Parsed) -> str:
    """The UID; without one nothing can be said about an object twice."""
    found = text(parsed, "UID").strip()
    if not found:
        raise Unreadable("an event without UID")
    return found


def text(parsed: Parsed, name: str) -> str:
    """A text property; of several the first."""
    values = list(_values(parsed, name))
    return str(values[0]) if values else ""


def number(parsed: Parsed, name: str, most: int = 2**31 - 1) -> int | None:
    """A number that isn't negative, None where there is none."""
    found = text(parsed, name).strip()
    return min(int(found), most) if re.fullmatch(r"\d{1,9}", found) else None


def moment(parsed: Parsed, name: str) -> date | None:
    """A DATE, or an aware time. Unreadable where something else stands."""
    for value in _values(parsed, name):
        found = _dt(value)
        if not isinstance(found, date):
            raise Unreadable(f"{name} that can't be read")
        return found
    return None


def recurrence_id(start: date) -> str:
    """The original start as everybody writes it: a date for an all-day event, whose day doesn't
    depend on the reader's zone, else the time in UTC."""
    if not isinstance(start, datetime):
        return start.strftime("%Y%m%d")
    return start.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The start of a day in a zone."""
    return datetime.combine(day, time(), zone)


def _possible(parsed: Parsed, zones: Zones) -> When | None:
    """When, in years that can be counted from in every zone."""
    try:
        when = _when(parsed, zones)
    except OverflowError as error:
        raise Unreadable(_NO_YEAR) from error
    if when is not None and not all(1 < at.year < 9999 for at in (when.start, when.end) if at):
        raise Unreadable(_NO_YEAR)
    return when


def _when(parsed: Parsed, zones: Zones) -> When | None:
    start, end = moment(parsed, "DTSTART"), moment(parsed, "DTEND")
    if parsed.name == "VTODO":
        end = moment(parsed, "DUE")
        if start is None:
            # A task that only says when it is due happens then.
            start, end = end, None
    if start is None:
        if parsed.name == "VEVENT":
            raise Unreadable("an event without DTSTART")
        return None
    if end is None:
        end = _after(start, parsed)
    if not isinstance(start, datetime):
        first = midnight(start, zones.default)
        if isinstance(end, datetime):
            end = end.date()
        last = None if end is None or end <= start else midnight(end, zones.default)
        return When(first, last, all_day=True, zone=zones.default.key)
    first, name = zones.place(start)
    if end is not None and not isinstance(end, datetime):
        end = midnight(end, zones.default)
    if end is None or end <= start:
        return When(first, None, zone=name)
    return When(first, end.astimezone(first.tzinfo), zone=name)


def _after(start: date, parsed: Parsed) -> date | None:
    for value in _values(parsed, "DURATION"):
        length = _dt(value)
        if not isinstance(length, timedelta):
            raise Unreadable("DURATION that can't be read")
        if isinstance(start, datetime):
            # A day is a day on the clock, an hour an hour that passes (RFC 5545 §3.3.6).
            days, rest = timedelta(days=length.days), timedelta(seconds=length.seconds)
            return ((start + days).astimezone(UTC) + rest).astimezone(start.tzinfo)
        return start + length
    return None


def _summary(parsed: Parsed) -> tuple[str, str]:
    """Summary and status, with suivi's way to say done on a VEVENT undone; where a person took
    the tick out of the title, it is not done any more."""
    summary, status = text(parsed, "SUMMARY"), text(parsed, "STATUS").strip().upper()
    state = text(parsed, "X-SUIVI-STATE").strip().lower()
    if parsed.name != "VEVENT" or state not in _STATES:
        return summary, status
    if summary.startswith(marks.OURS) or not summary.strip(f"{marks.OURS} "):
        return summary.removeprefix(marks.OURS), _STATES[state]
    marked, title = marks.done(summary)
    return (title, _STATES[state]) if marked else (summary, status)


def _class(parsed: Parsed) -> str:
    """Unknown classes are private (RFC 5545 §3.8.1.3)."""
    told = text(parsed, "CLASS").strip().upper() or "PUBLIC"
    return told if told in _CLASSES else "PRIVATE"


def _free_busy_only(parsed: Parsed) -> bool:
    if any(parsed.get(name) for name in ("DESCRIPTION", "LOCATION", "ATTENDEE", "ORGANIZER")):
        return False
    summary = text(parsed, "SUMMARY").strip().casefold()
    return parsed.name == "VEVENT" and (not summary or summary in BUSY)


def _categories(parsed: Parsed) -> Iterator[str]:
    for value in _values(parsed, "CATEGORIES"):
        for category in getattr(value, "cats", ()):
            if str(category).strip():
                yield str(category).strip()


def _attendees(parsed: Parsed) -> Iterator[Attendee]:
    for value in _values(parsed, "ATTENDEE"):
        who = address(value)
        if who is not None:
            told = str(value.params.get("PARTSTAT", "")).upper()
            yield Attendee(who, _ANSWERS.get(told, Answer.NEEDS_ACTION))


def address(value: Any) -> Address | None:
    """A calendar user address (RFC 5545 §3.3.3); servers write principals' paths too, with the
    address in EMAIL (RFC 7986 §6.2)."""
    if isinstance(value, list):
        value = value[0] if value else None
    if value is None:
        return None
    params = getattr(value, "params", {})
    email = mailbox(str(value), str(params.get("EMAIL", "")))
    return Address(email, " ".join(str(params.get("CN", "")).split())) if email else None


def mailbox(value: str, email: str = "") -> str:
    """The email address of a calendar user address, or nothing."""
    uri = re.sub(r"^mailto:", "", value.strip(), flags=re.IGNORECASE)
    for candidate in (unquote(uri).partition("?")[0].strip(), email.strip()):
        bare = re.sub(r"^mailto:", "", candidate, flags=re.IGNORECASE)
        if re.fullmatch(r"[^\s@<>:/]+@[^\s@<>:/]+", bare):
            return bare
    return ""


def _alarms(parsed: Parsed, when: When | None) -> Iterator[Alarm]:
    if when is None:
        return
    for alarm in parsed.subcomponents[:MAX_ALARMS]:
        for trigger in _values(alarm, "TRIGGER"):
            before = _before(_dt(trigger), trigger, when)
            if before is not None:
                yield Alarm(text(alarm, "ACTION").strip().upper() or "DISPLAY", before)


def _before(told: object, trigger: Any, when: When) -> timedelta | None:
    """How long before the start (RFC 5545 §3.8.6.3); one that can't be read rings never."""
    if isinstance(told, timedelta):
        from_end = str(trigger.params.get("RELATED", "")).upper() == "END" and when.end is not None
        length = when.end - when.start if from_end and when.end else timedelta()
        return -(told + length)
    if isinstance(told, datetime):
        absolute = told if told.tzinfo else told.replace(tzinfo=UTC)
        return when.start - absolute
    return None


def _instant(parsed: Parsed, name: str) -> datetime | None:
    for value in _values(parsed, name):
        found = _dt(value)
        if isinstance(found, datetime):
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        if isinstance(found, date):
            return datetime.combine(found, time(), UTC)
    return None


def _dt(value: Any) -> object:
    """The time in a property; None in one that the parser couldn't read."""
    return None if isinstance(value, vBroken) else getattr(value, "dt", None)


def _values(parsed: Parsed, name: str) -> Iterable[Any]:
    value = parsed.get(name)
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)
