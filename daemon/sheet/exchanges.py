"""Exchanges as people write them: create, see, change, clone, delete, link."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from daemon.i18n import mark
from daemon.sheet import confidential
from daemon.sheet.entry import Entry, entity_of, values
from daemon.sheet.errors import Changed, NotTaken, NotThere
from daemon.sheet.writer import Check, Writer
from daemon.store import Stale, UnknownCode
from daemon.store import exchanges as stored
from rules import access
from rules.access import Action
from rules.model.exchanges import (
    Draft,
    Exchange,
    ExchangeId,
    ExchangeKey,
    LinkedElement,
    Source,
)
from rules.model.people import Level

REASON = "deleted by a person"


def create(
    writer: Writer,
    entry: Entry,
    keys: tuple[ExchangeKey, ...] = (),
    source: Source = Source.PERSON,
) -> Exchange:
    """Record it. The same keys again give the same exchange. Raises NotAllowed, NotTaken, and
    Changed where what these keys led to was deleted."""
    writer.must(Action.CREATE_EXCHANGE)
    given = {name: value for name, value in asdict(entry).items() if name != "confidential"}
    given["elements"] = entry.elements
    told = values(writer, given)
    if not told["third_parties"]:
        raise NotTaken("third_parties", mark("an exchange is with a third party: name one"))
    told.pop("quoted_from")
    if entry.entity is None:
        told["entity"] = entity_of(writer, told["third_parties"])
    draft = Draft(
        keys=keys,
        source=source,
        recorder=writer.id,
        **told | {"happened_at": told["happened_at"] or writer.now},
    )
    if entry.confidential is not None:
        comment = confidential.comment_of(writer, entry.confidential, draft.entity)
        draft = replace(draft, confidential=comment)
    known = stored.find(writer.tx, keys) is not None
    made = _add(writer, draft)
    if not known:
        writer.note("create exchange", made.ref)
    return made


def _add(writer: Writer, draft: Draft) -> Exchange:
    try:
        return stored.add(writer.tx, draft, writer.now)
    except Stale as error:
        raise Changed(mark("this exchange was recorded before, and deleted")) from error
    except UnknownCode as error:
        raise NotTaken("mode", mark("this is not in the list of today")) from error


def find(writer: Writer, name: str) -> Exchange:
    """The exchange of this id or reference, as it is stored. Raises NotThere unless the writer
    sees it."""
    found = named(writer, name)
    if found is None or not sees(writer, found):
        raise NotThere(mark("there is no such exchange"))
    return found


def sees(writer: Writer, exchange: Exchange) -> bool:
    """Whether they see it, however much of it."""
    return writer.may(Action.SEE_EXCHANGE, access.facts_of(exchange))


def named(writer: Writer, name: str) -> Exchange | None:
    """The exchange of this id or reference, whoever may see it."""
    if name.isascii() and name.isdigit():
        return stored.get(writer.tx, ExchangeId(int(name))) if len(name) < 19 else None
    return stored.by_ref(writer.tx, name)


def see(writer: Writer, name: str) -> Exchange:
    """The exchange as the writer may see it. Raises NotThere."""
    shown = access.visible(find(writer, name), writer.user, writer.groups)
    if shown is None:
        raise NotThere(mark("there is no such exchange"))
    return shown


def change(writer: Writer, name: str, check: Check, given: Mapping[str, Any]) -> Exchange:
    """Change what was given, by names of `entry.FIELDS`. Raises NotThere, NotAllowed, NotTaken,
    Changed, and what `check` raises."""
    found = find(writer, name)
    writer.must(Action.EDIT_EXCHANGE, access.facts_of(found))
    check(found.revision)
    told = values(writer, given, found)
    after = replace(found, **told)
    if not after.third_parties:
        raise NotTaken("third_parties", mark("an exchange is with a third party: name one"))
    return _edit(writer, found, after)


def _edit(writer: Writer, found: Exchange, after: Exchange) -> Exchange:
    try:
        edited, fields = stored.edit(writer.tx, after, found.revision, writer.id, writer.now)
    except Stale as error:
        raise Changed(mark("it was changed meanwhile: read it again, and change that")) from error
    except UnknownCode as error:
        raise NotTaken("mode", mark("this is not in the list of today")) from error
    if fields:
        writer.note(f"edit exchange: {', '.join(sorted(fields))}", edited.ref)
    return edited


def link(writer: Writer, name: str, check: Check, element: LinkedElement) -> Exchange:
    """Say that it is about an element too. Raises as `change`."""
    found = _editable(writer, name, check)
    same = (element.type, element.ref)
    if same in {(e.type, e.ref) for e in found.elements}:
        return found
    return _edit(writer, found, replace(found, elements=(*found.elements, element)))


def unlink(writer: Writer, name: str, check: Check, type_: str, ref: str) -> Exchange:
    """Say that it is not about this element. Raises as `change`, NotThere where it is not
    linked."""
    found = _editable(writer, name, check)
    left = tuple(e for e in found.elements if (e.type, e.ref) != (type_, ref))
    if left == found.elements:
        raise NotThere(mark("no such element is linked"))
    return _edit(writer, found, replace(found, elements=left))


def _editable(writer: Writer, name: str, check: Check) -> Exchange:
    found = find(writer, name)
    writer.must(Action.EDIT_EXCHANGE, access.facts_of(found))
    check(found.revision)
    return found


def clone(writer: Writer, name: str) -> Exchange:
    """A new one that says now what this one says to the writer, no more of it to anybody; its
    confidential comment stays where it is. Raises NotThere, NotAllowed."""
    writer.must(Action.CREATE_EXCHANGE)
    shown = see(writer, name)
    draft = Draft(
        keys=(),
        third_parties=shown.third_parties,
        contacts=shown.contacts,
        direction=shown.direction,
        mode=shown.mode,
        happened_at=writer.now,
        source=Source.PERSON,
        subject=shown.subject,
        comment=shown.comment,
        html=shown.html,
        purpose=shown.purpose,
        entity=shown.entity,
        author=writer.id,
        recorder=writer.id,
        collaborators=shown.collaborators,
        elements=shown.elements,
        products=shown.products,
        project=shown.project,
        level=shown.level,
    )
    made = _add(writer, draft)
    writer.note(f"clone exchange {shown.ref}", made.ref)
    return made


def delete(writer: Writer, name: str, check: Check, reason: str = "") -> str:
    """Delete it for good; no mailbox brings it back. Its reference. Raises NotThere, NotAllowed,
    and what `check` raises."""
    found = find(writer, name)
    writer.must(Action.DELETE_EXCHANGE, access.facts_of(found))
    # Of two that delete, the second finds that it is gone.
    stored.lock(writer.tx)
    found = find(writer, name)
    check(found.revision)
    stored.delete(writer.tx, found.id, writer.id, reason or REASON, writer.now, writer.name)
    return found.ref


def attached(writer: Writer, exchange: Exchange) -> tuple[str, ...]:
    """Names, types and sizes of what was attached, as far as the writer may see them."""
    return stored.attachments(writer.tx, exchange.id) if sees_whole(writer, exchange) else ()


def sees_whole(writer: Writer, exchange: Exchange) -> bool:
    """Whether no level hides any of it from them."""
    facts = access.facts_of(exchange)
    if not isinstance(facts, access.ExchangeFacts):
        return False
    return access.visible_level(writer.user, facts) is Level.EVERYTHING
