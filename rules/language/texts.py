"""Readers of texts to be met, of headers, attachments, participants."""

from collections.abc import Callable, Mapping
from typing import Any

import re2

from rules.language.amounts import octets, range_of
from rules.language.desk import Desk
from rules.language.nodes import List, Map, Node, Text
from rules.language.readers import (
    FLAG,
    TEXT,
    Reader,
    Schema,
    amount,
    fields_of,
    is_known,
    items_of,
    many,
    map_schema,
    text_of,
)
from rules.model.rules import (
    ANY,
    AttachmentMatch,
    HeaderMatch,
    How,
    TextMatch,
    Who,
    WhoKind,
)
from rules.words import bare, fold

PATTERN_MEMORY = 1 << 20
"""Octets that one compiled pattern may take (RE2's max_mem)."""

_RE2 = re2.Options()
_RE2.max_mem = PATTERN_MEMORY
_RE2.log_errors = False

_LOOK_AROUND = ("(?=", "(?!", "(?<=", "(?<!")
_BACK_REFERENCE = tuple(f"\\{digit}" for digit in "123456789")


def pattern_is_good(pattern: str, node: Node, desk: Desk) -> bool:
    """Whether RE2 takes it; what it does not take is told."""
    try:
        compiled = re2.compile(pattern, _RE2)
    except re2.error as error:
        if any(sign in pattern for sign in _LOOK_AROUND):
            desk.wrong(node, "look-around", pattern=pattern)
        elif any(sign in pattern for sign in _BACK_REFERENCE):
            desk.wrong(node, "back-reference", pattern=pattern)
        else:
            detail = error.args[0] if error.args else ""
            told = detail.decode(errors="replace") if isinstance(detail, bytes) else str(detail)
            desk.wrong(node, "bad-pattern", pattern=pattern, detail=told)
        return False
    if compiled.search("") is not None and compiled.search("\1") is not None:
        desk.wrong(node, "pattern-matches-all", pattern=pattern)
        return False
    return True


Check = Callable[[TextMatch, Node, Desk], bool]
"""Whether a text can be what it is meant to be; why not is told."""


def _can_match(match: TextMatch, node: Node, desk: Desk) -> bool:
    if match.how is How.REGEX:
        return pattern_is_good(match.text if match.exact else bare(match.text), node, desk)
    if not match.exact and not fold(match.text):
        desk.wrong(node, "empty")
        return False
    return True


def text_match(default: How, check: Check = _can_match) -> Reader[tuple[TextMatch, ...]]:
    """A text or a list of them, compared by `default`; or a mapping that says how."""

    def read(node: Node, desk: Desk) -> tuple[TextMatch, ...] | None:
        if isinstance(node, Map):
            return _said_how(node, desk, check)
        return _several(node, desk, default, exact=False, check=check)

    return Reader(read, {"$ref": "#/definitions/texts"}, f"texts ({default.value})")


def _several(
    node: Node, desk: Desk, how: How, *, exact: bool, check: Check
) -> tuple[TextMatch, ...] | None:
    """A match for each text of a list, or for the one that stands there."""
    found: list[TextMatch] = []
    fine = True
    for item in items_of(node, desk):
        if isinstance(item, Map) and isinstance(node, List):
            inner = _said_how(item, desk, check)
            found += inner or ()
            fine = fine and inner is not None
            continue
        text = text_of(item, desk)
        if text is None or not check(TextMatch(how, text, exact), item, desk):
            fine = False
            continue
        found.append(TextMatch(how, text, exact))
    return tuple(found) if fine and found else None


def _said_how(node: Map, desk: Desk, check: Check) -> tuple[TextMatch, ...] | None:
    """`{regex: …}`, `{equals: [a, b], exact: true}`: one way, and whether letter by letter."""
    hows: list[tuple[Text, Node]] = []
    exact: bool | None = False
    fine = True
    for key, value in node.entries:
        if key.value in _HOWS:
            hows.append((key, value))
        elif key.value == "exact":
            exact = FLAG.read(value, desk)
        else:
            desk.unknown(key, "unknown-option", key.value, (*_HOWS, "exact"))
            fine = False
    if len(hows) != 1:
        # What is unknown may be the missing one, misspelt: one problem is enough.
        if fine:
            desk.wrong(hows[1][0] if hows else node, "one-how", words=", ".join(_HOWS))
        return None
    how = How(hows[0][0].value)
    matches = _several(hows[0][1], desk, how, exact=bool(exact), check=check)
    return matches if fine and exact is not None else None


def named(which: str) -> Reader[tuple[TextMatch, ...]]:
    """Texts that are names, by default equal: `which` is the field of Known that lists them."""

    def check(match: TextMatch, node: Node, desk: Desk) -> bool:
        if match.how is not How.EQUALS:
            return _can_match(match, node, desk)
        if which == "calendars" and not match.exact and fold(match.text) in desk.calendar_names:
            return True
        return is_known(match.text, which, node, desk)

    return text_match(How.EQUALS, check)


_HOWS = tuple(how.value for how in How)
_HOW_SCHEMA = {
    "type": "object",
    "properties": {
        **{how: dict(many(TEXT).schema) for how in _HOWS},
        "exact": {"type": "boolean"},
    },
    "oneOf": [{"required": [how]} for how in _HOWS],
    "additionalProperties": False,
}


# --- headers ---------------------------------------------------------------------------------

_CONTAINS = text_match(How.CONTAINS)


