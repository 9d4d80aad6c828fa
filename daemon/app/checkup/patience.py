"""Checks side by side, each with a hard time limit: one dead server never stops the rest."""

import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from daemon.app.checkup.lines import CheckLine, bad

AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Trial:
    """One check: what its lines are about, and how they come about."""

    area: str
    name: str
    run: Callable[[], Iterable[CheckLine]]


@dataclass(slots=True, eq=False)
class _Try:
    """A trial under way. What it said before its time was over counts."""

    trial: Trial
    until: float
    lines: list[CheckLine] = field(default_factory=list)
    done: bool = False

    @property
    def over(self) -> bool:
        return self.done or time.monotonic() >= self.until

    def told(self, late: str) -> list[CheckLine]:
        if self.done:
            return self.lines
        return [*self.lines, bad(self.trial.area, late, self.trial.name)]


def tried(
    trials: Sequence[Trial], seconds: float, late: str, at_once: int = AT_ONCE
) -> Iterator[CheckLine]:
    """The lines of all trials, in their order. One that takes longer than `seconds` is left to
    itself, in a thread that keeps no process alive, and `late` is said of it."""
    waiting, shown = deque(trials), deque[_Try]()
    change = threading.Event()
    while waiting or shown:
        change.clear()
        while waiting and sum(not one.over for one in shown) < at_once:
            shown.append(_started(waiting.popleft(), seconds, change))
        if shown[0].over:
            yield from shown.popleft().told(late)
        else:
            change.wait(min(one.until for one in shown if not one.done) - time.monotonic())


def _started(trial: Trial, seconds: float, change: threading.Event) -> _Try:
    one = _Try(trial, time.monotonic() + seconds)

    def run() -> None:
        try:
            for line in trial.run():
                one.lines.append(line)
        except Exception as error:  # noqa: BLE001  it is told, and the other checks go on
            # Its text may hold anything, a password too.
            at = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(at.filename).name}:{at.lineno}"
            text = f"unexpected {type(error).__name__} at {place}: report this"
            one.lines.append(bad(trial.area, text, trial.name))
        one.done = True
        change.set()

    threading.Thread(target=run, name=f"check {trial.area} {trial.name}", daemon=True).start()
    return one
