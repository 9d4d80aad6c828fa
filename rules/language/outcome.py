"""What rules that fired make of an item, in the words of the table of actions."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import re2

from rules.model.facts import Facts
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
    Link,
    LinkField,
    OpenFollowUp,
    OpenWhenNoReply,
    Remind,
    Rule,
    SetAuthor,
    SetMode,
    SetPurpose,
)
from rules.model.sightings import Event, Message

_MOST_LINKS = 100

Outcome = Mapping[str, frozenset[str]]
"""By word of the actions: what came out, as texts. A word that is not there came to nothing."""


def outcome(fired: Iterable[Rule], facts: Facts) -> Outcome:
    """What the actions of these rules, in order, amount to (docs/decisions/0003): of a
    single-valued one the last counts, others add up, of privacy the strictest."""
    came_out: dict[str, frozenset[str]] = {}
    levels = []
    for rule in fired:
        for action in rule.then:
            word, texts = _said(action, facts)
            if word in _ADD_UP:
                texts |= came_out.get(word, frozenset())
            if texts:
                came_out[word] = texts
            if isinstance(action, KeepPrivate):
                levels.append(action.level)
    if levels:
        came_out["keep_private"] = frozenset({min(levels).name.lower()})
    return came_out


def _said(action: Action, facts: Facts) -> tuple[str, frozenset[str]]:
    word, say = _WORDS[type(action)]
    return word, frozenset(say(action, facts))


def _links(link: Link, facts: Facts) -> Iterable[str]:
    """`quote PR2303-0107`, for each that the pattern finds."""
    what = facts.sighting.what
    pattern = re2.compile(link.pattern)
    for text in _texts(link, what):
        for number, found in enumerate(pattern.finditer(text)):
            if number >= _MOST_LINKS:
                return
            named = "ref" in pattern.groupindex and found.group("ref")
            if reference := named or found.group():
                yield f"{link.type} {reference}"


def _texts(link: Link, what: Message | Event) -> Iterable[str]:
    is_mail = isinstance(what, Message)
    if LinkField.SUBJECT in link.fields:
        yield what.subject if isinstance(what, Message) else what.summary
    if LinkField.TEXT in link.fields:
        if isinstance(what, Event):
            yield what.description
        elif what.body:
            yield what.body.text
    if LinkField.ATTACHMENTS in link.fields and is_mail:
        yield from (attachment.name for attachment in getattr(what, "attachments", ()))


def _title(action: Any, _facts: Facts) -> Iterable[str]:
    return (action.plan.title or "true",)


def _reminder(action: Remind, _facts: Facts) -> Iterable[str]:
    if action.before is not None:
        yield f"{int(action.before.total_seconds()) // 60} minutes"
    if action.template is not None:
        yield action.template


_Said = Callable[[Any, Facts], Iterable[str]]

_WORDS: Mapping[type, tuple[str, _Said]] = {
    Ignore: ("ignore", lambda a, f: ("true",)),
    KeepPrivate: ("keep_private", lambda a, f: (a.level.name.lower(),)),
    SetMode: ("mode", lambda a, f: (a.mode,)),
    SetPurpose: ("purpose", lambda a, f: (a.purpose,)),
    AddProducts: ("products", lambda a, f: a.products),
    AddTags: ("tags", lambda a, f: a.tags),
    AssignThirdParty: ("third_party", lambda a, f: (a.code,)),
    SetAuthor: ("author", lambda a, f: (a.user,)),
    AddCollaborators: ("collaborators", lambda a, f: a.users),
    Link: ("link", _links),
    Confidential: ("confidential", lambda a, f: a.groups or ("true",)),
    OpenFollowUp: ("open_follow_up", _title),
    OpenWhenNoReply: ("open_when_no_reply", _title),
    CloseFollowUps: ("close_follow_ups", lambda a, f: (str(a.close).lower(),)),
    AdoptEvent: ("adopt", lambda a, f: ("true",)),
    Remind: ("reminder", _reminder),
}
_ADD_UP = frozenset(
    {"products", "tags", "collaborators", "link", "confidential", "open_follow_up"}
    | {"open_when_no_reply"}
)
