"""Waiting for what must become true, and saying what was seen when it does not."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 20.0
PAUSE = 0.1


class NotObserved(Exception):
    """A step of the story did not happen: what was expected, and what was seen instead."""

    def __init__(self, expected: str, seen: str) -> None:
        super().__init__(f"{expected}; {seen}")
        self.expected, self.seen = expected, seen


def until(
    look: Callable[[], T],
    wanted: Callable[[T], bool],
    expected: str,
    patience: float = PATIENCE,
    pause: float = PAUSE,
) -> tuple[T, float]:
    """Look again and again, with a pause between (longer where a look is dear, for it slows down
    what it waits for); what was seen when it was as wanted, and after how many seconds.

    Raises NotObserved with the last thing seen when the patience is over.
    """
    start = time.monotonic()
    while True:
        found = look()
        waited = time.monotonic() - start
        if wanted(found):
            return found, waited
        if waited > patience:
            raise NotObserved(expected, f"{found!r} ({patience:.0f} s)")
        time.sleep(pause)


def must(found: T, wanted: bool, expected: str) -> T:
    """What was seen, when it is as wanted at once. Raises NotObserved."""
    if not wanted:
        raise NotObserved(expected, repr(found))
    return found
