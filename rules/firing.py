"""Which rules fire for an item? Of a thousand only those are tried that can: each rule is found by
things that an item must have for it to fire — an address, a domain, a text that is met.

Two phases (docs/decisions/0003): what headers decide, then what the text decides. Rules fire in
the order of their files until one says stop.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from operator import methodcaller

from rules.holding import COMMON, VALUES, Fields, Key, Ready, any_ready, ready
from rules.item import Item
from rules.model.facts import Facts
from rules.model.people import Standing
from rules.model.rules import AnyOf, Condition, HeaderMatch, Not, Phase, Rule, Test
from rules.texts import Searched

Positions = tuple[int, ...]
"""Rules by where they stand in their set, ascending."""


Values = Callable[[Item], Iterable[object]]
"""What an item has of the things that an index table is about."""


@dataclass(frozen=True, slots=True)
class Index:
    """The rules of one phase: by the things that find them, and those that are always tried."""

    always: Positions
    tables: tuple[tuple[Values, Mapping[object, Positions]], ...]


@dataclass(frozen=True, slots=True)
class Compiled:
    """Rules made ready to be asked about many items. `headers` are the header fields that they ask
    about, in lower case: they have to be fetched."""

    rules: tuple[Rule, ...]
    ready: tuple[Ready, ...] = field(repr=False)
    searched: Mapping[str, Searched] = field(repr=False)
    phases: Mapping[Phase, Index] = field(repr=False)
    headers: frozenset[str] = frozenset()

    def item(self, facts: Facts, people: tuple[Standing, ...] | None = None) -> Item:
        """An item as these rules see it; `people` take part in it, if that is known by now."""
        return Item(facts, self.searched, people)


def compiled(rules: tuple[Rule, ...]) -> Compiled:
    """The rules, in order, made ready. Raises BadPattern, with the name of the rule."""
    fields = Fields()
    ready_ones = tuple(_ready(rule.when, fields) for rule in rules)
    phases = {
        phase: _index((i, ready_ones[i]) for i, rule in enumerate(rules) if rule.phase is phase)
        for phase in Phase
    }
    return Compiled(rules, ready_ones, fields.searched, phases, _headers(rules))


def by_headers(compiled: Compiled, item: Item) -> Positions:
    """The rules that fire by what headers tell; one that says stop is the last of them."""
    return _fire(compiled, item, Phase.HEADERS, len(compiled.rules))


def by_text(compiled: Compiled, item: Item, early: Positions) -> Positions:
    """All rules that fire, now that the text is there, `early` among them; none after the first
    that says stop. What those of `early` that fall away have settled before stays settled."""
    end = len(compiled.rules)
    if early and compiled.rules[early[-1]].stop:
        end = early[-1]
    late = _fire(compiled, item, Phase.TEXT, end)
    if not late:
        return early
    if compiled.rules[late[-1]].stop:
        early = tuple(i for i in early if i < late[-1])
    return tuple(sorted((*early, *late)))


def _fire(compiled: Compiled, item: Item, phase: Phase, end: int) -> Positions:
    fired: list[int] = []
    for i in _candidates(compiled.phases[phase], item):
        if i >= end:
            break
        if compiled.ready[i].holds(item):
            fired.append(i)
            if compiled.rules[i].stop:
                break
    return tuple(fired)


def _candidates(index: Index, item: Item) -> Iterable[int]:
    found: list[int] = []
    for values, table in index.tables:
        for value in values(item):
            if value in table:
                found += table[value]
    return sorted({*found, *index.always}) if found else index.always


def _ready(condition: Condition, fields: Fields) -> Ready:
    if isinstance(condition, Test):
        return ready(condition, fields)
    if isinstance(condition, Not):
        holds = _ready(condition.part, fields).holds
        return Ready(lambda item: not holds(item))
    parts = [_ready(part, fields) for part in condition.parts]
    if isinstance(condition, AnyOf):
        return any_ready(parts)
    return _all_ready(parts)


def _all_ready(parts: list[Ready]) -> Ready:
    """Holds when each does; found by the keys of the rarest. The cheap ones are asked first."""
    if len(parts) == 1:
        return parts[0]
    tests = tuple(part.holds for part in sorted(parts, key=lambda part: part.width))
    found_by = min((p for p in parts if p.keys), key=lambda part: part.width, default=None)
    keys, width = (found_by.keys, found_by.width) if found_by else (frozenset[Key](), COMMON)
    return Ready(lambda item: all(test(item) for test in tests), keys, width)


def _index(rules: Iterable[tuple[int, Ready]]) -> Index:
    always: list[int] = []
    tables: dict[str, dict[object, list[int]]] = {}
    for i, one in rules:
        if not one.keys:
            always.append(i)
        for name, value in one.keys:
            tables.setdefault(name, {}).setdefault(value, []).append(i)
    return Index(
        tuple(always),
        tuple(
            (_values(name), {value: tuple(found) for value, found in table.items()})
            for name, table in tables.items()
        ),
    )


def _values(name: str) -> Values:
    return VALUES.get(name) or methodcaller("found", name)


# --- why ----------------------------------------------------------------------------------------


class Outcome(StrEnum):
    """What became of a rule."""

    FIRED = "fired"
    MISSED = "missed"
    STOPPED = "stopped"
    NOT_ASKED = "not-asked"


@dataclass(frozen=True, slots=True)
class Tried:
    """A rule, and why it did not fire: MISSED by the conditions `failed` (those of `not` held),
    `met` others held; STOPPED by the rule named `by`; NOT_ASKED, for the text is not there."""

    rule: Rule
    outcome: Outcome
    failed: tuple[Test, ...] = ()
    met: int = 0
    by: str = ""


def explained(compiled: Compiled, facts: Facts, *, has_text: bool) -> tuple[Tried, ...]:
    """Each rule tried by itself, in order: what `suivi rules test` shows. Slow, and meant to be."""
    item = compiled.item(facts)
    fired = by_headers(compiled, item)
    if has_text:
        fired = by_text(compiled, item, fired)
    last = fired[-1] if fired and compiled.rules[fired[-1]].stop else len(compiled.rules)
    told: list[Tried] = []
    for i, rule in enumerate(compiled.rules):
        if i in fired:
            told.append(Tried(rule, Outcome.FIRED))
        elif i > last:
            told.append(Tried(rule, Outcome.STOPPED, by=compiled.rules[last].name))
        elif rule.phase is Phase.TEXT and not has_text:
            told.append(Tried(rule, Outcome.NOT_ASKED))
        else:
            why = _why(rule.when, facts)
            told.append(Tried(rule, Outcome.MISSED, why.failed, why.met))
    return tuple(told)


@dataclass(frozen=True, slots=True)
class _Why:
    holds: bool
    met: int
    failed: tuple[Test, ...]


def _why(condition: Condition, facts: Facts) -> _Why:
    """Whether it holds; how many of its parts do, and the conditions that keep it from holding."""
    if isinstance(condition, Test):
        alone = Fields()
        holds = ready(condition, alone).holds(Item(facts, alone.searched))
        return _Why(holds, int(holds), () if holds else (condition,))
    if isinstance(condition, Not):
        holds = not _why(condition.part, facts).holds
        return _Why(holds, int(holds), () if holds else tuple(tests_of(condition.part)))
    parts = [_why(part, facts) for part in condition.parts]
    met = sum(part.holds for part in parts)
    holds = met > 0 if isinstance(condition, AnyOf) else met == len(parts)
    failed = () if holds else tuple(test for part in parts for test in part.failed)
    return _Why(holds, met, failed)


def tests_of(condition: Condition) -> Iterator[Test]:
    """Every word of it, wherever it stands."""
    if isinstance(condition, Test):
        yield condition
    elif isinstance(condition, Not):
        yield from tests_of(condition.part)
    else:
        for part in condition.parts:
            yield from tests_of(part)


def _headers(rules: Iterable[Rule]) -> frozenset[str]:
    return frozenset(
        wanted.name
        for rule in rules
        for test in tests_of(rule.when)
        if test.word == "header" and isinstance(test.argument, tuple)
        for wanted in test.argument
        if isinstance(wanted, HeaderMatch)
    )
