"""What metrics look up when they are asked for: the store, the loop, the accounts, the process.

What can't be had is left out, and the rest is shown: alert rules notice what is absent.
"""

import os
import resource
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from prometheus_client.metrics_core import CounterMetricFamily as CounterFamily
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from daemon.alarms.look import Kind
from daemon.app.parts import Parts
from daemon.clock import now
from daemon.loop import Loop
from daemon.store import accounts, alarms, backups, exchanges, installation
from daemon.store.accounts import AccountStatus
from daemon.store.errors import StoreError
from daemon.store.queues import queues
from rules.alarms import Key, Row


@dataclass(frozen=True, slots=True)
class Sources:
    """What is asked: the parts of the moment, for a reload replaces them; the loop; which
    accounts are told of new mail at once; whether all is ready."""

    parts: Callable[[], Parts]
    loop: Callable[[], Loop]
    idle: Callable[[], frozenset[int]]
    ready: Callable[[], bool]
    started: datetime


class Figures(Collector):
    """For everybody who may ask: nothing in it tells which accounts there are."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def collect(self) -> Iterable[Metric]:
        """As it is at this moment."""
        sources, parts = self._sources, self._sources.parts()
        yield _info()
        yield _gauge("suivi_ready", "1 when database and loop stand.", sources.ready())
        refused = bool(parts.rules.standing.mistakes)
        yield _gauge("suivi_rules_refused", "1 when the saved rules are refused.", refused)
        yield from _jobs(sources.loop())
        yield from _process(sources.started)
        try:
            yield from _of_store(parts)
        except StoreError:
            yield _gauge("suivi_database_up", "1 when the database answers.", 0)


class AccountFigures(Collector):
    """Of each account, for known callers."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def collect(self) -> Iterable[Metric]:
        """As it is at this moment."""
        parts = self._sources.parts()
        try:
            with parts.store.read() as tx:
                known = accounts.watched(tx)
        except StoreError:
            return
        labels = ("account", "kind")
        up = GaugeMetricFamily("suivi_account_up", "1 when it was read well.", labels=labels)
        read = GaugeMetricFamily(
            "suivi_account_read_timestamp_seconds",
            "When it was last read to the end; of one that never was, since when it is known.",
            labels=labels,
        )
        idle = GaugeMetricFamily(
            "suivi_mailbox_idle",
            "1 when the server tells of new mail at once, 0 when it is asked now and then.",
            labels=("account",),
        )
        told = self._sources.idle()
        for status in known:
            up.add_metric((status.name, status.kind), float(not status.last_error))
            since = status.last_ok_at or status.created_at
            if since is not None:
                read.add_metric((status.name, status.kind), since.timestamp())
            if status.kind == "mail":
                idle.add_metric((status.name,), float(status.id in told))
        yield from (up, read, idle)


def _info() -> Metric:
    family = GaugeMetricFamily("suivi_info", "Which suivi runs.", labels=("version",))
    family.add_metric((version("suivi"),), 1)
    return family


def _jobs(loop: Loop) -> Iterator[Metric]:
    jobs = loop.pool.status()
    family = GaugeMetricFamily("suivi_jobs", "Jobs of the pool.", labels=("state",))
    family.add_metric(("waiting",), jobs["waiting"])
    family.add_metric(("running",), len(jobs["running"]))
    family.add_metric(("overdue",), len(loop.overdue()))
    yield family
    yield _gauge("suivi_workers", "Threads that do the work.", jobs["workers"])


def _of_store(parts: Parts) -> Iterator[Metric]:
    moment = now()
    with parts.store.read() as tx:
        state = installation.get(tx)
        known = accounts.watched(tx)
        waiting = queues(tx, moment)
        captured = exchanges.last_captured(tx)
        backup = backups.last(tx)
        told = alarms.rows(tx)
    yield _gauge("suivi_database_up", "1 when the database answers.", 1)
    yield _gauge("suivi_observing", "1 while nothing is recorded or sent.", state.observing)
    yield _gauge("suivi_held", "1 while a restored backup waits for its release.", state.held)
    yield _accounts(known)
    family = GaugeMetricFamily("suivi_queue_length", "What waits, by queue.", labels=("queue",))
    for name, length in waiting.lengths.items():
        family.add_metric((name,), length)
    yield family
    yield _alarms(told)
    since = waiting.reminder_due_since
    late = 0.0 if since is None else (moment - since).total_seconds()
    yield _gauge(
        "suivi_reminder_overdue_seconds", "How late the oldest unsent reminder is by now.", late
    )
    for name, text, at in (
        ("suivi_captured_timestamp_seconds", "When something was last captured.", captured),
        (
            "suivi_backup_timestamp_seconds",
            "When the newest good backup was taken.",
            backup.at if backup is not None else None,
        ),
    ):
        if at is not None:
            yield _gauge(name, text, at.timestamp())


def _accounts(known: Iterable[AccountStatus]) -> Metric:
    family = GaugeMetricFamily(
        "suivi_accounts", "How many accounts are well, and how many not.", labels=("kind", "state")
    )
    counts = Counter((s.kind, "troubled" if s.last_error else "well") for s in known)
    for kind in ("mail", "calendar"):
        for state in ("well", "troubled"):
            family.add_metric((kind, state), counts[kind, state])
    return family


def _alarms(told: Mapping[Key, Row]) -> Metric:
    family = GaugeMetricFamily(
        "suivi_alarms", "What the admin is told of, by kind, as it is.", labels=("kind",)
    )
    counts = Counter(kind for (kind, _), row in told.items() if row.gone_at is None)
    for kind in Kind:
        family.add_metric((kind.value,), counts[kind.value])
    return family


def _process(started: datetime) -> Iterator[Metric]:
    """What prometheus-client tells of a process, without /proc/stat, which the unit hides."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = CounterFamily("process_cpu_seconds", "User and system time spent, in seconds.")
    cpu.add_metric((), used.ru_utime + used.ru_stime)
    yield cpu
    name, text = "process_start_time_seconds", "Start time since the epoch, in seconds."
    yield _gauge(name, text, started.timestamp())
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
        opened = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  names, not paths
    except OSError:
        return
    size = pages * resource.getpagesize()
    yield _gauge("process_resident_memory_bytes", "Resident memory, in bytes.", size)
    yield _gauge("process_open_fds", "Open file descriptors.", opened)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    yield _gauge("process_max_fds", "The most file descriptors.", most)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=float(value))
