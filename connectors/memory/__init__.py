"""Twins of the servers, in memory: what tests and dry runs use instead of IMAP, CalDAV and SMTP.

Each meets the port of its real counterpart, and has its faults as plain attributes.
"""

from connectors.memory.calendars import MemoryCalendars
from connectors.memory.mailbox import MemoryMailbox
from connectors.memory.outbox import MemoryOutbox

__all__ = ["MemoryCalendars", "MemoryMailbox", "MemoryOutbox"]
