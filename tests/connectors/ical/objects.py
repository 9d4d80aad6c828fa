"""Calendar objects and follow-ups for the tests."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from connectors import ical
from rules.model.followups import FollowUp, FollowUpId, Reminder
from rules.model.sightings import When

PARIS = ZoneInfo("Europe/Paris")
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
UNTIL = datetime(2027, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 2, 1, 8, tzinfo=UTC)
URL = "https://suivi.example/follow-ups/7"


def calendar(*lines, zones=""):
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n{zones}".encode() + (
        "".join(f"{line}\r\n" for line in lines).encode() + b"END:VCALENDAR\r\n"
    )


def vevent(*lines, uid="u1", zones=""):
    stamp = "DTSTAMP:20260101T000000Z"
    return calendar("BEGIN:VEVENT", f"UID:{uid}", stamp, *lines, "END:VEVENT", zones=zones)


def vtodo(*lines, uid="u1"):
    return calendar("BEGIN:VTODO", f"UID:{uid}", "DTSTAMP:20260101T000000Z", *lines, "END:VTODO")


def read(data, zone="Europe/Paris", since=SINCE, until=UNTIL):
    return ical.read(data, zone, since, until)


def one(data, zone="Europe/Paris"):
    (event,) = read(data, zone)
    return event


def paris(*numbers):
    return datetime(*numbers, tzinfo=PARIS)


def follow_up(**changes):
    told = {
        "id": FollowUpId(7),
        "key": "k-7",
        "uid": "u1",
        "title": "Relance ACME",
        "when": When(paris(2026, 3, 2, 10), paris(2026, 3, 2, 10, 30), zone="Europe/Paris"),
        "assignees": (),
        "reminders": (Reminder(),),
    }
    return FollowUp(**(told | changes))


def write(what, base=None, zone="Europe/Paris", url=URL, **more):
    return ical.write(what, zone, base=base, url=url, now=NOW, **more)
