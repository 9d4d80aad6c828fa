"""The daemon's clockwork: a few ticks wake jobs in the pool; what is due lives in tables.

APScheduler keeps time with its memory store only (design §4). A tick that is late runs once, one
that still runs is not started again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from daemon import clock
from daemon.jobs import PATIENCE, Job, Pool, Priority
from daemon.rollcall import RollCall
from daemon.steps import reached

log = structlog.stdlib.get_logger(__name__)


KEEP_ALIVE = "keep-alive"


@dataclass(frozen=True, slots=True)
class Tick:
    """Something looked at every `seconds`, the first time at once."""

    name: str
    seconds: float
    job: Job
    priority: Priority = Priority.POLL
    patience: float = PATIENCE


class Loop:
    """Ticks and a pool. `keep_alive` (seconds, call) runs beside the pool, and is told who is
    overdue: jobs that did not keep their word, threads on the `roll` that did not answer. A pool
    that is merely busy must not look dead to the watchdog."""

    def __init__(
        self,
        ticks: tuple[Tick, ...],
        pool: Pool,
        keep_alive: tuple[float, Callable[[tuple[str, ...]], object]] | None = None,
        roll: RollCall | None = None,
    ) -> None:
        self._ticks = ticks
        self._keep_alive = keep_alive
        self._roll = roll or RollCall()
        self._woken: dict[str, datetime] = {}
        self._scheduler: Any = None
        self.pool = pool

    def start(self) -> None:
        """Begins to tick."""
        executor = ThreadPoolExecutor(2)  # type: ignore[no-untyped-call]  # no types upstream
        self._scheduler = BackgroundScheduler(  # type: ignore[no-untyped-call]  # nor here
            timezone=UTC,
            executors={"default": executor},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )
        self._declare()
        if self._keep_alive:
            seconds, call = self._keep_alive
            self._add(KEEP_ALIVE, seconds, self._beater(call), clock.now())
        self._scheduler.start()

    def reload(self, ticks: tuple[Tick, ...]) -> None:
        """Other ticks from now on; what runs is left to end."""
        self._ticks = ticks
        for job in self._scheduler.get_jobs():
            # Fed without a pause.
            if job.id != KEEP_ALIVE:
                job.remove()
        self._declare()

    def stop(self, seconds: float) -> bool:
        """No more ticks; what is in hand is finished. False when that took over `seconds`."""
        if self._scheduler is not None:
            # Only the waking ends here; it is short, the work is in the pool.
            self._scheduler.shutdown(wait=True)
            self._scheduler = None
        return self.pool.drain(seconds)

    def wake(
        self, name: str, job: Job, priority: Priority = Priority.LIVE, patience: float = PATIENCE
    ) -> bool:
        """Runs `job` soon; two with one name never at once. False when the daemon stops."""
        return self.pool.submit(name, job, priority, name=name, patience=patience)

    def wake_at(
        self, name: str, when: datetime, job: Job, priority: Priority = Priority.LIVE
    ) -> None:
        """Runs `job` then, beside the tick of this name; only the newest such wish counts."""
        if self._scheduler is not None:
            self._scheduler.add_job(
                self.wake,
                "date",
                (name, job, priority),
                run_date=when,
                id=f"at:{name}",
                name=f"at:{name}",
                replace_existing=True,
            )

    @property
    def running(self) -> bool:
        """True between `start` and `stop`."""
        return self._scheduler is not None and bool(self._scheduler.running)

    def status(self) -> Mapping[str, Any]:
        """Ticks with their last waking, the pool's counts, and jobs that are overdue."""
        return {
            "running": self.running,
            "ticks": {
                tick.name: {
                    "seconds": tick.seconds,
                    "last": woken.isoformat() if (woken := self._woken.get(tick.name)) else None,
                }
                for tick in self._ticks
            },
            "jobs": dict(self.pool.status()),
            "overdue": list(self.overdue()),
        }

    def overdue(self) -> tuple[str, ...]:
        """Jobs that did not keep their word, and threads that did not answer."""
        return (*self.pool.overdue(), *self._roll.overdue())

    def _declare(self) -> None:
        now = clock.now()
        for tick in self._ticks:
            self._add(f"tick:{tick.name}", tick.seconds, self._waker(tick), now)

    def _add(self, name: str, seconds: float, call: Callable[[], None], now: datetime) -> None:
        self._scheduler.add_job(
            call, "interval", seconds=seconds, id=name, name=name, next_run_time=now
        )

    def _waker(self, tick: Tick) -> Callable[[], None]:
        def wake() -> None:
            self._woken[tick.name] = clock.now()
            self.wake(tick.name, tick.job, tick.priority, tick.patience)

        return wake

    def _beater(self, call: Callable[[tuple[str, ...]], object]) -> Callable[[], None]:
        def beat() -> None:
            reached("loop.beat")
            late = self.overdue()
            self._roll.call()
            if late:
                log.error("overdue, the watchdog is not fed", who=list(late))
            call(late)

        return beat
