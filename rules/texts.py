"""Which of many wanted texts does a text meet? All are looked for at once, in linear time.

RE2 runs them as one automaton of bounded memory, so a pattern such as `(a+)+$` costs no more than
any other; only the start of a long text is looked at.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

import re2

from rules.model.rules import How, TextMatch
from rules.words import bare, fold

LOOK_AT = 100_000
"""Characters of a text that are looked at; a subject may be a megabyte long."""

NONE: frozenset[int] = frozenset()
"""No wanted text is met."""

_MEMORY = 32 << 20
_MEMORY_OF_ONE = 8 << 20


class BadPattern(ValueError):
    """A pattern that RE2 refuses, with its own words."""


def cut(text: str) -> str:
    """As much of a text as is looked at."""
    return text[:LOOK_AT]


def octets(text: str) -> bytes:
    """A text as RE2 takes it; a lone surrogate, which has no octets, is a question mark."""
    return text.encode("utf-8", "replace")


def matcher(match: TextMatch) -> Callable[[str], bool]:
    """One wanted text by itself. Raises BadPattern."""
    if match.how in (How.REGEX, How.GLOB):
        found = _regexp(match)
        shown = _as_is if match.exact else fold
        return lambda text: found.search(octets(shown(cut(text)))) is not None
    wanted = match.text if match.exact else fold(match.text)
    shown = _as_is if match.exact else fold
    if match.how is How.EQUALS:
        return lambda text: shown(cut(text)) == wanted
    return lambda text: wanted in shown(cut(text))


def any_of(matches: Iterable[TextMatch]) -> Callable[[str], bool]:
    """Whether a text meets one of these."""
    several = tuple(matcher(m) for m in matches)
    if len(several) == 1:
        return several[0]
    return lambda text: any(one(text) for one in several)


class Searched:
    """Wanted texts by number, to be looked for in one text at once."""

    def __init__(self) -> None:
        self._wanted: dict[bool, dict[TextMatch, int]] = {False: {}, True: {}}

    def number(self, match: TextMatch) -> int:
        """The number of a wanted text; the same one for the same text. Raises BadPattern."""
        wanted = self._wanted[match.exact]
        if match not in wanted:
            if match.how in (How.REGEX, How.GLOB):
                _regexp(match)
            wanted[match] = len(self._wanted[True]) + len(self._wanted[False])
        return wanted[match]

    def found(self, text: str) -> frozenset[int]:
        """The numbers of those that `text` meets."""
        text = text[:LOOK_AT]
        folded, exact = self._sets
        found = folded.found(fold(text)) if folded else ()
        if exact:
            found = (*found, *exact.found(text))
        return frozenset(found) if found else NONE

    @cached_property
    def _sets(self) -> tuple["_Set | None", "_Set | None"]:
        folded, exact = (tuple(self._wanted[e].items()) for e in (False, True))
        return _Set(folded) if folded else None, _Set(exact) if exact else None


class _Set:
    """Wanted texts of one kind as one automaton; several, where one would need too much memory."""

    def __init__(self, wanted: tuple[tuple[TextMatch, int], ...]) -> None:
        self._wanted = wanted
        self._numbers = [number for _, number in wanted]
        self._halves: tuple[_Set, ...] = ()
        exact = wanted[0][0].exact
        self._automaton = re2.Set.SearchSet(options(exact=exact, memory=_MEMORY))
        for match, _ in wanted:
            self._automaton.Add(_pattern(match))
        # Always met, and at the end only, for what is met everywhere makes every state one of
        # those that tell: without it in the answer, the automaton ran out of memory.
        self._canary = self._automaton.Add(r"\z")
        try:
            self._automaton.Compile()
        except re2.error:
            half = len(wanted) // 2
            self._halves = (_Set(wanted[:half]), _Set(wanted[half:])) if half else ()
            self._automaton = None

    def found(self, text: str) -> Sequence[int]:
        if self._automaton is not None:
            # None where it ran out of memory.
            found = self._automaton.Match(text.encode("utf-8", "replace")) or ()
            if self._canary in found:
                numbers = self._numbers
                return [numbers[i] for i in found if i != self._canary] if len(found) > 1 else ()
        if self._halves:
            return [number for half in self._halves for number in half.found(text)]
        return [number for match, number in self._wanted if matcher(match)(text)]


def _pattern(match: TextMatch) -> str:
    text = match.text if match.exact else bare(match.text)
    if match.how is How.REGEX:
        return text
    text = text if match.exact else fold(text)
    if match.how is How.CONTAINS:
        return _quoted(text)
    if match.how is How.GLOB:
        runs = ("".join("." if c == "?" else _quoted(c) for c in run) for run in text.split("*"))
        return rf"\A(?s:{'.*'.join(runs)})\z"
    return rf"\A(?:{_quoted(text)})\z"


def _quoted(text: str) -> str:
    quoted: str = re2.escape(text)
    return quoted


def _regexp(match: TextMatch) -> "re2._Regexp":
    try:
        found: re2._Regexp = re2.compile(_pattern(match), options(exact=match.exact))
    except re2.error as error:
        raise BadPattern(str(error)) from error
    return found


def options(*, exact: bool, memory: int = _MEMORY_OF_ONE) -> re2.Options:
    """How RE2 is asked: with or without letter case, in bounded memory."""
    options = re2.Options()
    options.max_mem = memory
    options.case_sensitive = exact
    options.log_errors = False
    return options


def _as_is(text: str) -> str:
    return text
