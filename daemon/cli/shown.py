"""Times and people as a terminal shows them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from rules import zones

if TYPE_CHECKING:
    from rules.model.people import User, UserId


def local(moment: datetime, zone: str) -> str:
    """A moment on the clock of a time zone, to the minute."""
    return zones.local(moment, zones.zone(zone)).strftime("%Y-%m-%d %H:%M")


def who(users: "Mapping[UserId, User]", ids: "Iterable[UserId]") -> str:
    """Names of users."""
    return ", ".join(users[user].name for user in ids if user in users)
