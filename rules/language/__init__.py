"""The language of rules files (spec §7): from texts to rules, or to every mistake at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter

from rules.language.check import check_all, check_one
from rules.language.desk import MOST_PROBLEMS, Desk
from rules.language.nodes import Unreadable, nodes
from rules.language.parse import Written, rules_of
from rules.language.problems import Problem, Severity, say, what
from rules.language.samples import examples_of
from rules.language.trial import Trial, try_all
from rules.model.rules import Known, Rule

__all__ = ["Known", "Loaded", "Problem", "Severity", "read", "say", "what"]

MOST_RULES = 5000
"""Rules of a set."""

MOST_EXAMPLES = 5000
"""Examples of a set."""


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
    read_files: list[tuple[Desk, tuple[Written, ...]]] = []
    for file, content in sorted(files, key=itemgetter(0)):
        desk = Desk(file, known)
        written = _of_file(desk, content)
        for one in written:
            check_one(one, desk)
        read_files.append((desk, written))
    _bounded(read_files)
    check_all(read_files)
    _try_examples(read_files)
    loaded = Loaded(
        tuple(one.rule for _, written in read_files for one in written if one.rule is not None),
        _in_order(problem for desk, _ in read_files for problem in desk.problems),
    )
    return loaded if loaded.is_good else Loaded(problems=loaded.problems)


def _try_examples(files: Iterable[tuple[Desk, tuple[Written, ...]]]) -> None:
    """Examples are tried on a set without mistakes only: what they say of another is noise."""
    trials = []
    for desk, written in files:
        for one in written:
            desk.rule = one.name
            trials.append(Trial(desk, one, examples_of(one.examples, desk)))
            desk.rule = ""
    if any(p.severity is Severity.ERROR for trial in trials for p in trial.desk.problems):
        return
    count = 0
    for trial in trials:
        count += len(trial.examples)
        if count > MOST_EXAMPLES:
            trial.desk.wrong(trial.written.node, "too-many-examples", most=str(MOST_EXAMPLES))
            return
    rules = tuple(trial.written.rule for trial in trials if trial.written.rule is not None)
    try_all(rules, trials)


def _bounded(files: list[tuple[Desk, tuple[Written, ...]]]) -> None:
    """Tells of the first rule that is one too many."""
    count = 0
    for desk, written in files:
        if count <= MOST_RULES < count + len(written):
            desk.wrong(written[MOST_RULES - count].node, "too-many-rules", most=str(MOST_RULES))
        count += len(written)


def _in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """As they stand in the files; errors first in what is too much to be told."""
    found = sorted(problems, key=lambda p: (p.severity is not Severity.ERROR, p.file, p.line))
    kept = sorted(found[:MOST_PROBLEMS], key=lambda p: (p.file, p.line, p.column))
    if len(found) > MOST_PROBLEMS:
        last = kept[-1]
        most = {"most": str(MOST_PROBLEMS)}
        kept.append(Problem(last.file, last.line, last.column, "too-many-problems", most))
    return tuple(kept)


def _of_file(desk: Desk, content: str | bytes) -> tuple[Written, ...]:
    try:
        root, problems = nodes(desk.file, content)
    except Unreadable as error:
        desk.problems.append(error.problem)
        return ()
    desk.problems += problems
    return rules_of(root, desk)
