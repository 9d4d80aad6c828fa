"""Events that concern nobody, told by what stands in the raw text: most of a calendar.

`adopt.sign` and `decide.event` ask the same questions of all of an event; a property test holds
them together. What a glimpse can't tell is read and judged whole.
"""

from dataclasses import dataclass

from rules import match, privacy
from rules.adopt import quotes_reference
from rules.glance import names_of
from rules.holding import Key
from rules.model.decisions import Reason
from rules.model.people import Directory
from rules.model.rules import Thing
from rules.model.sightings import EventPlace
from rules.ruleset import RuleSet
from rules.words import find, fold, words

_NEVER: frozenset[Key] = frozenset({("kind", Thing.MAIL)})


@dataclass(frozen=True, slots=True)
class Glimpsed:
    """What the text of one object shows: the titles of all that is in it, its categories as they
    are written, and the addresses of everybody who is named as organizer or attendee."""

    titles: tuple[str, ...]
    categories: tuple[str, ...]
    people: frozenset[str]


class Glimpse:
    """What is asked about the objects of a calendar. `tells` is False where rules, or what the
    calendar is there for, leave nothing to be told so."""

    def __init__(self, ruleset: RuleSet, directory: Directory, place: EventPlace) -> None:
        names = names_of(ruleset, _NEVER)
        kept_out = privacy.place_kept_out(ruleset, place) is not None
        self.tells = names is not None and not place.dedicated and not kept_out
        self._names = names or frozenset()
        self._ruleset, self._directory = ruleset, directory
        starts = map(words, (*ruleset.follow_up_prefixes, *ruleset.phone_words))
        self._starts = tuple(start for start in starts if start)
        self._categories = tuple(words(c) for c in ruleset.follow_up_categories)
        self._people: dict[str, bool | None] = {}

    def reason(self, seen: Glimpsed) -> Reason | None:
        """Why it is ignored, if it is; None: that can't be told without all of it."""
        outside = False
        for email in seen.people:
            stranger = self._is_stranger(email)
            if stranger is None:
                return None
            outside = outside or stranger
        if any(map(self._says_something, seen.titles)) or any(map(self._is_ours, seen.categories)):
            return None
        return Reason.INTERNAL if seen.people and not outside else Reason.NO_THIRD_PARTY

    def _is_stranger(self, email: str) -> bool | None:
        """Somebody from outside whom nobody knows; False: one of us; None: somebody who counts."""
        if email not in self._people:
            if len(self._people) > 10_000:
                self._people.clear()
            self._people[email] = self._told(email)
        return self._people[email]

    def _told(self, email: str) -> bool | None:
        known = match.standing(self._directory, email)
        if not self._names.isdisjoint(known.names) or "@" not in known.key:
            return None
        if known.ours:
            return False
        return None if known.parties or known.by_domain else True

    def _says_something(self, title: str) -> bool:
        start = title[:500]
        told = words(start)
        return (
            any(told[: len(one)] == one for one in self._starts)
            or any(tag in fold(start).split() for tag in self._ruleset.follow_up_tags)
            or privacy.is_tagged(self._ruleset, start)
            or quotes_reference(start)
        )

    def _is_ours(self, written: str) -> bool:
        told = words(written)
        return any(find(name, told) is not None for name in self._categories)
