"""What readers of a rules file share: where they stand, what is known, what they found wrong."""

import difflib
from collections.abc import Collection
from dataclasses import dataclass, field

from rules.language.nodes import Node
from rules.language.problems import Problem, Severity
from rules.model.rules import Known, Place
from rules.words import fold

Spot = Node | Place
"""Anything that has a line and a column."""

MOST_PROBLEMS = 200
"""Problems that are told of one set: a file of another sort would fill the log."""

SHORT = 12
"""So many words to choose from are listed; of more only the nearest is told."""

# difflib looks at each candidate: of a directory of 100,000 only those that begin alike.
_MANY = 2000


@dataclass(slots=True)
class Desk:
    """One file while it is read: readers put problems here and go on, so that all are told."""

    file: str
    known: Known = field(default_factory=Known)
    rule: str = ""
    problems: list[Problem] = field(default_factory=list)

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
    wanted = fold(word[:100])
    candidates = {fold(k): k for k in known if len(known) < _MANY or k[:1] == word[:1]}
    if len(candidates) > _MANY:
        near_length = range(len(wanted) - 1, len(wanted) + 2)
        candidates = {
            f: k for f, k in candidates.items() if f[:3] == wanted[:3] and len(f) in near_length
        }
    found = difflib.get_close_matches(wanted, list(candidates)[: 2 * _MANY], 1, cutoff=0.6)
    return candidates[found[0]] if found else ""


def listed(known: Collection[str]) -> tuple[str, ...]:
    """All there is to choose from, sorted, if that is few."""
    return tuple(sorted(known)) if len(known) <= SHORT else ()
