"""What a signed link of a mail says and does; the app knows, the pages only show."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Refusal(StrEnum):
    """Why a link does nothing."""

    FORGED = "forged"
    EXPIRED = "expired"
    NOT_YOURS = "not-yours"
    GONE = "gone"


class LinkRefused(Exception):
    """The link is not one of ours, or of no use any more. `language` is its user's, where that is
    known."""

    def __init__(self, why: Refusal = Refusal.FORGED, language: str | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.language = language


@dataclass(frozen=True, slots=True)
class Button:
    """What can be pressed: its words, and the token of the link that it presses."""

    words: str
    token: str


@dataclass(frozen=True, slots=True)
class LinkText:
    """What a page shows, already in the language of the link's user: what is asked or was done,
    and about what. `stale`: the link is for another time of the follow-up, and does nothing."""

    heading: str
    text: str
    language: str
    buttons: tuple[Button, ...] = ()
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Links:
    """`show` says what the link would do and changes nothing; `act` does it, and may be repeated.

    Both raise LinkRefused.
    """

    show: Callable[[str], LinkText]
    act: Callable[[str], LinkText]
