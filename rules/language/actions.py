"""The table of actions: every word that may stand in `then`, and what it takes.

Parser, checker, JSON Schema and manual (docs/reference/rules.md) are derived from it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from rules.language.amounts import duration, later, working_days
from rules.language.desk import Desk
from rules.language.nodes import Map, Node, Text
from rules.language.readers import (
    FLAG,
    SCALAR,
    TEXT,
    TRUE,
    Reader,
    amount,
    enum,
    fields_of,
    is_known,
    items_of,
    many,
    map_schema,
    name_of,
    text_of,
    words,
)
from rules.language.texts import pattern_is_good
from rules.model.people import Level
from rules.model.rules import (
    Action,
    AddCollaborators,
    AddProducts,
    AddTags,
    AdoptEvent,
    AssignThirdParty,
    CloseFollowUps,
    Confidential,
    Ignore,
    KeepPrivate,
    Later,
    Link,
    LinkField,
    OpenFollowUp,
    OpenWhenNoReply,
    Plan,
    Remind,
    SetAuthor,
    SetMode,
    SetPurpose,
    Thing,
)

STOP = "stop"
"""The action that the rule itself carries (`Rule.stop`)."""

VARIABLES = ("subject", "third_party", "contact", "reference", "author")
"""What a title or description may name as `{subject}`: a fixed list, replaced as plain text."""


@dataclass(frozen=True, slots=True)
class ActionWord:
    """A word of `then`: what it takes, and whether a rule that reads the text may do it (`late`).

    `yields` makes the actions from what the reader read.
    """

    reader: Reader[Any]
    yields: Callable[[Any], tuple[Action, ...]]
    help: str
    example: str
    late: bool = True
    about: frozenset[Thing] = frozenset(Thing)


def _one(make: Callable[[Any], Action]) -> Callable[[Any], tuple[Action, ...]]:
    return lambda value: (make(value),)


# --- arguments of several words -----------------------------------------------------------------

_BEFORE = amount(duration, "a length of time: `2h`, `15 minutes`")
_REMINDER: Mapping[str, Reader[Any]] = {
    "before": _BEFORE,
    "template": name_of("templates", "the name of a template"),
}


def _reminder(node: Node, desk: Desk) -> Remind | None:
    if not isinstance(node, Map):
        before: timedelta | None = _BEFORE.read(node, desk)
        return None if before is None else Remind(before)
    values = fields_of(node, desk, _REMINDER)
    if values == {}:
        desk.wrong(node, "empty")
    return Remind(**values) if values else None


REMINDER: Reader[Remind] = Reader(
    _reminder,
    {"anyOf": [_BEFORE.schema, map_schema(_REMINDER)]},
    "how long before (`2h`), or `{before, template}`",
)


def _template(node: Node, desk: Desk) -> str | None:
    """A text with `{variables}`; `{{` and `}}` are braces."""
    text = text_of(node, desk)
    if text is None:
        return None
    rest = text.replace("{{", "").replace("}}", "")
    for piece in rest.split("{")[1:]:
        name, closed, _ = piece.partition("}")
        if not closed or name not in VARIABLES:
            desk.unknown(node, "unknown-variable", name[:40], VARIABLES)
            return None
    return text


_TITLE: Reader[str] = Reader(_template, SCALAR, "a text with `{subject}`, `{contact}`…")
ASSIGNEES = ("author", "owner")


def _assignee(node: Node, desk: Desk) -> str | None:
    name = text_of(node, desk)
    if name is None or name in ASSIGNEES:
        return name
    return name if is_known(name, "users", node, desk) else None


def _priority(node: Node, desk: Desk) -> int | None:
    return words({str(n): n for n in range(1, 10)}).read(node, desk)


_PLAN: Mapping[str, Reader[Any]] = {
    "when": amount(later, "a time from then: `+3 working days at 09:00`, `+2h`"),
    "title": _TITLE,
    "description": _TITLE,
    "assignee": Reader(_assignee, SCALAR, "`author`, `owner`, or a user's address"),
    "reminder": REMINDER,
    "priority": Reader(_priority, {"enum": list(range(1, 10))}, "1 (highest) to 9"),
}
_WAIT: Mapping[str, Reader[Any]] = {
    "within": amount(working_days, "working days: `5 working days`"),
    **_PLAN,
}


def _plan(values: dict[str, Any]) -> Plan:
    given = {("remind" if name == "reminder" else name): it for name, it in values.items()}
    return Plan(**{"when": Later(), **given})


def _follow_up(node: Node, desk: Desk) -> Plan | None:
    """When alone, or a mapping."""
    if isinstance(node, Text):
        when = _PLAN["when"].read(node, desk)
        return None if when is None else Plan(when)
    values = fields_of(node, desk, _PLAN, ("when",))
    return None if values is None else _plan(values)


def _no_reply(node: Node, desk: Desk) -> OpenWhenNoReply | None:
    if isinstance(node, Text):
        within = _WAIT["within"].read(node, desk)
        return None if within is None else OpenWhenNoReply(within, Plan(Later()))
    values = fields_of(node, desk, _WAIT, ("within",))
    if values is None:
        return None
    within = values.pop("within")
    return OpenWhenNoReply(within, _plan(values))


def _pattern(node: Node, desk: Desk) -> str | None:
    pattern = text_of(node, desk)
    return pattern if pattern is not None and pattern_is_good(pattern, node, desk) else None


_LINK: Mapping[str, Reader[Any]] = {
    "type": TEXT,
    "pattern": Reader(_pattern, SCALAR, "an RE2 pattern"),
    "in": many(enum(LinkField)),
}


def _links(node: Node, desk: Desk) -> tuple[Link, ...] | None:
    found: list[Link] = []
    items = items_of(node, desk)
    for item in items:
        values = fields_of(item, desk, _LINK, ("type", "pattern"))
        if values is not None:
            fields = values.get("in", (LinkField.SUBJECT,))
            found.append(Link(values["type"], values["pattern"], fields))
    return tuple(found) if found and len(found) == len(items) else None


_LINK_SCHEMA = map_schema(_LINK, ("type", "pattern"))
_GROUPS = many(name_of("groups", "the name of a group"))


def _confidential(node: Node, desk: Desk) -> Confidential | None:
    if isinstance(node, Text) and node.value == "true":
        return Confidential()
    groups = _GROUPS.read(node, desk)
    return None if groups is None else Confidential(groups)


_LEVELS = {level.name.lower(): level for level in Level if level is not Level.EVERYTHING}

ACTIONS: Mapping[str, ActionWord] = {
    "ignore": ActionWord(
        TRUE,
        lambda _: (Ignore(),),
        "It is not recorded, only counted under the rule; another copy of it may be.",
        "ignore: true",
        late=False,
    ),
    "keep_private": ActionWord(
        words(_LEVELS),
        _one(KeepPrivate),
        "No more than this is kept or shown, whichever copy of it tells more: nothing, that it "
        "happened, or its subject. The strictest of all wishes wins.",
        "keep_private: subject",
        late=False,
    ),
    "mode": ActionWord(
        name_of("modes", "the code of a mode of contact"),
        _one(SetMode),
        "The mode of contact.",
        "mode: phone",
    ),
    "purpose": ActionWord(
        name_of("purposes", "the code of a purpose"),
        _one(SetPurpose),
        "The purpose.",
        "purpose: other",
    ),
    "products": ActionWord(
        many(name_of("products", "the code of a product")),
        _one(AddProducts),
        "Products that it is about.",
        "products: [SUPPORT]",
    ),
    "tags": ActionWord(
        many(TEXT), _one(AddTags), "Words that it is found by.", "tags: [order, urgent]"
    ),
    "third_party": ActionWord(
        name_of("third_parties", "the code of a third party"),
        _one(AssignThirdParty),
        "It belongs to this third party, whoever takes part.",
        "third_party: ACME",
        late=False,
    ),
    "author": ActionWord(
        name_of("users", "a user's address"),
        _one(SetAuthor),
        "Who of us had it.",
        "author: emma@we.example",
    ),
    "collaborators": ActionWord(
        many(name_of("users", "a user's address")),
        _one(AddCollaborators),
        "Who else of us had a part in it.",
        "collaborators: [paul@we.example]",
    ),
    "link": ActionWord(
        Reader(
            _links,
            {"anyOf": [_LINK_SCHEMA, {"type": "array", "items": _LINK_SCHEMA, "minItems": 1}]},
            "`{type, pattern, in}`, or a list of such",
        ),
        tuple,
        "Elements whose reference a pattern finds, in any letter case: its group named `ref`, else "
        "the whole of it, in upper case.",
        r"link: {type: quote, pattern: 'PR\d{4}-\d{4,}', in: [subject, text]}",
    ),
    "confidential": ActionWord(
        Reader(
            _confidential,
            {"anyOf": [{"const": True}, _GROUPS.schema]},
            "`true`, or the groups that it is shared with",
        ),
        lambda action: (action,),
        "Its text becomes a confidential comment, shared with these groups.",
        "confidential: [management]",
    ),
    "open_follow_up": ActionWord(
        Reader(
            _follow_up,
            {"anyOf": [_PLAN["when"].schema, map_schema(_PLAN, ("when",))]},
            f"when, or `{{{', '.join(_PLAN)}}}`",
        ),
        _one(OpenFollowUp),
        "A follow-up comes with it.",
        "open_follow_up: {when: +3 working days at 09:00, title: 'Call {contact}'}",
    ),
    "open_when_no_reply": ActionWord(
        Reader(
            _no_reply,
            {"anyOf": [_WAIT["within"].schema, map_schema(_WAIT, ("within",))]},
            f"within, or `{{{', '.join(_WAIT)}}}`",
        ),
        lambda action: (action,),
        "A follow-up comes when nobody has answered this outbound message in time.",
        "open_when_no_reply: {within: 5 working days, title: 'No answer: {subject}'}",
        about=frozenset({Thing.MAIL}),
    ),
    "close_follow_ups": ActionWord(
        FLAG,
        _one(CloseFollowUps),
        "Whether it may close open follow-ups of its third party.",
        "close_follow_ups: false",
    ),
    "adopt": ActionWord(
        TRUE,
        lambda _: (AdoptEvent(),),
        "The event is a follow-up, though it shows none of the usual signs.",
        "adopt: true",
        late=False,
        about=frozenset({Thing.EVENT}),
    ),
    "reminder": ActionWord(
        REMINDER,
        lambda action: (action,),
        "When the follow-up that it is or opens is reminded of, and by which template.",
        "reminder: {before: 2h}",
    ),
    STOP: ActionWord(TRUE, lambda _: (), "The rules after this one are not asked.", "stop: true"),
}
