"""A bounded pool of worker threads; one key, such as an account, is never in two of them.

The queue holds at most one entry a key, so it is bounded too: whoever wakes a key that waits
changes nothing but its priority, and whoever wakes one that runs makes it run once more.
"""

import contextlib
import heapq
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import structlog

from daemon.meter import UNMETERED, Meter

log = structlog.stdlib.get_logger(__name__)

# How long a job may go without a word, unless it says otherwise.
PATIENCE = 300.0


class Priority(IntEnum):
    """The smallest goes first: what just happened, then looking round, then the past."""

    LIVE = 0
    POLL = 1
    BACKFILL = 2


class Turn:
    """What a running job holds: it says how long until its next word, and asks whether to stop."""

    def __init__(self, name: str, stopping: threading.Event, patience: float) -> None:
        self.name = name
        self._stopping = stopping
        self._until = time.monotonic() + patience

    def within(self, seconds: float) -> None:
        """Promises another word, or the end, within `seconds`; late ones are overdue."""
        self._until = time.monotonic() + seconds

    @property
    def stopping(self) -> bool:
        """True when the daemon stops: end at the next point where all is stored."""
        return self._stopping.is_set()

    @property
    def overdue(self) -> bool:
        """True when the promise was not kept."""
        return time.monotonic() > self._until


Job = Callable[[Turn], None]


@dataclass(frozen=True, slots=True)
class _Entry:
    key: Hashable
    name: str
    job: Job
    priority: Priority
    patience: float


@dataclass(slots=True)
class _State:
    """All that the threads share, under one lock."""

    waiting: dict[Hashable, _Entry] = field(default_factory=dict)
    order: list[tuple[int, int, Hashable]] = field(default_factory=list)
    running: dict[Hashable, Turn] = field(default_factory=dict)
    again: dict[Hashable, _Entry] = field(default_factory=dict)
    done: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    closed: bool = False


class Pool:
    """Runs jobs on `workers` threads. A job's exception is logged and counted, and ends nothing."""

    def __init__(self, workers: int, meter: Meter = UNMETERED) -> None:
        self._meter = meter
        self._state = _State()
        self._numbers = itertools.count()
        self._change = threading.Condition()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, name=f"worker-{number}", daemon=True)
            for number in range(1, workers + 1)
        ]
        for thread in self._threads:
            thread.start()

    def submit(
        self,
        key: Hashable,
        job: Job,
        priority: Priority = Priority.POLL,
        *,
        name: str = "",
        patience: float = PATIENCE,
    ) -> bool:
        """Wakes `key`: `job` runs as soon as a worker is free. False when the pool is closing."""
        entry = _Entry(key, name or str(key), job, priority, patience)
        with self._change:
            state = self._state
            if state.closed:
                return False
            if key in state.running:
                state.again[key] = _more_urgent(entry, state.again.get(key))
                return True
            waiting = state.waiting.get(key)
            if _more_urgent(entry, waiting) is entry:
                self._queue(entry)
            return True

    def drain(self, seconds: float) -> bool:
        """Takes nothing new, drops what waits (it is found again at the next start), and waits for
        what runs. False when something still ran after `seconds`."""
        until = time.monotonic() + seconds
        self._stopping.set()
        with self._change:
            state = self._state
            state.closed = True
            state.waiting.clear()
            state.again.clear()
            self._change.notify_all()
            while state.running:
                left = until - time.monotonic()
                if left <= 0:
                    log.warning("still running", jobs=[t.name for t in state.running.values()])
                    return False
                self._change.wait(left)
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return True

    def idle(self, seconds: float) -> bool:
        """Waits until nothing runs and nothing waits; False when that took too long."""
        with self._change:
            state = self._state
            return self._change.wait_for(lambda: not state.running and not state.waiting, seconds)

    def overdue(self) -> tuple[str, ...]:
        """Names of the jobs that did not keep their word (the watchdog's question)."""
        with self._change:
            return tuple(turn.name for turn in self._state.running.values() if turn.overdue)

    def status(self) -> Mapping[str, Any]:
        """Counts and names, for `suivi status`."""
        with self._change:
            state = self._state
            return {
                "workers": len(self._threads),
                "running": sorted(turn.name for turn in state.running.values()),
                "waiting": len(state.waiting) + len(state.again),
                "done": state.done,
                "failed": dict(state.failed),
            }

    def _queue(self, entry: _Entry) -> None:
        self._state.waiting[entry.key] = entry
        # An older place of the same key stays in the heap; it finds nothing when its turn comes.
        heapq.heappush(self._state.order, (entry.priority, next(self._numbers), entry.key))
        self._change.notify()

    def _take(self) -> tuple[_Entry, Turn] | None:
        """The next entry, marked as running; None when the pool closes."""
        with self._change:
            state = self._state
            while not state.closed:
                while state.order:
                    _, _, key = heapq.heappop(state.order)
                    if entry := state.waiting.pop(key, None):
                        turn = Turn(entry.name, self._stopping, entry.patience)
                        state.running[key] = turn
                        return entry, turn
                self._change.wait()
        return None

    def _work(self) -> None:
        while taken := self._take():
            entry, turn = taken
            began = time.monotonic()
            failure = _run(entry, turn)
            self._meter.job(entry.name, time.monotonic() - began, failure)
            with self._change:
                state = self._state
                del state.running[entry.key]
                state.done += 1
                if failure:
                    state.failed[failure] += 1
                again = state.again.pop(entry.key, None)
                if again and not state.closed:
                    self._queue(again)
                self._change.notify_all()


def _run(entry: _Entry, turn: Turn) -> str:
    """Runs one job; the kind of its failure, or nothing."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(job=entry.name)
    try:
        entry.job(turn)
    except Exception as error:
        log.exception("job failed", kind=type(error).__name__)
        return type(error).__name__
    finally:
        with contextlib.suppress(LookupError):
            structlog.contextvars.clear_contextvars()
    return ""


def _more_urgent(new: _Entry, old: _Entry | None) -> _Entry:
    return old if old is not None and old.priority <= new.priority else new
