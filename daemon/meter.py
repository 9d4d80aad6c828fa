"""What the arrows report of themselves while they run; `daemon.metrics` makes numbers of it."""

from collections.abc import Mapping
from typing import Protocol


class Meter(Protocol):
    """Hears what happened. Accounts by the name that the configuration gives them; nothing else
    of what is told comes from mail. Quick, and never raises."""

    def judged(self, account: str, counts: Mapping[str, int]) -> None:
        """So many messages or events were judged, by "verdict:reason"."""

    def remaining(self, account: str, messages: int) -> None:
        """So many messages of the folder that is being read are still to be judged."""

    def turn(self, account: str, seconds: float, trouble: str) -> None:
        """A turn of an account ended; `trouble` is the kind of what went wrong, or nothing."""

    def job(self, name: str, seconds: float, failure: str) -> None:
        """A job of the pool ended; `failure` names the kind of its exception, or nothing."""

    def reminder(self, outcome: str, late: float) -> None:
        """A reminder was handed over, so many seconds after it was due."""

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """An HTTP request was answered. `route` is the pattern of the URL, never a path."""


class Unmetered:
    """For commands, and for tests of other things: nobody counts."""

    def judged(self, account: str, counts: Mapping[str, int]) -> None: ...

    def remaining(self, account: str, messages: int) -> None: ...

    def turn(self, account: str, seconds: float, trouble: str) -> None: ...

    def job(self, name: str, seconds: float, failure: str) -> None: ...

    def reminder(self, outcome: str, late: float) -> None: ...

    def request(self, route: str, method: str, status: int, seconds: float) -> None: ...


UNMETERED = Unmetered()
