"""Keeps the rulebook in step with the saved files: whole good sets, swapped between batches."""

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from daemon.clock import now
from daemon.rulebook import Rulebook
from daemon.rulefiles.look import Look, look
from daemon.rulefiles.names import names, version
from daemon.rulefiles.reading import Bad, Good, Source, read_directory
from daemon.rulefiles.standing import Standing, put_in_force, refuse
from daemon.store import Store


def nothing() -> None:
    """For whom there is nothing to do first."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the rules were last read from."""

    directory: Look
    names: Hashable


class Keeper:
    """The one who reads the rules directory while the daemon runs. Safe to use from threads."""

    def __init__(
        self, store: Store, rulebook: Rulebook, source: Source, standing: Standing
    ) -> None:
        self._store = store
        self._rulebook = rulebook
        self._source = source
        self._standing = standing
        self._seen: _Seen | None = None
        self._lock = threading.Lock()

    @property
    def rulebook(self) -> Rulebook:
        """What is kept in step."""
        return self._rulebook

    @property
    def standing(self) -> Standing:
        """How the rules stand."""
        return self._standing

    @property
    def source(self) -> Source:
        """Where they come from."""
        return self._source

    def has_moved(self, *, names_too: bool = False) -> bool:
        """Whether the directory differs from what was last read of it; `names_too`: or what the
        rules may name. True before the first reading."""
        seen = self._seen
        if seen is None or look(self._source.directory) != seen.directory:
            return True
        if not names_too:
            return False
        with self._store.read() as tx:
            return version(tx, self._source) != seen.names

    def refresh(
        self, source: Source | None = None, first: Callable[[], object] = nothing
    ) -> Bad | None:
        """Read the directory now; a good set is in force when this returns, of a bad one the
        mistakes come back, and nothing has changed.

        `source` is that of another configuration, which is kept only with a good set. `first` is
        done before a good set comes into force: what it raises keeps the set from that.
        """
        with self._lock:
            wanted = source or self._source
            seen, found = self._read(wanted)
            if isinstance(found, Good):
                first()
                self._standing = put_in_force(self._store, self._standing, found, now())
                self._rulebook.replace(
                    found.ruleset, wanted.own_domains, wanted.options, wanted.zone
                )
                self._source, self._seen = wanted, seen
                return None
            if wanted == self._source:
                self._standing, self._seen = refuse(self._standing, found, now()), seen
            return found

    def _read(self, source: Source) -> tuple[_Seen, Good | Bad]:
        with self._store.read() as tx:
            moment, known = version(tx, source), names(tx, source)
        seen, found = read_directory(source, known, held_rules=bool(self._standing.files))
        return _Seen(seen, moment), found
