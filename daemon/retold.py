"""Troubles that were written down in English, told again in the language of who asks.

What is stored and logged is English; of our own sentences (`connectors.problems`) the facts are
found again by their form. What a server said in its own words stays as it is.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from string import Formatter

from connectors.problems import Problem

_LONGEST = 1000
"""Characters; ours are shorter, and a server's own words may be made to match slowly."""

_PLAIN = r"(?:(?!: )[^\n])*?"
"""A fact that is no sentence: without a colon, so that no place is taken for one."""


def retold(text: str, words: Callable[[str], str]) -> str:
    """The same in the language of `words`, where it is one of ours, with or without a place before
    it ("imap.example: no answer in time")."""
    forms = _forms() if len(text) <= _LONGEST else ()
    for problem, form in forms:
        if found := form.fullmatch(text):
            facts = found.groupdict()
            place = facts.pop("the_place") or ""
            return place + words(problem.value).format(**facts)
    return text


@cache
def _forms() -> tuple[tuple[Problem, re.Pattern[str]], ...]:
    """What says most first: "answers 503" is the beginning of another."""
    most = sorted(Problem, key=lambda problem: -len("".join(_literals(problem.value))))
    return tuple((problem, _form(problem.value)) for problem in most)


def _literals(sentence: str) -> Iterator[str]:
    return (literal for literal, *_ in Formatter().parse(sentence))


def _form(sentence: str) -> re.Pattern[str]:
    parts = [r"(?P<the_place>[^\n]*?: )?"]
    seen: set[str] = set()
    for literal, name, *_ in Formatter().parse(sentence):
        parts.append(re.escape(literal))
        if name is not None:
            fact = r"[^\n]*?" if name == "why" else _PLAIN
            parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>{fact})")
            seen.add(name)
    return re.compile("".join(parts))
