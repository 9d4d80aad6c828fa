"""How many mails may leave now, where a server or a contract allows only so many a minute."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=1)


@dataclass(slots=True)
class Pace:
    """What was handed over in the last minute; `per_minute` 0 means no limit. For one daemon."""

    per_minute: int = 0
    _past: deque[datetime] = field(default_factory=deque)

    def limited(self, per_minute: int) -> "Pace":
        """Another limit, as a reload may bring, on what has left and leaves under the old one."""
        return Pace(per_minute, self._past)

    def room(self, now: datetime, wanted: int) -> int:
        """How many of `wanted` mails may leave now."""
        if not self.per_minute:
            return wanted
        while self._past and self._past[0] <= now - WINDOW:
            self._past.popleft()
        return max(0, min(wanted, self.per_minute - len(self._past)))

    def note(self, now: datetime, handed: int) -> None:
        """So many have left by now."""
        self._past.extend([now] * handed)
        # Without a limit nobody asks how many there were, until a reload brings one.
        while self._past and self._past[0] <= now - WINDOW:
            self._past.popleft()
