"""What rules that fired make of an item, in the words of the table of actions."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rules.asking import WORDS, actions
from rules.classifying import linked, tag
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

Outcome = Mapping[str, frozenset[str]]
"""By word of the actions: what came out, as texts. A word that is not there came to nothing."""


def outcome(fired: Iterable[Rule], facts: Facts) -> Outcome:
    """What the actions of these rules, in order, amount to (docs/decisions/0003): of a
    single-valued one the last counts, others add up, of privacy the strictest."""
    fired = tuple(fired)
    known = _Known(facts, _variables(fired, facts))
    came_out: dict[str, frozenset[str]] = {}
    levels = []
    for rule in fired:
        for action in rule.then:
            word, texts = WORDS[type(action)], frozenset(_SAYS[type(action)](action, known))
            if word in _ADD_UP:
                texts |= came_out.get(word, frozenset())
            if texts:
                came_out[word] = texts
            if isinstance(action, KeepPrivate):
                levels.append(action.level)
    if levels:
        came_out["keep_private"] = frozenset({min(levels).name.lower()})
    return came_out


@dataclass(frozen=True, slots=True)
class _Known:
    """What actions are about, and what titles may name of it."""

    facts: Facts
    variables: Mapping[str, str]


def _variables(fired: tuple[Rule, ...], facts: Facts) -> Mapping[str, str]:
    """As `rules.following` fills them, as far as an example has it."""
    what, directory = facts.sighting.what, facts.directory
    assigned = next(reversed([*actions(fired, AssignThirdParty)]), None)
    matches = facts.matches
    if assigned is not None:
        number = directory.parties_by_code.get(assigned.code)
        matches = tuple(m for m in matches if m.third_party == number)
    match = next(iter(matches), None)
    party = directory.third_parties[match.third_party].name if match else ""
    contact = directory.contacts.get(match.contact) if match and match.contact else None
    author = next(reversed([*actions(fired, SetAuthor)]), None)
    owner = directory.users.get(facts.sighting.owner) if facts.sighting.owner else None
    return {
        "subject": what.subject if isinstance(what, Message) else what.summary,
        "third_party": assigned.code if assigned and not match else party,
        "contact": contact.name if contact else "",
        "reference": _reference(fired, what),
        "author": author.user if author else owner.name if owner else "",
    }


def _reference(fired: tuple[Rule, ...], what: Message | Event) -> str:
    """The first that is linked; what only a confidential text names is not."""
    links = tuple(actions(fired, Link))
    found = linked(links, what, (LinkField.SUBJECT,))
    if not any(actions(fired, Confidential)):
        found += linked(links, what, (LinkField.TEXT, LinkField.ATTACHMENTS))
    return found[0].ref if found else ""


def _links(link: Link, known: _Known) -> Iterable[str]:
    """`quote PR2303-0107`, for each that the pattern finds."""
    found = linked([link], known.facts.sighting.what, link.fields)
    return (f"{one.type} {one.ref}" for one in found)


def _title(action: OpenFollowUp | OpenWhenNoReply, known: _Known) -> Iterable[str]:
    return (filled(action.plan.title, known.variables) or "true",)


def _reminder(action: Remind, _known: _Known) -> Iterable[str]:
    if action.before is not None:
        yield f"{int(action.before.total_seconds()) // 60} minutes"
    if action.template is not None:
        yield action.template


_Said = Callable[[Any, _Known], Iterable[str]]

_SAYS: Mapping[type[Action], _Said] = {
    Ignore: lambda a, _: ("true",),
    KeepPrivate: lambda a, _: (a.level.name.lower(),),
    SetMode: lambda a, _: (a.mode,),
    SetPurpose: lambda a, _: (a.purpose,),
    AddProducts: lambda a, _: a.products,
    AddTags: lambda a, _: map(tag, a.tags),
    AssignThirdParty: lambda a, _: (a.code,),
    SetAuthor: lambda a, _: (a.user,),
    AddCollaborators: lambda a, _: a.users,
    Link: _links,
    Confidential: lambda a, _: a.groups or ("true",),
    OpenFollowUp: _title,
    OpenWhenNoReply: _title,
    CloseFollowUps: lambda a, _: (str(a.close).lower(),),
    AdoptEvent: lambda a, _: ("true",),
    Remind: _reminder,
}
_ADD_UP = frozenset(
    {"products", "tags", "collaborators", "link", "confidential", "open_follow_up"}
    | {"open_when_no_reply"}
)
