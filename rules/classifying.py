"""What do the rules that fired make of an exchange? Of a single-valued action the last word
counts, many-valued ones add up (docs/decisions/0003)."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import re2

from rules import identity
from rules.model.exchanges import ConfidentialComment, Draft, LinkedElement, Said
from rules.model.people import Directory, UserId
from rules.model.rules import (
    Action,
    AddCollaborators,
    AddProducts,
    AddTags,
    CloseFollowUps,
    Confidential,
    Link,
    LinkField,
    Rule,
    SetAuthor,
    SetMode,
    SetPurpose,
)
from rules.model.sightings import Event, Message
from rules.texts import cut, options
from rules.words import fold, harmless, one_line

Ranked = tuple[tuple[int, Rule], ...]
"""Rules that fired, each with where it stands in the set, ascending."""

MOST_ELEMENTS = 50
"""Elements that one exchange is linked to by rules."""

_LONGEST_REFERENCE = 100
_MOST_FOUND = 500
_MOST_NAMES = 200


def classified(
    draft: Draft, fired: Ranked, directory: Directory, what: Message | Event, comment: str
) -> dict[str, Any]:
    """The fields of a draft that these rules, in order, change; `comment` is its text.

    Where they name a user that nobody knows, nothing changes: the checker has told it.
    """
    if not fired:
        return {}
    said = tuple(_said(fired, directory))
    changes: dict[str, Any] = {one.field: one.value for one in said}
    changes["said"] = said
    by_kind: dict[type[Action], list[Any]] = {}
    for _, rule in fired:
        for action in rule.then:
            by_kind.setdefault(type(action), []).append(action)
    for kind, change in _CHANGES.items():
        if kind in by_kind:
            changes |= change(draft, by_kind[kind], directory)
    if Link in by_kind:
        changes |= _elements(draft, by_kind[Link], what)
    author = changes.get("author", draft.author)
    helpers = changes.get("collaborators", draft.collaborators)
    changes["collaborators"] = tuple(user for user in helpers if user != author)
    if Confidential in by_kind and comment:
        owner = draft.mailbox_owner if author is None else author
        hidden = _confidential(by_kind[Confidential], directory, comment, owner)
        changes |= {"comment": "", "quoted_from": None, "confidential": hidden}
        # What only it tells is as confidential.
        changes["elements_in_text"] = ()
    return changes


Changes = dict[str, Any]


def _products(draft: Draft, actions: list[AddProducts], _directory: Directory) -> Changes:
    codes = (code for action in actions for code in action.products)
    return {"products": tuple(dict.fromkeys((*draft.products, *codes)))}


def _tags(draft: Draft, actions: list[AddTags], _directory: Directory) -> Changes:
    tags = (tag(text) for action in actions for text in action.tags)
    return {"tags": tuple(sorted({*draft.tags, *tags} - {""}))}


def _helpers(draft: Draft, actions: list[AddCollaborators], directory: Directory) -> Changes:
    helpers = _known(directory, (user for action in actions for user in action.users))
    return {"collaborators": tuple(sorted({*draft.collaborators, *helpers}))}


_CHANGES: Mapping[type[Action], Callable[[Draft, list[Any], Directory], Changes]] = {
    AddProducts: _products,
    AddTags: _tags,
    AddCollaborators: _helpers,
}


def _elements(draft: Draft, links: list[Link], what: Message | Event) -> Changes:
    elements = linked(links, what, (LinkField.SUBJECT,))
    late = linked(links, what, (LinkField.TEXT, LinkField.ATTACHMENTS))
    return {
        "elements": tuple(dict.fromkeys((*draft.elements, *elements))),
        "elements_in_text": tuple(e for e in late if e not in elements),
    }


def _said(fired: Ranked, directory: Directory) -> Iterator[Said]:
    """The last word about each single-valued field."""
    last: dict[str, Said] = {}
    for rank, rule in fired:
        for action in rule.then:
            if isinstance(action, SetMode):
                last["mode"] = Said("mode", rank, action.mode)
            elif isinstance(action, SetPurpose):
                last["purpose"] = Said("purpose", rank, action.purpose)
            elif isinstance(action, CloseFollowUps):
                last["answers"] = Said("answers", rank, action.close)
            elif isinstance(action, SetAuthor):
                for user in _known(directory, [action.user]):
                    last["author"] = Said("author", rank, user)
    yield from last.values()


def tag(text: str) -> str:
    """A tag as it is kept: one line, folded, so that it is found however it is written."""
    return fold(one_line(text, 100))


def _confidential(
    wanted: list[Confidential], directory: Directory, text: str, author: UserId | None
) -> ConfidentialComment:
    """The text as a confidential comment; groups add up."""
    names = {fold(name) for action in wanted for name in action.groups}
    groups = frozenset(g for g, name in directory.groups.items() if fold(name) in names)
    return ConfidentialComment(text, author, groups)


def linked(
    links: Iterable[Link], what: Message | Event, fields: tuple[LinkField, ...]
) -> tuple[LinkedElement, ...]:
    """What these actions, in order, link to what stands in these fields."""
    found: dict[LinkedElement, None] = {}
    for link in links:
        for text in texts_of(what, [f for f in link.fields if f in fields]):
            for reference in references(link.pattern, text):
                if len(found) < MOST_ELEMENTS:
                    found.setdefault(LinkedElement(link.type, reference))
    return tuple(found)


def texts_of(what: Message | Event, fields: Iterable[LinkField]) -> Iterator[str]:
    """The texts in which references are looked for, as far as they are there."""
    for field in fields:
        if field is LinkField.SUBJECT:
            yield what.subject if isinstance(what, Message) else what.summary
        elif field is LinkField.TEXT and isinstance(what, Event):
            yield what.description
        elif field is LinkField.TEXT and isinstance(what, Message) and what.body:
            yield what.body.text
        elif field is LinkField.ATTACHMENTS and isinstance(what, Message):
            yield from (a.name for a in what.attachments[:_MOST_NAMES])


def references(pattern: str, text: str) -> Iterator[str]:
    """What a pattern finds, in upper case: `pr2303-0107` is PR2303-0107."""
    found = _compiled(pattern)
    group = "ref" if "ref" in found.groupindex else 0
    for n, match in enumerate(found.finditer(harmless(cut(text)))):
        if n >= _MOST_FOUND:
            break
        if reference := one_line(match.group(group) or "", _LONGEST_REFERENCE).upper():
            yield reference


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> "re2._Regexp":
    found: re2._Regexp = re2.compile(pattern, options(exact=False))
    return found


def _known(directory: Directory, emails: Iterable[str]) -> list[UserId]:
    found = (directory.users_by_key.get(identity.key(email)) for email in emails)
    return [user for user in found if user is not None]
