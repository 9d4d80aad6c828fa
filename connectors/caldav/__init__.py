"""CalDAV (RFC 4791): calendars of one account, read and written as raw bytes."""

from connectors.caldav.account import CaldavAccount, CaldavAccountClient, connect

__all__ = ["CaldavAccount", "CaldavAccountClient", "connect"]
