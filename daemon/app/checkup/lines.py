"""What a check says: one line for one thing, how it stands, and what to do about it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from connectors.errors import ConnectorError
from daemon.config import Settings
from daemon.i18n import translator


class Health(StrEnum):
    """How one thing stands."""

    OK = "ok"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One thing that was tried: of an `area`, by the name that the configuration gives it, if any;
    what was found there, or what is wrong and what to do."""

    area: str
    name: str
    health: Health
    detail: str

    @property
    def what(self) -> str:
        """What it is about, in short."""
        return f"{self.area} {self.name}".rstrip()


def ok(area: str, detail: str, name: str = "") -> CheckLine:
    """In order."""
    return CheckLine(area, name, Health.OK, detail)


def warning(area: str, detail: str, name: str = "") -> CheckLine:
    """It works, and yet somebody should look at it."""
    return CheckLine(area, name, Health.WARNING, detail)


def bad(area: str, detail: str, name: str = "") -> CheckLine:
    """It does not work."""
    return CheckLine(area, name, Health.BAD, detail)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be checked, and how. `seconds` is the most that one thing may take; `write`:
    calendars may be tried with an object that is taken away again; `mail_to` gets a test mail."""

    settings: Settings
    now: Callable[[], datetime]
    language: str = "en"
    seconds: float = 30
    write: bool = True
    mail_to: str | None = None

    @property
    def words(self) -> Callable[[str], str]:
        """gettext in the language of who asks."""
        return translator(self.language)


SOON = timedelta(days=21)
"""A certificate that ends within this time is warned of: shorter than what authorities that renew
by themselves leave over (30 days of 90)."""


def certificate(asked: Asked, area: str, name: str, ends: datetime | None) -> Iterator[CheckLine]:
    """A line where a server's certificate ends soon."""
    if ends is None or ends - asked.now() > SOON:
        return
    _ = asked.words
    days = max(0, (ends - asked.now()).days)
    text = _("the server's certificate ends in {days} days, on {date}: have it renewed")
    yield warning(area, text.format(days=days, date=f"{ends:%Y-%m-%d}"), name)


def until(asked: Asked, ends: datetime | None) -> str:
    """Until when the certificate is good, as the end of a line; "" without one."""
    if ends is None:
        return ""
    return asked.words("; certificate until {date}").format(date=f"{ends:%Y-%m-%d}")


def refused(asked: Asked, area: str, name: str, error: ConnectorError) -> CheckLine:
    """What a server said no to: in the language of who asks where the words are ours, else its
    own."""
    if error.problem is None:
        return bad(area, str(error), name)
    text = asked.words(error.problem.value).format(**error.facts)
    return bad(area, f"{error.place}: {text}", name)
