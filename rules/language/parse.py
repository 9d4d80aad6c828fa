"""From the nodes of one file to its rules, as far as they can be read; all else is told."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from rules.language.actions import ACTIONS, STOP
from rules.language.conditions import CONDITIONS, NO_REPLY
from rules.language.desk import Desk
from rules.language.nodes import List, Map, Node, Text
from rules.language.readers import text_of
from rules.model.rules import (
    Action,
    All,
    AnyOf,
    Condition,
    Not,
    OpenFollowUp,
    OpenWhenNoReply,
    Phase,
    Rule,
    Test,
)

VERSION = "1"
ALWAYS = "always"
"""`when: always`: a rule without conditions has to say so."""

LONGEST_NAME = 100
"""Characters of a rule's name: it is part of keys, and stands in every message."""

_GROUPS = ("all", "any", "not")
_FILE_WORDS = ("version", "rules")
_RULE_WORDS = ("name", "when", "then", "examples")


@dataclass(frozen=True, slots=True)
class Written:
    """A rule, and the nodes that it was written as, for the checker.

    `rule` is None where it can't be used; `then` has the key of each action that was understood,
    `waits` the one of `no_reply_for`.
    """

    name: str
    node: Node
    rule: Rule | None = None
    when: Node | None = None
    then: Mapping[str, Text] | None = None
    examples: Node | None = None
    waits: Text | None = None


def rules_of(root: Node | None, desk: Desk) -> tuple[Written, ...]:
    """The rules of a file in their order."""
    if root is None or (isinstance(root, Text) and root.plain and not root.value):
        desk.odd(root or Text("", 1, 1), "no-rules")
        return ()
    if not isinstance(root, Map):
        desk.wrong(root, "not-a-rules-file")
        return ()
    words = _words(root, _FILE_WORDS, desk)
    if "version" not in words:
        desk.wrong(root, "no-version")
    elif not isinstance(words["version"], Text) or words["version"].value != VERSION:
        desk.wrong(words["version"], "other-version")
    rules = words.get("rules")
    if rules is None or (isinstance(rules, Text) and rules.plain and not rules.value):
        return ()
    if not isinstance(rules, List):
        desk.wrong(rules, "not-a-list-of-rules")
        return ()
    return tuple(_rule(item, desk) for item in rules.items)


def _words(node: Map, known: tuple[str, ...], desk: Desk) -> dict[str, Node]:
    """The values of a mapping's known words; unknown ones are told."""
    words: dict[str, Node] = {}
    for key, value in node.entries:
        if key.value in known:
            words[key.value] = value
        else:
            desk.unknown(key, "unknown-word", key.value, known)
    return words


def _rule(node: Node, desk: Desk) -> Written:
    desk.rule = ""
    if not isinstance(node, Map):
        desk.wrong(node, "not-a-rule")
        return Written("", node)
    name_node = next((value for key, value in node.entries if key.value == "name"), None)
    if isinstance(name_node, Text):
        desk.rule = name_node.value[:LONGEST_NAME]
    words = _words(node, _RULE_WORDS, desk)
    name = _name(words.get("name"), node, desk)
    when = _when(words.get("when"), node, desk)
    actions, then = _then(words.get("then"), node, desk)
    written = Written(
        name or desk.rule, node, when=words.get("when"), then=then, examples=words.get("examples")
    )
    desk.rule, rule = "", None
    if name is None or when is None or actions is None:
        return written
    condition, waits, within = when
    rule = Rule(
        name=name,
        place=desk.place(node),
        when=condition,
        then=actions,
        stop=STOP in then,
        phase=phase_of(condition),
    )
    if waits is not None and all(isinstance(action, OpenFollowUp) for action in actions):
        rule = replace(rule, then=_later(actions, within))
    return replace(written, rule=rule, waits=waits)


def _name(node: Node | None, rule: Node, desk: Desk) -> str | None:
    if node is None:
        desk.wrong(rule, "no-name")
        return None
    name = text_of(node, desk)
    if name is None:
        return None
    if len(name) > LONGEST_NAME or not name.isprintable() or name != name.strip():
        desk.wrong(node, "bad-name", most=str(LONGEST_NAME))
        return None
    return name


# --- when --------------------------------------------------------------------------------------


