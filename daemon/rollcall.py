"""The roll call: threads that wait for their work say, when called, that they still live.

A job of the pool says itself how long it may take (`daemon.jobs.Turn.within`). A thread that only
listens has nothing to say for hours; so it is called now and then, by something that it does not
do otherwise than by its ordinary way of waiting.
"""

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

Answer = Callable[[], None]

WITHIN = 30.0
"""Seconds within which a thread answers, unless it needs longer for what it does at a time."""


class Calls:
    """Calls that wait for a thread which looks round by itself: it answers them as it does."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[Answer] = queue.SimpleQueue()

    def call(self, answer: Answer) -> None:
        """From any thread: have `answer` called by the one that answers."""
        self._waiting.put(answer)

    def answer(self) -> None:
        """In the thread: all that wait are answered."""
        while not self._waiting.empty():
            self._waiting.get()()


@dataclass(slots=True)
class _Entry:
    call: Callable[[Answer], None]
    within: float
    called: float | None = None


class RollCall:
    """Who is to answer, and who has not."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._lock = threading.Lock()

    def enter(self, name: str, call: Callable[[Answer], None], within: float = WITHIN) -> None:
        """`call` has its argument called by the thread; `within` seconds, or it is overdue."""
        with self._lock:
            self._entries[name] = _Entry(call, within)

    def call(self) -> None:
        """Calls all but those that still owe an answer."""
        for entry in self._take():
            try:
                entry.call(lambda entry=entry: self._answered(entry))  # type: ignore[misc]
            except RuntimeError:
                # Its loop has ended: no answer will come, which is what is to be found out.
                continue

    def overdue(self) -> tuple[str, ...]:
        """Names of those that have not answered in time."""
        now = time.monotonic()
        with self._lock:
            return tuple(
                name
                for name, entry in self._entries.items()
                if entry.called is not None and now - entry.called > entry.within
            )

    def _take(self) -> list[_Entry]:
        now = time.monotonic()
        with self._lock:
            free = [entry for entry in self._entries.values() if entry.called is None]
            for entry in free:
                entry.called = now
        return free

    def _answered(self, entry: _Entry) -> None:
        with self._lock:
            entry.called = None
