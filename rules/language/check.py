"""What only the whole tells: rules that can't do what they say, and rules that get in each other's
way (docs/decisions/0003). What is wrong for certain is an error: a rule that does nothing is
something missed in silence.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from rules.firing import tests_of
from rules.language.actions import ACTIONS, STOP
from rules.language.conditions import CONDITIONS
from rules.language.desk import Desk
from rules.language.nodes import Map, Node
from rules.language.parse import Written
from rules.model.exchanges import Direction
from rules.model.people import Level
from rules.model.rules import (
    All,
    AnyOf,
    Condition,
    KeepPrivate,
    Not,
    Phase,
    Range,
    Rule,
    Test,
    Thing,
)

EXCLUSIVE = frozenset({"kind", "direction", "mail_kind", "class", "weekday", "thread"})
"""Conditions of which an item has exactly one value, so that two without a common one
contradict each other."""

_BESIDE_IGNORE = frozenset({"ignore", "keep_private", STOP})
_WITH_WAITING = frozenset({"open_follow_up"})


def check_one(written: Written, desk: Desk) -> None:
    """What is wrong with one rule by itself."""
    desk.rule = written.name
    rule = written.rule
    if rule is not None:
        _phases(rule, written, desk)
        _waiting(written, desk)
        _conflicts(rule, written, desk)
        _contradictions(rule.when, desk)
        _things(rule, written, desk)
    desk.rule = ""


def _phases(rule: Rule, written: Written, desk: Desk) -> None:
    """What text decides may not widen or narrow who is captured."""
    if rule.phase is Phase.HEADERS:
        return
    late = next(test for test in tests_of(rule.when) if CONDITIONS[test.word].phase is Phase.TEXT)
    for word, key in (written.then or {}).items():
        if not ACTIONS[word].late:
            desk.wrong(key, "too-late", word=word, condition=late.word)


def _waiting(written: Written, desk: Desk) -> None:
    if written.waits is None:
        return
    for word, key in (written.then or {}).items():
        if word not in _WITH_WAITING:
            desk.wrong(key, "cannot-wait", word=word)


def _conflicts(rule: Rule, written: Written, desk: Desk) -> None:
    """Of what is not recorded there is nothing to classify."""
    nothing = any(isinstance(a, KeepPrivate) and a.level is Level.NOTHING for a in rule.then)
    keys = written.then or {}
    if "ignore" not in keys and not nothing:
        return
    cause = "ignore" if "ignore" in keys else "keep_private: nothing"
    for word, key in keys.items():
        if word not in _BESIDE_IGNORE:
            desk.wrong(key, "not-recorded", word=word, cause=cause)


def _things(rule: Rule, written: Written, desk: Desk) -> None:
    """Conditions on mail and on events in one rule; actions that such a rule never does."""
    things = frozenset(Thing)
    for part in _conjuncts(rule.when):
        now = things & _about(part)
        if things and not now:
            first = next(iter(tests_of(part)))
            (other,) = things
            desk.wrong(first.place, "never-both", word=first.word, thing=other.value)
            return
        things = now
    for word, key in (written.then or {}).items():
        if not things & ACTIONS[word].about:
            (thing,) = things
            desk.wrong(key, "not-of", word=word, thing=thing.value)
    waits = written.then and ("open_when_no_reply" in written.then or written.waits)
    for part in _conjuncts(rule.when):
        inbound = isinstance(part, Test) and part.argument == frozenset({Direction.INBOUND})
        if waits and inbound and isinstance(part, Test) and part.word == "direction":
            desk.wrong(part.place, "inbound-waits")


def _about(condition: Condition) -> frozenset[Thing]:
    """Of which things it can hold."""
    if isinstance(condition, Test):
        if condition.word == "kind":
            return cast("frozenset[Thing]", condition.argument)
        return CONDITIONS[condition.word].about
    if isinstance(condition, AnyOf):
        return frozenset().union(*(_about(part) for part in condition.parts))
    if isinstance(condition, All):
        things = frozenset(Thing)
        for part in condition.parts:
            things &= _about(part)
        return things
    part = condition.part
    if isinstance(part, Test) and part.word == "kind":
        return frozenset(Thing) - cast("frozenset[Thing]", part.argument)
    return frozenset(Thing)


def _contradictions(condition: Condition, desk: Desk) -> None:
    """Conditions that can't hold together, in every part that asks for all of its parts."""
    if isinstance(condition, Test):
        _private(condition, desk)
        return
    if isinstance(condition, Not):
        _contradictions(condition.part, desk)
        return
    parts = condition.parts
    if isinstance(condition, All):
        parts = tuple(_conjuncts(condition))
        _contradiction(parts, desk)
    for part in parts:
        _contradictions(part, desk)


