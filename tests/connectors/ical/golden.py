"""When the events of an object happen, as two implementations tell it: ours, and that of
`icalendar` with `recurring-ical-events` on the object as it is, with their own zones, unbounded."""

import re
import signal
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar

from connectors import ical

PARIS = ZoneInfo("Europe/Paris")
SECONDS = 10
_START = re.compile(rb"^(?:DTSTART|DUE)[^:\r\n]*:(\d{4})(\d{2})(\d{2})", re.MULTILINE)


def horizon(data):
    """A year and a bit, from the first event of the object on; None where it has none."""
    days = [tuple(map(int, found)) for found in _START.findall(data)]
    days = [(y, m, d) for y, m, d in days if 1980 <= y < 2100 and 1 <= m <= 12 and 1 <= d <= 28]
    if not days:
        return None
    first = datetime(*min(days), tzinfo=UTC)
    return first - timedelta(days=1), first + timedelta(days=400)


def ours(data, since, until):
    """UID and instant, or day, of each occurrence."""
    return {
        (event.uid, _told(event.when.start.date() if event.when.all_day else event.when.start))
        for event in ical.read(data, "Europe/Paris", since, until)
        if event.when is not None
        and not event.recurs
        and _well_within(event.when.start, since, until)
    }


def theirs(data, since, until):
    """The same. Raises what the libraries raise, TimeoutError where they don't end."""
    found = set()
    with _at_most(SECONDS):
        for calendar in Calendar.from_ical(data, multiple=True):
            query = recurring_ical_events.of(calendar, components=["VEVENT", "VTODO"])
            for one in query.between(since, until):
                start = one.start
                at = start if isinstance(start, datetime) else datetime.combine(start, time())
                if _well_within(at if at.tzinfo else at.replace(tzinfo=PARIS), since, until):
                    found.add((str(one["UID"]).strip(), _told(start)))
    return found


def _well_within(start, since, until):
    """Not near an end of the horizon, which is no instant for who reads in another zone."""
    return since <= start < until - timedelta(days=2)


def _told(start):
    if not isinstance(start, datetime):
        return start.isoformat()
    return (start if start.tzinfo else start.replace(tzinfo=PARIS)).astimezone(UTC).isoformat()


@contextmanager
def _at_most(seconds):
    def stop(_signal, _frame):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
