"""Readers: from a node to the argument that a word takes, and what the JSON Schema says of it.

A reader returns None where the node is wrong, and has then told why; it never raises.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from rules import identity
from rules.language.amounts import Malformed
from rules.language.desk import Desk
from rules.language.nodes import List, Map, Node, Text
from rules.model.rules import Known

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

Schema = Mapping[str, Any]

LONGEST_TEXT = 4000
"""Characters of one argument."""

MOST_ITEMS = 1000
"""Items of one list."""


@dataclass(frozen=True, slots=True)
class Reader(Generic[T]):
    """How an argument is read, what a schema says of it, and what the manual calls it."""

    read: Callable[[Node, Desk], T | None]
    schema: Schema
    says: str


def text_of(node: Node, desk: Desk) -> str | None:
    """The text of a scalar that says something."""
    if not isinstance(node, Text):
        desk.wrong(node, "not-a-text")
        return None
    if not node.value.strip():
        desk.wrong(node, "empty")
        return None
    if len(node.value) > LONGEST_TEXT:
        desk.wrong(node, "too-long-text", most=str(LONGEST_TEXT))
        return None
    return node.value


def items_of(node: Node, desk: Desk) -> tuple[Node, ...]:
    """The items of a list; one thing alone is a list of one. None of them is told."""
    if not isinstance(node, List):
        return (node,)
    if not node.items:
        desk.wrong(node, "empty")
    if len(node.items) > MOST_ITEMS:
        desk.wrong(node, "too-many-items", most=str(MOST_ITEMS))
        return ()
    return node.items


# Editors type what is written without quotes; here all of it is text.
SCALAR: Schema = {"type": ["string", "number", "boolean"], "minLength": 1}

TEXT: Reader[str] = Reader(text_of, SCALAR, "a text")
"""A text as it stands."""


def _flag(node: Node, desk: Desk) -> bool | None:
    value = {"true": True, "false": False}.get(node.value) if isinstance(node, Text) else None
    if value is None:
        desk.wrong(node, "not-a-flag")
    return value


FLAG: Reader[bool] = Reader(_flag, {"type": "boolean"}, "`true` or `false`")


def only_true(node: Node, desk: Desk) -> bool | None:
    """For an action that is either there or not."""
    if isinstance(node, Text) and node.value == "true":
        return True
    desk.wrong(node, "only-true")
    return None


TRUE: Reader[bool] = Reader(only_true, {"const": True}, "`true`")


def words(table: Mapping[str, T]) -> Reader[T]:
    """One of the words of a table."""

    def read(node: Node, desk: Desk) -> T | None:
        word = text_of(node, desk)
        if word is None:
            return None
        if word not in table:
            desk.unknown(node, "unknown-value", word, table)
            return None
        return table[word]

    return Reader(read, {"enum": list(table)}, _or(table))


def enum(of: type[E]) -> Reader[E]:
    """One of the words of an enumeration."""
    return words({member.value: member for member in of})


def many(one: Reader[T]) -> Reader[tuple[T, ...]]:
    """One, or a list of them, each once."""

    def read(node: Node, desk: Desk) -> tuple[T, ...] | None:
        values = [one.read(item, desk) for item in items_of(node, desk)]
        if not values or any(value is None for value in values):
            return None
        return tuple(dict.fromkeys(value for value in values if value is not None))

    schema = {"anyOf": [one.schema, {"type": "array", "items": one.schema, "minItems": 1}]}
    return Reader(read, schema, f"{one.says}, or a list of such")


def set_of(one: Reader[T]) -> Reader[frozenset[T]]:
    """One, or a list of them, in no order."""
    ordered = many(one)

    def read(node: Node, desk: Desk) -> frozenset[T] | None:
        values = ordered.read(node, desk)
        return None if values is None else frozenset(values)

    return Reader(read, ordered.schema, ordered.says)


def amount(parse: Callable[[str], T], says: str) -> Reader[T]:
    """What one of the functions of `rules.language.amounts` reads."""

    def read(node: Node, desk: Desk) -> T | None:
        text = text_of(node, desk)
        if text is None:
            return None
        try:
            return parse(text.strip())
        except Malformed as error:
            desk.wrong(node, error.code, **error.parameters)
            return None

    return Reader(read, SCALAR, says)


def name_of(which: str, says: str) -> Reader[str]:
    """A name that the store may know: `which` is the field of Known that lists them."""

    def read(node: Node, desk: Desk) -> str | None:
        name = text_of(node, desk)
        return None if name is None or not is_known(name, which, node, desk) else name

    return Reader(read, SCALAR, says)


def is_known(name: str, which: str, node: Node, desk: Desk) -> bool:
    """Whether the store has it, as far as that can be told; what it lacks is told."""
    known: frozenset[str] | None = getattr(desk.known, which)
    if known is None or name in known:
        return True
    if which == "users" and identity.key(name) in desk.user_keys:
        return True
    desk.unknown(node, UNKNOWN[which], name, known)
    return False


UNKNOWN = {field: f"unknown-{field.replace('_', '-')}" for field in Known.__slots__}
"""The code of the problem for each field of Known."""


def fields_of(
    node: Node, desk: Desk, readers: Mapping[str, Reader[Any]], required: tuple[str, ...] = ()
) -> dict[str, Any] | None:
    """The values of a mapping whose words are those of `readers`; None if anything is wrong."""
    if not isinstance(node, Map):
        desk.wrong(node, "not-a-map", words=", ".join(readers))
        return None
    fine = True
    values: dict[str, Any] = {}
    for key, value in node.entries:
        if key.value not in readers:
            desk.unknown(key, "unknown-option", key.value, readers)
            fine = False
            continue
        values[key.value] = readers[key.value].read(value, desk)
        fine = fine and values[key.value] is not None
    for name in required:
        if name not in {key.value for key, _ in node.entries}:
            desk.wrong(node, "missing", word=name)
            fine = False
    return values if fine else None


def map_schema(readers: Mapping[str, Reader[Any]], required: tuple[str, ...] = ()) -> Schema:
    """What a schema says of a mapping read by `fields_of`."""
    return {
        "type": "object",
        "properties": {name: dict(reader.schema) for name, reader in readers.items()},
        "additionalProperties": False,
        **({"required": list(required)} if required else {"minProperties": 1}),
    }


def _or(table: Mapping[str, object]) -> str:
    return " or ".join(", ".join(f"`{word}`" for word in table).rsplit(", ", 1))