def _when(node: Node | None, rule: Node, desk: Desk) -> tuple[Condition, Text | None, int] | None:
    """The condition, and the key and the working days of `no_reply_for`, which is none."""
    if node is None:
        desk.wrong(rule, "no-when")
        return None
    if isinstance(node, Text) and node.value == ALWAYS:
        return All(()), None, 0
    waits: Text | None = None
    within: int | None = 0
    if isinstance(node, Map):
        for key, value in node.entries:
            if key.value != NO_REPLY:
                continue
            waits, within = key, CONDITIONS[NO_REPLY].reader.read(value, desk)
        if waits is not None:
            rest = tuple(entry for entry in node.entries if entry[0] is not waits)
            if not rest:
                return (All(()), waits, within) if within else None
            node = replace(node, entries=rest)
    condition = _condition(node, desk)
    if condition is None or within is None:
        return None
    return condition, waits, within


def _condition(node: Node, desk: Desk) -> Condition | None:
    """A mapping: each of its words must hold."""
    if not isinstance(node, Map):
        desk.wrong(node, "not-conditions")
        return None
    if not node.entries:
        desk.wrong(node, "no-conditions")
        return None
    parts = [_part(key, value, desk) for key, value in node.entries]
    good = tuple(part for part in parts if part is not None)
    if len(good) < len(parts):
        return None
    return good[0] if len(good) == 1 else All(good)


def _part(key: Text, value: Node, desk: Desk) -> Condition | None:
    if key.value in _GROUPS:
        return _group(key, value, desk)
    word = CONDITIONS.get(key.value)
    if word is None:
        desk.unknown(key, "unknown-condition", key.value, (*CONDITIONS, *_GROUPS))
        return None
    if key.value == NO_REPLY:
        desk.wrong(key, "no-reply-inside")
        return None
    argument = word.reader.read(value, desk)
    return None if argument is None else Test(key.value, argument, desk.place(key))


def _group(key: Text, value: Node, desk: Desk) -> Condition | None:
    """`all` and `any` take a list; `not` a mapping, or a list of which none may hold."""
    if isinstance(value, List):
        nodes = value.items
    elif key.value == "not":
        nodes = (value,)
    else:
        desk.wrong(value, "not-a-list-of-conditions", word=key.value)
        return None
    if not nodes:
        desk.wrong(value, "no-conditions")
        return None
    parts = [_condition(node, desk) for node in nodes]
    good = tuple(part for part in parts if part is not None)
    if len(good) < len(parts):
        return None
    if key.value == "all":
        return All(good)
    some = good[0] if len(good) == 1 else AnyOf(good)
    return Not(some) if key.value == "not" else some


def phase_of(condition: Condition) -> Phase:
    """When it can be decided: once the text is there, if any part of it reads the text."""
    if isinstance(condition, Test):
        return CONDITIONS[condition.word].phase
    parts = (condition.part,) if isinstance(condition, Not) else condition.parts
    late = any(phase_of(part) is Phase.TEXT for part in parts)
    return Phase.TEXT if late else Phase.HEADERS


# --- then --------------------------------------------------------------------------------------


def _then(
    node: Node | None, rule: Node, desk: Desk
) -> tuple[tuple[Action, ...] | None, dict[str, Text]]:
    """The actions (None: some are wrong), and the keys of those that were understood."""
    keys: dict[str, Text] = {}
    if node is None:
        desk.wrong(rule, "no-then")
        return None, keys
    if not isinstance(node, Map) or not node.entries:
        desk.wrong(node, "not-actions")
        return None, keys
    actions: list[Action] = []
    fine = True
    for key, value in node.entries:
        word = ACTIONS.get(key.value)
        if word is None:
            desk.unknown(key, "unknown-action", key.value, ACTIONS)
            fine = False
            continue
        keys[key.value] = key
        argument: Any = word.reader.read(value, desk)
        if argument is None:
            fine = False
            continue
        actions += word.yields(argument)
    return tuple(actions) if fine else None, keys


def _later(actions: tuple[Action, ...], within: int) -> tuple[Action, ...]:
    """What a rule that waits opens, comes when the time is up."""
    return tuple(
        OpenWhenNoReply(within, action.plan)
        for action in actions
        if isinstance(action, OpenFollowUp)
    )