def _private(test: Test, desk: Desk) -> None:
    if test.word == "class" and "public" not in cast("frozenset[str]", test.argument):
        desk.odd(test.place, "never-seen")


def _contradiction(parts: tuple[Condition, ...], desk: Desk) -> None:
    """The first part that leaves nothing over of what the parts before it allow."""
    allowed: dict[str, frozenset[object]] = {}
    ranges: dict[str, Range] = {}
    flags: dict[str, object] = {}
    for part in sorted(parts, key=lambda p: isinstance(p, Not)):
        if not isinstance(part, Test):
            _excluded(part, parts, allowed, desk)
            continue
        argument = part.argument
        if part.word in EXCLUSIVE and isinstance(argument, frozenset):
            both = allowed.get(part.word, argument) & argument
            allowed[part.word] = both
            bad = not both
        elif isinstance(argument, Range):
            ranges[part.word] = _overlap(ranges.get(part.word, Range()), argument)
            bad = _is_empty(ranges[part.word])
        elif isinstance(argument, bool):
            bad = flags.setdefault(part.word, argument) != argument
        else:
            bad = False
        if bad:
            desk.wrong(part.place, "contradiction", word=part.word)


def _excluded(
    part: Condition,
    parts: tuple[Condition, ...],
    allowed: Mapping[str, frozenset[object]],
    desk: Desk,
) -> None:
    """A `not` that takes back what another part asks for."""
    if not isinstance(part, Not):
        return
    inner = part.part
    alternatives = inner.parts if isinstance(inner, AnyOf) else (inner,)
    for refused in alternatives:
        if not isinstance(refused, Test):
            continue
        argument = refused.argument
        left = allowed.get(refused.word) if refused.word in EXCLUSIVE else None
        gone = left is not None and isinstance(argument, frozenset) and left <= argument
        if gone or refused in parts:
            desk.wrong(refused.place, "contradiction", word=refused.word)


def _overlap(one: Range, other: Range) -> Range:
    least = [n for n in (one.least, other.least) if n is not None]
    most = [n for n in (one.most, other.most) if n is not None]
    return Range(max(least, default=None), min(most, default=None))


def _is_empty(it: Range) -> bool:
    return it.least is not None and it.most is not None and it.least > it.most


# --- the set -----------------------------------------------------------------------------------


def check_all(files: Iterable[tuple[Desk, tuple[Written, ...]]]) -> None:
    """What is wrong with rules beside each other: names, and rules that are never asked."""
    names: dict[str, Rule] = {}
    stops: dict[Condition | None, list[tuple[frozenset[Condition], Rule]]] = {}
    for desk, rules in files:
        for written in rules:
            rule = written.rule
            if rule is None:
                continue
            desk.rule = rule.name
            _name_is_free(rule, written, names, desk)
            _is_reached(rule, stops, desk)
            desk.rule = ""


def _name_is_free(rule: Rule, written: Written, names: dict[str, Rule], desk: Desk) -> None:
    """Follow-ups and counts are kept under the rule's name."""
    first = names.setdefault(rule.name, rule)
    if first is not rule:
        desk.wrong(_key(written.node, "name"), "name-taken", **_where(first))


def _is_reached(
    rule: Rule,
    stops: dict[Condition | None, list[tuple[frozenset[Condition], Rule]]],
    desk: Desk,
) -> None:
    """A rule before it that stops whenever all of this one's conditions hold."""
    asked = frozenset(_conjuncts(rule.when))
    # Under one of its conditions, so that not each pair is compared.
    for condition in (None, *asked):
        for wanted, earlier in stops.get(condition, ()):
            if wanted <= asked:
                desk.wrong(rule.place, "unreachable", **_where(earlier))
                return
    if rule.stop:
        first = next(iter(asked), None)
        stops.setdefault(first, []).append((asked, rule))


def _where(rule: Rule) -> dict[str, str]:
    return {"other": rule.name, "place": f"{rule.place.file}:{rule.place.line}"}


def _key(node: Node, word: str) -> Node:
    """The value under a word of a mapping; the mapping itself if it has none."""
    if not isinstance(node, Map):
        return node
    return next((value for key, value in node.entries if key.value == word), node)


def _conjuncts(condition: Condition) -> Iterator[Condition]:
    """The parts that must all hold, however they are nested."""
    if isinstance(condition, All):
        for part in condition.parts:
            yield from _conjuncts(part)
    else:
        yield condition
