"""Metrics in the form of Prometheus: counted while the daemon runs, and looked up when asked for.

Two registries: what tells of single accounts is for known callers only, as on `/readyz`. Labels
are names of the configuration, kinds and reasons; never an address, a subject or a path.
"""

from collections.abc import Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.registry import Collector

_SECONDS = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0)
_LATE = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0, 86400.0)
_QUICK = (0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0)


class Metrics:
    """Meets the port Meter, and shows all of it. The collectors are asked anew each time: one is
    shown to everybody, one to known callers."""

    def __init__(self, everybody: Collector, known: Collector) -> None:
        # When each counter was made is of no use to anybody, and doubles the number of series.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # no types upstream
        self._everybody = whole = CollectorRegistry(auto_describe=False)
        self._accounts = each = CollectorRegistry(auto_describe=False)
        whole.register(everybody)
        each.register(known)
        self._judged = Counter(
            "suivi_judged",
            "Messages and events that were judged, by what was decided and why.",
            ("verdict", "reason"),
            registry=whole,
        )
        self._judged_by_account = Counter(
            "suivi_account_judged",
            "Messages and events that were judged, by account.",
            ("account", "verdict"),
            registry=each,
        )
        self._remaining = Gauge(
            "suivi_mailbox_remaining_messages",
            "Messages of the folder that is being read which are still to be judged.",
            ("account",),
            registry=each,
        )
        self._errors = Counter(
            "suivi_errors",
            "Turns of accounts and jobs that failed, by the kind of error.",
            ("where", "kind"),
            registry=whole,
        )
        self._account_errors = Counter(
            "suivi_account_errors",
            "Turns of an account that failed, by the kind of error.",
            ("account", "kind"),
            registry=each,
        )
        self._turn = Histogram(
            "suivi_turn_duration_seconds",
            "How long the turn of an account took, from its lease to its last commit.",
            buckets=_SECONDS,
            registry=whole,
        )
        self._job = Histogram(
            "suivi_job_duration_seconds",
            "How long a job of the pool took.",
            # Not "job": Prometheus has a label of that name for all it scrapes.
            ("name",),
            buckets=_SECONDS,
            registry=whole,
        )
        self._reminders = Counter(
            "suivi_reminders",
            "Reminders that were handed to the mail server, by what became of them.",
            ("outcome",),
            registry=whole,
        )
        self._late = Histogram(
            "suivi_reminder_lateness_seconds",
            "How long after it was due a reminder was taken by the mail server.",
            buckets=_LATE,
            registry=whole,
        )
        self._requests = Histogram(
            "suivi_http_request_duration_seconds",
            "How long an HTTP request took.",
            ("route", "method", "status"),
            buckets=_QUICK,
            registry=whole,
        )

    # The port Meter.

    def judged(self, account: str, counts: Mapping[str, int]) -> None:
        """Counts by "verdict:reason"."""
        for told, number in counts.items():
            verdict, _, reason = told.partition(":")
            self._judged.labels(verdict, reason).inc(number)
            self._judged_by_account.labels(account, verdict).inc(number)

    def remaining(self, account: str, messages: int) -> None:
        """What is left of the folder in hand."""
        self._remaining.labels(account).set(messages)

    def turn(self, account: str, seconds: float, trouble: str) -> None:
        """The end of a turn."""
        self._turn.observe(seconds)
        if trouble:
            self._errors.labels("account", trouble).inc()
            self._account_errors.labels(account, trouble).inc()

    def job(self, name: str, seconds: float, failure: str) -> None:
        """The end of a job; `account:alice:3` counts as `account`."""
        kind = name.partition(":")[0]
        self._job.labels(kind).observe(seconds)
        if failure:
            self._errors.labels("job", failure).inc()

    def reminder(self, outcome: str, late: float) -> None:
        """What became of a reminder."""
        self._reminders.labels(outcome).inc()
        if outcome == "sent":
            self._late.observe(max(0.0, late))

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """The end of a request."""
        self._requests.labels(route, method, str(status)).observe(seconds)

    # What is asked for over HTTP.

    def shown(self, known: bool) -> bytes:
        """All, in the text form 0.0.4 of Prometheus; single accounts for a `known` caller only."""
        text: bytes = generate_latest(self._everybody)
        return text + generate_latest(self._accounts) if known else text
