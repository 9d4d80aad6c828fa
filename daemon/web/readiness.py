"""How the daemon is, as values that the app fills in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that can be out of order. A dead mailbox is a status, not unreadiness.

    What is `of_account` and the `detail` lines are for a known caller only.
    """

    name: str
    ok: bool
    reason: str = ""
    required: bool = True
    of_account: bool = False
    detail: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Readiness:
    """Everything that was looked at."""

    checks: tuple[Check, ...]

    @property
    def ready(self) -> bool:
        """True when all that is required is in order."""
        return all(check.ok for check in self.checks if check.required)
