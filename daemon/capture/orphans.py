"""Replies that matched nobody, kept in mind for one sync: their parent may be read later.

Nothing of them is stored. When the sync has seen everything, those whose thread is known by now
are judged again, until none is left: the order of reading changes nothing (spec §4).
"""

from collections.abc import Iterable, Set
from dataclasses import dataclass, field

from rules import decide
from rules.model.decisions import Decision, Reason
from rules.model.sightings import MailPlace, Message, Sighting

MOST = 100_000
"""A mailbox of nothing but strangers' replies must not fill the memory: the oldest ones go."""


@dataclass(slots=True)
class Orphans:
    """Where such replies are, by the Message-IDs that they answer."""

    _parents: dict[MailPlace, tuple[str, ...]] = field(default_factory=dict)

    def note(self, decided: Iterable[tuple[Sighting, Decision]]) -> None:
        """Keep in mind what matched nobody and answers something."""
        for sighting, decision in decided:
            if decision.reason is not Reason.NO_THIRD_PARTY:
                continue
            if not isinstance(sighting.what, Message) or not isinstance(sighting.place, MailPlace):
                continue
            if parents := decide.parents(sighting.what):
                self._parents[sighting.place] = parents
        while len(self._parents) > MOST:
            del self._parents[next(iter(self._parents))]

    def parents(self) -> frozenset[str]:
        """All that they answer."""
        return frozenset(parent for parents in self._parents.values() for parent in parents)

    def adopted(self, known: Set[str]) -> tuple[MailPlace, ...]:
        """Those that answer one of `known`; each is given once."""
        found = tuple(p for p, parents in self._parents.items() if not known.isdisjoint(parents))
        for place in found:
            del self._parents[place]
        return found