def _headers(node: Node, desk: Desk) -> tuple[HeaderMatch, ...] | None:
    """`{X-Mailer: …}`; `true` asks whether the field is there."""
    if not isinstance(node, Map) or not node.entries:
        desk.wrong(node, "not-headers")
        return None
    found: list[HeaderMatch] = []
    for key, value in node.entries:
        # RFC 5322 §2.2: printable US-ASCII without colon.
        if not _is_field_name(key.value):
            desk.wrong(key, "not-a-header-name", name=key.value)
            continue
        if isinstance(value, Text) and value.plain and value.value == "true":
            found.append(HeaderMatch(key.value.lower()))
        elif (matches := _CONTAINS.read(value, desk)) is not None:
            found.append(HeaderMatch(key.value.lower(), matches))
    return tuple(found) if len(found) == len(node.entries) else None


def _is_field_name(name: str) -> bool:
    return 0 < len(name) <= 76 and all("!" <= c <= "~" and c != ":" for c in name)


HEADERS: Reader[tuple[HeaderMatch, ...]] = Reader(
    _headers,
    {
        "type": "object",
        "additionalProperties": {"anyOf": [{"const": True}, _CONTAINS.schema]},
        "minProperties": 1,
    },
    "header names, each with texts (by default contains) or `true`",
)


# --- attachments -----------------------------------------------------------------------------

_ATTACHMENT: Mapping[str, Reader[Any]] = {
    "name": text_match(How.GLOB),
    "type": text_match(How.GLOB),
    "size": amount(range_of(octets), "a size"),
}


def _attachment(node: Node, desk: Desk) -> AttachmentMatch | None:
    if isinstance(node, Map):
        values = fields_of(node, desk, _ATTACHMENT)
        if values == {}:
            desk.wrong(node, "empty")
        return AttachmentMatch(**values) if values else None
    name = _ATTACHMENT["name"].read(node, desk)
    return None if name is None else AttachmentMatch(name)


ATTACHMENT: Reader[AttachmentMatch] = Reader(
    _attachment,
    {"anyOf": [many(TEXT).schema, map_schema(_ATTACHMENT)]},
    "names (by default glob), or `{name, type, size}`",
)


# --- participants ----------------------------------------------------------------------------


def _is_of(kind: WhoKind) -> Check:
    """Whether a text can be a participant of that kind."""

    def check(match: TextMatch, node: Node, desk: Desk) -> bool:
        if match.how is not How.EQUALS:
            return _can_match(match, node, desk)
        if kind is WhoKind.DOMAIN and not _is_domain(match.text):
            desk.wrong(node, "not-a-domain", given=match.text)
            return False
        if kind in (WhoKind.ADDRESS, WhoKind.CONTACT) and not _is_address(match.text):
            desk.wrong(node, "not-an-address", given=match.text)
            return False
        return True

    return check


_NAMED = {
    WhoKind.USER: named("users"),
    WhoKind.GROUP: named("groups"),
    WhoKind.THIRD_PARTY: named("third_parties"),
}
_BY_KIND = {
    kind.value: _NAMED.get(kind) or text_match(How.EQUALS, _is_of(kind)) for kind in WhoKind
}
# Everybody has an address.
_WITH_ANY = frozenset(WhoKind) - {WhoKind.ADDRESS, WhoKind.DOMAIN}


def _people(node: Node, desk: Desk) -> tuple[Who, ...] | None:
    """An address, `@domain`, or a mapping by kinds; one of all that are named is enough."""
    found: list[Who] = []
    fine = True
    for item in items_of(node, desk):
        people = _by_kind(item, desk) if isinstance(item, Map) else _written(item, desk)
        found += people or ()
        fine = fine and people is not None
    return tuple(found) if fine and found else None


def _written(node: Node, desk: Desk) -> tuple[Who, ...] | None:
    """`jean@acme.example` or `@acme.example`; with `*` or `?` a glob over addresses."""
    text = text_of(node, desk)
    if text is None:
        return None
    if {"*", "?"} & set(text):
        return (Who(WhoKind.ADDRESS, TextMatch(How.GLOB, text)),)
    kind = WhoKind.DOMAIN if text.startswith("@") else WhoKind.ADDRESS
    match = TextMatch(How.EQUALS, text.removeprefix("@"))
    return (Who(kind, match),) if _is_of(kind)(match, node, desk) else None


def _by_kind(node: Map, desk: Desk) -> tuple[Who, ...] | None:
    found: list[Who] = []
    fine = bool(node.entries)
    if not fine:
        desk.wrong(node, "empty")
    for key, value in node.entries:
        if key.value not in _BY_KIND:
            desk.unknown(key, "unknown-option", key.value, _BY_KIND)
            fine = False
            continue
        kind = WhoKind(key.value)
        if isinstance(value, Text) and value.value == ANY and kind in _WITH_ANY:
            found.append(Who(kind))
            continue
        matches = _BY_KIND[key.value].read(value, desk)
        found += [Who(kind, match) for match in matches or ()]
        fine = fine and matches is not None
    return tuple(found) if fine else None


def _is_domain(text: str) -> bool:
    return "." in text and "@" not in text and not set(text) & set(" \t<>,;/\\")


def _is_address(text: str) -> bool:
    local, at, domain = text.strip().rpartition("@")
    return bool(local and at) and _is_domain(domain) and not set(text) & set(" \t<>,;")


_PERSON_SCHEMA = {"anyOf": [TEXT.schema, map_schema(_BY_KIND)]}
PEOPLE: Reader[tuple[Who, ...]] = Reader(
    _people,
    {"$ref": "#/definitions/people"},
    "addresses, `@domain`, or `{address, domain, user, group, contact, third_party}`",
)

DEFINITIONS: Mapping[str, Schema] = {
    "texts": {"anyOf": [many(TEXT).schema, _HOW_SCHEMA]},
    "people": {
        "anyOf": [_PERSON_SCHEMA, {"type": "array", "items": _PERSON_SCHEMA, "minItems": 1}]
    },
}
"""What schemas of readers here refer to."""
