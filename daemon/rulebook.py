"""What decides at this moment: the rules and the directory in force, swapped whole."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from daemon.store import Store, installation, people
from rules.freemail import FREE_MAIL
from rules.model.people import Directory
from rules.ruleset import RuleSet


@dataclass(frozen=True, slots=True)
class Book:
    """One consistent state of all that a decision depends on.

    `judged_as` is the fingerprint under which ranges count as judged. It leaves out the rules of
    files, which judge what comes from then on (docs/decisions/0003); what was seen while observing
    is judged again after the release, for then it is stored.
    `held`: a backup was restored; what reaches people and calendars waits for a release.
    """

    ruleset: RuleSet
    directory: Directory
    observing: bool
    live_since: datetime | None
    held: bool = False

    @property
    def judged_as(self) -> str:
        """The fingerprint to commit judged ranges under."""
        prefix = "observe:" if self.observing else ""
        return f"{prefix}{self.ruleset.basis}"


class Rulebook:
    """Hands out the book in force; re-reads the directory only when its version has moved."""

    def __init__(self, store: Store, ruleset: RuleSet, own_domains: Iterable[str]) -> None:
        self._store = store
        self._ruleset = ruleset
        self._own_domains = frozenset(own_domains)
        self._directory: Directory | None = None
        self._lock = threading.Lock()

    def replace(self, ruleset: RuleSet, own_domains: Iterable[str]) -> None:
        """Put other rules in force, from the next batch on."""
        with self._lock:
            self._ruleset = ruleset
            self._own_domains = frozenset(own_domains)
            self._directory = None

    def in_force(self) -> Book:
        """The book for the batch that starts now."""
        with self._lock, self._store.read() as tx:
            state = installation.get(tx)
            if self._directory is None or self._directory.version != people.directory_version(tx):
                self._directory = people.directory(tx, self._own_domains, FREE_MAIL)
            return Book(
                self._ruleset, self._directory, state.observing, state.live_since, state.held
            )
