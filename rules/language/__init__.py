"""The language of rules files (spec §7): from texts to rules, or to every mistake at once."""

from collections.abc import Iterable
from dataclasses import dataclass

from rules.language.desk import MOST_PROBLEMS, Desk
from rules.language.nodes import Unreadable, nodes
from rules.language.parse import Written, rules_of
from rules.language.problems import Problem, Severity, say, what
from rules.model.rules import Known, Rule

__all__ = ["Known", "Loaded", "Problem", "Severity", "read", "say", "what"]

MOST_RULES = 5000
"""Rules of a set."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a set of files says. With any error it has no rules: a set is refused whole.

    `problems` are in the order of the files, errors and warnings.
    """

    rules: tuple[Rule, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether it can be used; there may be warnings."""
        return all(problem.severity is not Severity.ERROR for problem in self.problems)


def read(files: Iterable[tuple[str, str | bytes]], known: Known | None = None) -> Loaded:
    """The rules of a set of files, given as names and contents (bytes are UTF-8) in any order.

    Names that rules use are held against `known`. Nothing is raised, whatever stands in a file.
    """
    known = known or Known()
    written: list[Written] = []
    problems: list[Problem] = []
    for file, content in sorted(files):
        desk = Desk(file, known)
        written += _of_file(desk, content)
        problems += desk.problems
    ordered = tuple(sorted(problems, key=lambda p: (p.file, p.line, p.column)))
    loaded = Loaded(tuple(w.rule for w in written if w.rule is not None), ordered)
    return loaded if loaded.is_good else Loaded(problems=ordered[:MOST_PROBLEMS])


def _of_file(desk: Desk, content: str | bytes) -> tuple[Written, ...]:
    try:
        root, problems = nodes(desk.file, content)
    except Unreadable as error:
        desk.problems.append(error.problem)
        return ()
    desk.problems += problems
    return rules_of(root, desk)
