"""What rules that fired make of an item, in the words of the table of actions."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rules.classifying import references, tag, texts_of
from rules.following import filled
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
    OpenFollowUp,
    OpenWhenNoReply,
    Remind,
    Rule,
    SetAuthor,
    SetMode,
    SetPurpose,
)
from rules.model.sightings import Message

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
    for text in texts_of(facts.sighting.what, link.fields):
        yield from (f"{link.type} {ref}" for ref in references(link.pattern, text))


def _title(action: OpenFollowUp | OpenWhenNoReply, facts: Facts) -> Iterable[str]:
    return (filled(action.plan.title, _variables(facts)) or "true",)


def _variables(facts: Facts) -> Mapping[str, str]:
    """What a title may name, as far as an example has it."""
    what, directory = facts.sighting.what, facts.directory
    match = next(iter(facts.matches), None)
    contact = directory.contacts.get(match.contact) if match and match.contact else None
    return {
        "subject": what.subject if isinstance(what, Message) else what.summary,
        "third_party": directory.third_parties[match.third_party].name if match else "",
        "contact": contact.name if contact else "",
        "reference": "",
        "author": "",
    }


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
    AddTags: ("tags", lambda a, f: map(tag, a.tags)),
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
