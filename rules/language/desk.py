"""What readers of a rules file share: where they stand, what is known, what they found wrong."""

import difflib
import string
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property

from rules import identity
from rules.language.nodes import Node
from rules.language.problems import Problem, Severity
from rules.model.people import AddressKey
from rules.model.rules import Known, Place
from rules.words import fold

Spot = Node | Place
"""Anything that has a line and a column."""

MOST_PROBLEMS = 200
"""Problems that are told of one set: a file of another sort would fill the log."""

SHORT = 12
"""So many words to choose from are listed; of more only the nearest is told."""

# difflib looks at each candidate: in a directory of 100,000 slips of the finger are looked up.
_MANY = 500
_LETTERS = string.ascii_letters + string.digits + "-_.@ "


@dataclass
class Desk:
    """One file while it is read: readers put problems here and go on, so that all are told."""

    file: str
    known: Known = field(default_factory=Known)
    rule: str = ""
    problems: list[Problem] = field(default_factory=list)

    @cached_property
    def user_keys(self) -> frozenset[AddressKey]:
        """The users that are known, as addresses are compared."""
        return frozenset(identity.key(email) for email in self.known.users or ())

    @cached_property
    def calendar_names(self) -> frozenset[str]:
        """The calendars that are known, as their names are compared."""
        return frozenset(map(fold, self.known.calendars or ()))

    def wrong(self, node: Spot, code: str, **parameters: str) -> None:
        """An error at a node; `parameters` fill its message."""
        self._add(node, code, parameters)

    def odd(self, node: Spot, code: str, **parameters: str) -> None:
        """A warning at a node."""
        self._add(node, code, parameters, severity=Severity.WARNING)

    def unknown(self, node: Spot, code: str, word: str, known: Collection[str]) -> None:
        """An error: `word` is none of `known`; what may have been meant is told with it."""
        self._add(node, code, {"word": word}, near=nearest(word, known), known=listed(known))

    def place(self, node: Spot) -> Place:
        """Where a node stands."""
        return Place(self.file, node.line, node.column)

    def _add(
        self,
        node: Spot,
        code: str,
        parameters: dict[str, str],
        *,
        severity: Severity = Severity.ERROR,
        near: str = "",
        known: tuple[str, ...] = (),
    ) -> None:
        self.problems.append(
            Problem(
                file=self.file,
                line=node.line,
                column=node.column,
                code=code,
                parameters=parameters,
                rule=self.rule,
                severity=severity,
                near=near,
                known=known,
            )
        )


def nearest(word: str, known: Collection[str]) -> str:
    """What of `known` may have been meant; "" if nothing is like it."""
    word = word[:100]
    if len(known) > _MANY:
        # Sorted, so that the same is told every time.
        return next((near for near in sorted(_slips(word)) if near in known), "")
    candidates = {fold(k): k for k in known}
    wanted = fold(word)
    found = difflib.get_close_matches(wanted, candidates, 1, cutoff=0.65)
    if not found or not _is_like(wanted, found[0]):
        return ""
    return candidates[found[0]]


def _slips(word: str) -> set[str]:
    """What is one slip away: another case, a letter too many, too few, wrong, or two swapped."""
    splits = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    return {
        word.upper(),
        word.lower(),
        *(a + b[1:] for a, b in splits if b),
        *(a + b[1] + b[0] + b[2:] for a, b in splits if len(b) > 1),
        *(a + c + b[1:] for a, b in splits if b for c in _LETTERS),
        *(a + c + b for a, b in splits for c in _LETTERS),
    } - {word}


def _is_like(wanted: str, found: str) -> bool:
    """Addresses of one domain are alike only if what stands before it is."""
    mine, theirs = wanted.partition("@")[0], found.partition("@")[0]
    return "@" not in wanted or difflib.SequenceMatcher(None, mine, theirs).ratio() >= 0.65


def listed(known: Collection[str]) -> tuple[str, ...]:
    """All there is to choose from, if that is few; in order, where it has one."""
    if len(known) > SHORT:
        return ()
    return tuple(sorted(known) if isinstance(known, frozenset) else known)
