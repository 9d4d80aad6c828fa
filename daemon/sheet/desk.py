"""What writing needs beside the store: what holds of options, who sends mails, whom to wake."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from daemon import options
from rules.options import Value


@dataclass(frozen=True, slots=True)
class Desk:
    """`builtin` is what holds of options that nobody set; `sender` suivi's own address, None where
    no mail can be sent; `woken` is told that follow-ups or letters wait, so that calendars and mail
    servers hear of it at once."""

    builtin: Mapping[str, Value] = field(default_factory=options.defaults)
    sender: str | None = None
    woken: Callable[[], None] = lambda: None
