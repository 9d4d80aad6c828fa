"""iCalendar (RFC 5545): events read from hostile bytes, follow-ups written into them. Pure."""

from connectors.ical.reader import outside_attendees, read
from connectors.ical.semantics import semantics
from connectors.ical.writer import write

__all__ = ["outside_attendees", "read", "semantics", "write"]
