"""What decides at this moment: the rules and the directory in force, swapped whole."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from daemon import options
from daemon.store import Store, Tx, accounts, installation, people
from daemon.store import options as stored
from rules.freemail import FREE_MAIL
from rules.model.facts import NOWHERE, Surroundings
from rules.model.people import Directory, EntityId, User
from rules.options import Chosen, Value, Wishes
from rules.ruleset import RuleSet

RECALLS_FOR = timedelta(days=30)
"""How long after a restore mails of suivi's own are remembered that it does not know."""


@dataclass(frozen=True, slots=True)
class Book:
    """One consistent state of all that a decision depends on.

    `judged_as` is the fingerprint under which ranges count as judged. It leaves out the rules of
    files, which judge what comes from then on (docs/decisions/0003); what was seen while observing
    is judged again after the release, for then it is stored.
    `around` is what else rules of files may ask about. `held`: a backup was restored; what reaches
    people and calendars waits for a release; `restored_at` and `released_at` are of the last one.
    """

    ruleset: RuleSet
    directory: Directory
    observing: bool
    live_since: datetime | None
    held: bool = False
    restored_at: datetime | None = None
    released_at: datetime | None = None
    chosen: Chosen = field(default_factory=lambda: Chosen(options.defaults()))
    around: Surroundings = NOWHERE

    @property
    def silent(self) -> bool:
        """Nothing may be sent: it only observes, or a restored backup waits for its release."""
        return self.observing or self.held

    def recalls(self, now: datetime) -> bool:
        """Whether what is met may have been sent by what was lost before a restore."""
        return self.restored_at is not None and now - self.restored_at < RECALLS_FOR

    def wishes(self, user: User, entity: EntityId | None) -> Wishes:
        """How this user is reminded of something of `entity`."""
        return options.wishes(self.chosen, user, entity)

    def prefers_tasks(self, user: User, entity: EntityId | None) -> bool:
        """Whether this user wants what suivi opens as tasks."""
        return options.prefers_tasks(self.chosen, user, entity)

    def copies_for_assignees(self, user: User) -> bool:
        """Whether this user gets a copy of what others own and they have a part in."""
        return options.copies_for_assignees(self.chosen, user)

    def marks_own(self, user: User | None, entity: EntityId | None) -> bool:
        """Whether the events that this user typed may carry suivi's link and reference."""
        return options.marks_own(self.chosen, user, entity)

    def holidays(self, entity: EntityId | None) -> frozenset[date]:
        """The days on which nobody works at `entity`, or anywhere of ours."""
        return options.holidays(self.chosen, entity)

    @property
    def judged_as(self) -> str:
        """The fingerprint to commit judged ranges under."""
        prefix = "observe:" if self.observing else ""
        return f"{prefix}{self.ruleset.basis}"


class Rulebook:
    """Hands out the book in force; re-reads directory and options only when they changed.

    `builtin` is what holds of each option where nobody set it; `zone` the company's time zone, by
    which rules tell weekdays and hours.
    """

    def __init__(
        self,
        store: Store,
        ruleset: RuleSet,
        own_domains: Iterable[str],
        builtin: Mapping[str, Value] | None = None,
        zone: str = "UTC",
    ) -> None:
        self._store = store
        self._ruleset = ruleset
        self._own_domains = frozenset(own_domains)
        self._builtin = options.defaults() if builtin is None else builtin
        self._chosen = Chosen(self._builtin)
        self._wishes = -1
        self._zone = zone
        self._directory: Directory | None = None
        self._lock = threading.Lock()

    def replace(
        self,
        ruleset: RuleSet,
        own_domains: Iterable[str],
        builtin: Mapping[str, Value],
        zone: str,
    ) -> None:
        """Put other rules in force, from the next batch on."""
        domains = frozenset(own_domains)
        with self._lock:
            self._ruleset, self._zone = ruleset, zone
            if builtin != self._builtin:
                # Chosen anew when it is asked for.
                self._builtin, self._wishes = builtin, -1
            if domains != self._own_domains:
                self._own_domains, self._directory = domains, None

    def in_force(self) -> Book:
        """The book for the batch that starts now."""
        with self._lock, self._store.read() as tx:
            state = installation.get(tx)
            directory = self._read(tx)
            around = Surroundings(
                self._zone,
                options.holidays(self._chosen),
                accounts.names(tx),
                state.live_since,
            )
            return Book(
                self._ruleset,
                directory,
                state.observing,
                state.live_since,
                state.held,
                state.restored_at,
                state.released_at,
                self._chosen,
                around,
            )

    def _read(self, tx: Tx) -> Directory:
        """The directory; it and the options anew if they changed."""
        wishes = stored.version(tx)
        if wishes != self._wishes:
            self._chosen = options.chosen(self._builtin, stored.in_force(tx))
            # Of users' zones and languages the directory's version knows nothing.
            self._directory = None
            self._wishes = wishes
        if self._directory is None or self._directory.version != people.directory_version(tx):
            self._directory = people.directory(tx, self._own_domains, FREE_MAIL)
        return self._directory
