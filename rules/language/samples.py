"""Examples inside rules: a small message or event, and what the rules up to this one make of it.

They are read here and tried by `rules.language.trial`. What an example does not say is ordinary:
a message of a human from a contact of a third party named EXAMPLE, on a working Wednesday.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from rules.language.actions import ACTIONS, STOP
from rules.language.amounts import Malformed, duration, octets
from rules.language.conditions import FOUND_BY
from rules.language.desk import Desk
from rules.language.nodes import List, Map, Node, Text
from rules.language.readers import (
    FLAG,
    SCALAR,
    TEXT,
    Reader,
    Schema,
    amount,
    enum,
    fields_of,
    items_of,
    many,
    map_schema,
    set_of,
    text_of,
)
from rules.model.decisions import By
from rules.model.exchanges import Direction
from rules.model.people import PartyKind
from rules.model.rules import Thing, ThreadState
from rules.model.sightings import Attachment, MailKind

NONE = "none"
"""In `gives`: nothing of the sort. As `third_party` of a message: it belongs to none."""

MOST_EXAMPLES = 50
"""Examples of one rule: they are tried at every load."""


@dataclass(frozen=True, slots=True)
class Person:
    """A participant: one of us (`user`, with the names of their groups), or of a third party."""

    email: str
    user: bool = False
    groups: tuple[str, ...] = ()
    third_party: str = ""


@dataclass(frozen=True, slots=True)
class Party:
    """A third party that it belongs to."""

    code: str = "EXAMPLE"
    name: str = "Example"
    kinds: frozenset[PartyKind] = frozenset({PartyKind.CUSTOMER})
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """A small message or event. `date` is on the wall clock; `parties` () means
    of no one, None those of its people."""

    thing: Thing
    from_: tuple[Person, ...] = ()
    to: tuple[Person, ...] = ()
    cc: tuple[Person, ...] = ()
    subject: str = ""
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()
    keywords: tuple[str, ...] = ()
    folder: str = "INBOX"
    account: str = ""
    size: int = 10_000
    date: datetime = datetime(2026, 3, 4, 10, 0)  # noqa: DTZ001 - on the sample's wall clock
    age: timedelta = timedelta(0)
    holiday: bool = False
    direction: Direction | None = None
    parties: tuple[Party, ...] | None = None
    matched_by: By = By.ADDRESS
    thread: ThreadState = ThreadState.FIRST
    mail_kind: MailKind | None = None
    calendar: str = ""
    categories: tuple[str, ...] = ()
    class_: str = "public"
    location: str = ""
    duration: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Expected:
    """What must come out under a word of the actions: these texts, in any order. `node` is where
    it stands; without `values` nothing may; `some` asks only that there is something."""

    word: str
    values: frozenset[str]
    node: Node
    some: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """A sample, whether the rule fires for it, and what must come out. `node` is where the
    example, `fires_node` where its `fires` stands."""

    sample: Sample
    fires: bool
    gives: tuple[Expected, ...]
    node: Node
    fires_node: Node


# --- readers -------------------------------------------------------------------------------------

_PERSON: Mapping[str, Reader[Any]] = {
    "user": TEXT,
    "groups": many(TEXT),
    "contact": TEXT,
    "third_party": TEXT,
}


def _person(node: Node, desk: Desk) -> Person | None:
    if not isinstance(node, Map):
        email = text_of(node, desk)
        return None if email is None else _checked(Person(email), node, desk)
    values = fields_of(node, desk, _PERSON)
    if values is None:
        return None
    if ("user" in values) == ("contact" in values):
        desk.wrong(node, "one-how", words="user, contact")
        return None
    person = Person(
        values.get("user") or values["contact"],
        "user" in values,
        values.get("groups", ()),
        values.get("third_party", ""),
    )
    return _checked(person, node, desk)


def _checked(person: Person, node: Node, desk: Desk) -> Person | None:
    if "@" in person.email.strip("@"):
        return person
    desk.wrong(node, "not-an-address", given=person.email)
    return None


def _people(node: Node, desk: Desk) -> tuple[Person, ...] | None:
    items = items_of(node, desk)
    found = [person for item in items if (person := _person(item, desk)) is not None]
    return tuple(found) if len(found) == len(items) else None


_PERSON_SCHEMA: Schema = {"anyOf": [SCALAR, map_schema(_PERSON)]}
_PEOPLE: Reader[tuple[Person, ...]] = Reader(
    _people,
    {"$ref": "#/definitions/example_people"},
    "addresses, `{user: address, groups: [name]}`, `{contact: address, third_party: CODE}`",
)

_PARTY: Mapping[str, Reader[Any]] = {
    "code": TEXT,
    "name": TEXT,
    "kind": set_of(enum(PartyKind)),
    "tags": many(TEXT),
}


def _party(node: Node, desk: Desk) -> Party | None:
    if not isinstance(node, Map):
        code = text_of(node, desk)
        return None if code is None else Party(code, code)
    values = fields_of(node, desk, _PARTY)
    if values is None:
        return None
    if "kind" in values:
        values["kinds"] = values.pop("kind")
    return Party(**values)


def _parties(node: Node, desk: Desk) -> tuple[Party, ...] | None:
    if isinstance(node, Text) and node.value == NONE:
        return ()
    items = items_of(node, desk)
    found = [party for item in items if (party := _party(item, desk)) is not None]
    return tuple(found) if len(found) == len(items) else None


_PARTY_SCHEMA: Schema = {"anyOf": [SCALAR, map_schema(_PARTY)]}
_PARTIES: Reader[tuple[Party, ...]] = Reader(
    _parties,
    {"anyOf": [_PARTY_SCHEMA, {"type": "array", "items": _PARTY_SCHEMA}]},
    "a code, `{code, name, kind, tags}`, a list of such, or `none`",
)

_ATTACHMENT: Mapping[str, Reader[Any]] = {
    "name": TEXT,
    "type": TEXT,
    "size": amount(octets, "a size"),
}


def _attachment(node: Node, desk: Desk) -> Attachment | None:
    if not isinstance(node, Map):
        name = text_of(node, desk)
        return None if name is None else Attachment(name, "application/octet-stream", 10_000)
    values = fields_of(node, desk, _ATTACHMENT)
    if values is None:
        return None
    kind = values.get("type", "application/octet-stream")
    return Attachment(values.get("name", ""), kind, values.get("size", 10_000))


_ATTACHMENTS: Reader[tuple[Attachment, ...]] = many(
    Reader(
        _attachment,
        {"anyOf": [SCALAR, map_schema(_ATTACHMENT)]},
        "a name, or `{name, type, size}`",
    )
)


def _headers(node: Node, desk: Desk) -> dict[str, str] | None:
    if not isinstance(node, Map):
        desk.wrong(node, "not-headers")
        return None
    texts = {key.value.lower(): text_of(value, desk) for key, value in node.entries}
    good = {name: text for name, text in texts.items() if text is not None}
    return good if len(good) == len(texts) else None


_HEADERS: Reader[dict[str, str]] = Reader(
    _headers, {"type": "object", "additionalProperties": SCALAR}, "header names, each with a text"
)


def _moment(text: str) -> datetime:
    """`2026-03-04 10:00`"""
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M")  # noqa: DTZ007 - on the wall clock
    except ValueError:
        raise Malformed("not-a-moment", given=text) from None


_BOTH: Mapping[str, Reader[Any]] = {
    "from": _PEOPLE,
    "to": _PEOPLE,
    "subject": TEXT,
    "text": TEXT,
    "account": TEXT,
    "date": amount(_moment, "`2026-03-04 10:00`"),
    "age": amount(duration, "how long ago: `30 days`"),
    "holiday": FLAG,
    "direction": enum(Direction),
    "third_party": _PARTIES,
    "matched_by": FOUND_BY,
}
MAIL: Mapping[str, Reader[Any]] = {
    **_BOTH,
    "cc": _PEOPLE,
    "headers": _HEADERS,
    "attachments": _ATTACHMENTS,
    "keywords": many(TEXT),
    "folder": TEXT,
    "size": amount(octets, "a size"),
    "thread": enum(ThreadState),
    "mail_kind": enum(MailKind),
}
"""What may stand under `mail` of an example."""

EVENT: Mapping[str, Reader[Any]] = {
    **_BOTH,
    "calendar": TEXT,
    "category": many(TEXT),
    "class": TEXT,
    "place": TEXT,
    "duration": amount(duration, "a length of time"),
}
"""What may stand under `event` of an example."""

_FIELDS = {
    "from": "from_",
    "third_party": "parties",
    "category": "categories",
    "class": "class_",
    "place": "location",
}

GIVEN = tuple(word for word in ACTIONS if word != STOP)
"""The words of actions that `gives` may hold."""


def examples_of(node: Node | None, desk: Desk) -> tuple[Example, ...]:
    """The examples of a rule, as far as they can be read."""
    if node is None:
        return ()
    if not isinstance(node, List):
        desk.wrong(node, "not-examples")
        return ()
    if len(node.items) > MOST_EXAMPLES:
        desk.wrong(node, "too-many-items", most=str(MOST_EXAMPLES))
        return ()
    return tuple(it for item in node.items if (it := _example(item, desk)) is not None)


def _example(node: Node, desk: Desk) -> Example | None:
    if not isinstance(node, Map):
        desk.wrong(node, "not-an-example")
        return None
    words = {key.value: value for key, value in node.entries}
    for key, _ in node.entries:
        if key.value not in ("mail", "event", "fires", "gives"):
            desk.unknown(key, "unknown-word", key.value, ("mail", "event", "fires", "gives"))
            return None
    if ("mail" in words) == ("event" in words):
        desk.wrong(node, "not-an-example")
        return None
    thing = Thing.MAIL if "mail" in words else Thing.EVENT
    sample = _sample(thing, words[thing.value], desk)
    fires = FLAG.read(words["fires"], desk) if "fires" in words else True
    gives = _gives(words["gives"], desk) if "gives" in words else ()
    if sample is None or fires is None or gives is None:
        return None
    return Example(sample, fires, gives, node, words.get("fires", node))


def _sample(thing: Thing, node: Node, desk: Desk) -> Sample | None:
    values = fields_of(node, desk, MAIL if thing is Thing.MAIL else EVENT)
    if values is None:
        return None
    return Sample(thing, **{_FIELDS.get(name, name): value for name, value in values.items()})


def _gives(node: Node, desk: Desk) -> tuple[Expected, ...] | None:
    if not isinstance(node, Map) or not node.entries:
        desk.wrong(node, "not-actions")
        return None
    found: list[Expected] = []
    for key, value in node.entries:
        if key.value not in GIVEN:
            desk.unknown(key, "unknown-action", key.value, GIVEN)
            continue
        texts = many(TEXT).read(value, desk)
        if texts == (NONE,):
            found.append(Expected(key.value, frozenset(), value))
        elif texts == ("true",):
            found.append(Expected(key.value, frozenset(), value, some=True))
        elif texts is not None:
            found.append(Expected(key.value, frozenset(texts), value))
    return tuple(found) if len(found) == len(node.entries) else None


DEFINITIONS: Mapping[str, Schema] = {
    "example_people": {"anyOf": [_PERSON_SCHEMA, {"type": "array", "items": _PERSON_SCHEMA}]}
}
"""What schemas of readers here refer to."""

_TEXTS: Schema = many(TEXT).schema
EXAMPLE_SCHEMA: Schema = {
    "type": "object",
    "additionalProperties": False,
    "oneOf": [{"required": ["mail"]}, {"required": ["event"]}],
    "properties": {
        "mail": {**map_schema(MAIL), "minProperties": 0},
        "event": {**map_schema(EVENT), "minProperties": 0},
        "fires": {"type": "boolean", "description": "Whether this rule fires for it: true."},
        "gives": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": False,
            "description": "What the rules up to this one make of it; `none`: nothing.",
            "properties": {word: dict(_TEXTS) for word in GIVEN},
        },
    },
}
