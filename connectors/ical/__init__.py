"""iCalendar (RFC 5545): events read from hostile bytes, follow-ups written into them. Pure."""

from connectors.ical.feed import Shown, feed
from connectors.ical.glance import Seen, glance
from connectors.ical.reader import outside_attendees, read
from connectors.ical.semantics import semantics
from connectors.ical.series import first, occurrence, without
from connectors.ical.writer import write

__all__ = [
    "Seen",
    "Shown",
    "feed",
    "first",
    "glance",
    "occurrence",
    "outside_attendees",
    "read",
    "semantics",
    "without",
    "write",
]
