"""What a signed link of a reminder mail says and does; the app knows, the pages only show."""

from collections.abc import Callable
from dataclasses import dataclass


class LinkRefused(Exception):
    """The link is expired, was not made by us, or its user may not do this any more."""


@dataclass(frozen=True, slots=True)
class LinkText:
    """What a page shows, already in the language of the link's user."""

    heading: str
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Links:
    """`show` says what the link would do and changes nothing; `act` does it, and may be repeated.

    Both raise LinkRefused.
    """

    show: Callable[[str], LinkText]
    act: Callable[[str], LinkText]
