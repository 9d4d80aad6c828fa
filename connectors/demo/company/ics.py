"""A sample event as the object that a calendar server holds (RFC 5545).

Written by hand and not by suivi's own writer, so that reading it proves something.
"""

from datetime import UTC, datetime, timedelta

from connectors.demo.company.events import Gathering
from connectors.demo.company.people import Person

STAMP = "20240101T080000Z"

PARIS = """\
BEGIN:VTIMEZONE
TZID:Europe/Paris
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE"""

LONDON = """\
BEGIN:VTIMEZONE
TZID:Europe/London
BEGIN:DAYLIGHT
TZOFFSETFROM:+0000
TZOFFSETTO:+0100
TZNAME:BST
DTSTART:19700329T010000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0100
TZOFFSETTO:+0000
TZNAME:GMT
DTSTART:19701025T020000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE"""

ZONES = {"Europe/Paris": PARIS, "Europe/London": LONDON}


def render(event: Gathering) -> bytes:
    """The event as its organizer's program wrote it."""
    lines = [f"UID:{event.uid}", f"DTSTAMP:{STAMP}", f"SUMMARY:{_text(event.summary)}"]
    lines += _times(event)
    if event.weekly:
        lines.append(f"RRULE:FREQ=WEEKLY;COUNT={event.count}")
        lines += [f"EXDATE;TZID={event.zone}:{skipped:%Y%m%dT%H%M%S}" for skipped in event.skipped]
    if event.location:
        lines.append(f"LOCATION:{_text(event.location)}")
    if event.class_ != "PUBLIC":
        lines.append(f"CLASS:{event.class_}")
    lines.append(f"STATUS:{event.status}")
    if event.organizer is not None:
        lines.append(f"ORGANIZER;CN={event.organizer.name}:mailto:{event.organizer.email}")
    lines += [_attendee(event, guest) for guest in event.guests]
    zone = "" if event.all_day else ZONES[event.zone]
    return _calendar("-//Atelier Lumen//Agenda//FR", zone, "VEVENT", lines)


def phone_event(uid: str, summary: str, start: datetime, minutes: int) -> bytes:
    """What a phone's calendar sends for a thing typed on the way: UTC times and an alarm."""
    lines = [
        f"UID:{uid}",
        f"DTSTAMP:{STAMP}",
        f"DTSTART:{_utc(start)}",
        f"DTEND:{_utc(start + timedelta(minutes=minutes))}",
        f"SUMMARY:{_text(summary)}",
        "X-PHONE-COLOUR:#c0392b",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "DESCRIPTION:Relance",
        "TRIGGER:-PT10M",
        "END:VALARM",
    ]
    return _calendar("-//Pocket//Phone Calendar 9//EN", "", "VEVENT", lines)


def moved(data: bytes, start: datetime, minutes: int) -> bytes:
    """The object after its owner dragged it to another time; every other line stays as it is."""
    times = {"DTSTART": _utc(start), "DTEND": _utc(start + timedelta(minutes=minutes))}
    lines = data.decode("utf-8").replace("\r\n", "\n").split("\n")
    inside = False
    for number, line in enumerate(lines):
        inside = line == "BEGIN:VEVENT" or (inside and line != "END:VEVENT")
        name = line.split(":", 1)[0].split(";", 1)[0]
        if inside and name in times:
            lines[number] = f"{name}:{times[name]}"
    return "\r\n".join(lines).encode()


def _times(event: Gathering) -> list[str]:
    if event.all_day:
        days = f"{event.start:%Y%m%d}", f"{event.end:%Y%m%d}"
        return [f"DTSTART;VALUE=DATE:{days[0]}", f"DTEND;VALUE=DATE:{days[1]}"]
    local = "%Y%m%dT%H%M%S"
    return [
        f"DTSTART;TZID={event.zone}:{event.start.strftime(local)}",
        f"DTEND;TZID={event.zone}:{event.end.strftime(local)}",
    ]


def _attendee(event: Gathering, guest: Person) -> str:
    answer = "DECLINED" if guest.key in event.declined else "ACCEPTED"
    return f"ATTENDEE;CN={guest.name};PARTSTAT={answer}:mailto:{guest.email}"


def _calendar(producer: str, zone: str, component: str, lines: list[str]) -> bytes:
    whole = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{producer}"]
    whole += zone.splitlines()
    whole += [f"BEGIN:{component}", *lines, f"END:{component}", "END:VCALENDAR", ""]
    return "\r\n".join(map(_folded, whole)).encode()


def _folded(line: str) -> str:
    """No line over 75 octets (RFC 5545 §3.1), and no character cut in two."""
    parts, part = [], ""
    for character in line:
        if len((part + character).encode()) > 74:
            parts.append(part)
            part = ""
        part += character
    return "\r\n ".join([*parts, part])


def _text(value: str) -> str:
    """RFC 5545 §3.3.11."""
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        value = value.replace(plain, escaped)
    return value


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
