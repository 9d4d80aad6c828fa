"""Replies that matched nobody, kept in mind for one sync: their parent may be read later.

When the sync has seen everything, those whose thread is known by now are judged again, until none
is left: the order of reading changes nothing (spec §4). Nothing of them is stored; the ranges
where they lie are until then (`unfinished`).
"""

from collections.abc import Iterable, Mapping, Set
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

    def note(self, found: Mapping[MailPlace, tuple[str, ...]]) -> None:
        """Keep in mind where they are, and what they answer."""
        self._parents.update(found)
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


def among(decided: Iterable[tuple[Sighting, Decision]]) -> dict[MailPlace, tuple[str, ...]]:
    """What matched nobody and answers something, with what it answers."""
    found = {}
    for sighting, decision in decided:
        if decision.reason is not Reason.NO_THIRD_PARTY:
            continue
        if not isinstance(sighting.what, Message) or not isinstance(sighting.place, MailPlace):
            continue
        if parents := decide.parents(sighting.what):
            found[sighting.place] = parents
    return found
