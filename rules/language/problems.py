"""What can be wrong with rules files, and how it is told (spec §7): place, rule, what, hint."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from rules.language.messages import HINTS, MESSAGES, PLACED_IN_RULE
from rules.words import one_line

LONGEST_SHOWN = 80
"""What a message quotes from a file is cut to so many characters."""


class Severity(StrEnum):
    """An ERROR refuses the whole set; a WARNING is told, and the set is used."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake. `code` names its message in `rules.language.messages`, `parameters` fill it;
    line and column count from 1; `rule` is "" outside of rules.

    `near` is what may have been meant, `known` what there is to choose from, where that is short.
    """

    file: str
    line: int
    column: int
    code: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    rule: str = ""
    severity: Severity = Severity.ERROR
    near: str = ""
    known: tuple[str, ...] = ()


def say(problem: Problem, translate: Callable[[str], str] = str) -> str:
    """`file:line:column: rule 'name': what is wrong; did you mean …`, in one line.

    `translate` is gettext of the language wanted; without it the line is English.
    """
    where = f"{shown(problem.file)}:{problem.line}:{problem.column}: "
    if problem.rule:
        where += translate(PLACED_IN_RULE).format(name=shown(problem.rule))
    return where + what(problem, translate)


def what(problem: Problem, translate: Callable[[str], str] = str) -> str:
    """What is wrong, without its place."""
    quoted = {name: shown(value) for name, value in problem.parameters.items()}
    text = translate(MESSAGES[problem.code]).format(**quoted)
    if problem.near:
        text += translate(HINTS["near"]).format(near=shown(problem.near))
    elif problem.known:
        text += translate(HINTS["known"]).format(known=", ".join(map(shown, problem.known)))
    return text


def shown(text: str) -> str:
    """A piece of a hostile file, as a message may quote it: one short harmless line."""
    line = one_line(text, LONGEST_SHOWN + 1)
    line = "".join(c if c.isprintable() else "·" for c in line)
    return line if len(line) <= LONGEST_SHOWN else f"{line[: LONGEST_SHOWN - 1]}…"
