"""Time zones by IANA name; a name that nobody knows is UTC, for it came from a file or a mail."""

from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

from rules.model.sightings import When


def zone(name: str) -> tzinfo:
    """The zone of that name, else UTC."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC


def local_date(when: When) -> date:
    """The calendar day on which it starts, where it takes place."""
    return local(when.start, zone(when.zone)).date()


def local(moment: datetime, where: tzinfo) -> datetime:
    """The same instant on the wall clock there; at the ends of the calendar, as it is."""
    try:
        return moment.astimezone(where)
    except OverflowError:
        return moment
