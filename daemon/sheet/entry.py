"""An exchange as somebody writes it down, and what may stand in it: lists, directory and options
decide."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from daemon.i18n import mark
from daemon.sheet import markup
from daemon.sheet.errors import NotTaken
from daemon.sheet.writer import Writer
from daemon.store import lists, people
from rules.model.exchanges import ACTIVE, Direction, Exchange, LinkedElement
from rules.model.people import ContactId, EntityId, GroupId, ThirdPartyId, UserId

STATUSES = (ACTIVE, "closed")


@dataclass(frozen=True, slots=True)
class Secret:
    """A confidential comment as somebody writes it; groups by name."""

    text: str = ""
    html: str | None = None
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """People are email addresses, entities, modes, purposes and products are codes. Of `comment`
    and `html` the second counts, where there is one. What is left open is filled in."""

    direction: Direction
    mode: str
    third_parties: tuple[int, ...] = ()
    contacts: tuple[int, ...] = ()
    happened_at: datetime | None = None
    purpose: str | None = None
    entity: str | None = None
    author: str | None = None
    collaborators: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    elements: tuple[LinkedElement, ...] = ()
    project: str | None = None
    subject: str = ""
    comment: str = ""
    html: str | None = None
    status: str = ACTIVE
    confidential: Secret | None = None


FIELDS = frozenset(f.name for f in fields(Entry)) - {"confidential"}
"""What can be changed later on."""


def values(
    writer: Writer, given: Mapping[str, Any], standing: Exchange | None = None
) -> dict[str, Any]:
    """What was given, by names of FIELDS, as an Exchange holds it. What `standing` has may stay,
    though it would not be taken today. Raises NotTaken."""
    told: dict[str, Any] = {name: given[name] for name in _PLAIN if name in given}
    if "comment" in given or "html" in given:
        told |= _comment(given)
    if "status" in told and told["status"] not in STATUSES:
        raise NotTaken("status", mark("takes one of: {words}"), words=", ".join(STATUSES))
    if "third_parties" in given or "contacts" in given:
        told |= _parties(writer, given, standing)
    if "entity" in given:
        told["entity"] = reached_entity(writer, given["entity"])
    for name, listed in _LISTED.items():
        if name in given:
            told[name] = _listed(writer, name, listed, given[name], standing)
    entity = told.get("entity", standing.entity if standing else None)
    if "author" in given:
        told["author"] = _author(writer, given["author"], entity, standing)
    if "collaborators" in given:
        told["collaborators"] = _collaborators(writer, given["collaborators"], entity, standing)
    return told


_PLAIN = ("direction", "happened_at", "project", "subject", "status", "elements")
_LISTED = {"mode": "mode", "purpose": "purpose", "products": "product"}


def _comment(given: Mapping[str, Any]) -> dict[str, Any]:
    html = given.get("html")
    cleaned = markup.clean(html) if html else None
    text = markup.plain(cleaned) if cleaned else given.get("comment") or ""
    return {"comment": text, "html": cleaned, "quoted_from": None}


def _parties(writer: Writer, given: Mapping[str, Any], standing: Exchange | None) -> dict[str, Any]:
    """Third parties and contacts: those of contacts are third parties too. Of contacts that nobody
    named now, those stay whose third party does."""
    known = standing.third_parties if standing else ()
    parties = [party(writer, number, known) for number in given.get("third_parties", known)]
    contacts = []
    of_contacts = given.get("contacts", standing.contacts if standing else ())
    for number in of_contacts:
        contact = people.get_contact(writer.tx, ContactId(number))
        elsewhere = contact is None or contact.third_party not in parties
        if elsewhere and "contacts" not in given:
            continue
        if contact is None or (elsewhere and given.get("third_parties")):
            raise NotTaken("contacts", mark("there is no such contact of these third parties"))
        if contact.third_party not in parties:
            parties.append(party(writer, contact.third_party, known, "contacts"))
        contacts.append(contact.id)
    return {
        "third_parties": tuple(dict.fromkeys(parties)),
        "contacts": tuple(dict.fromkeys(contacts)),
    }


def party(
    writer: Writer, number: int, known: Iterable[int], parameter: str = "third_parties"
) -> ThirdPartyId:
    """A third party that concerns the writer, or that stood there already. Raises NotTaken."""
    if number in known:
        return ThirdPartyId(number)
    found = people.get_third_party(writer.tx, ThirdPartyId(number))
    if found is None or not writer.reaches(found.entity):
        raise NotTaken(parameter, mark("there is no such third party"))
    if not found.active:
        raise NotTaken(parameter, mark("this third party is not active any more"))
    return found.id


def reached_entity(writer: Writer, code: str | None) -> EntityId | None:
    """The entity of this code. Raises NotTaken unless it concerns the writer."""
    if code is None:
        return None
    found = next((e.id for e in people.entities(writer.tx) if e.code == code), None)
    if found is None or not writer.reaches(found):
        raise NotTaken("entity", mark("there is no such entity"))
    return found


def entity_of(writer: Writer, parties: Iterable[ThirdPartyId]) -> EntityId | None:
    """The entity of what concerns these: theirs, else that of who writes."""
    found = (people.get_third_party(writer.tx, party) for party in parties)
    of_parties = [party.entity for party in found if party and party.entity is not None]
    return next(iter(of_parties), next(iter(sorted(writer.user.entities)), None))


def _listed(writer: Writer, name: str, listed: str, given: Any, standing: Exchange | None) -> Any:
    """Codes of a list; a retired one only where it stood already."""
    codes = given if name == "products" else [given]
    before = getattr(standing, name) if standing else None
    kept = set(before or ()) if name == "products" else {before}
    offered = {one.code for one in lists.items(writer.tx, listed) if one.retired_at is None}
    for code in codes:
        if code is not None and code not in offered and code not in kept:
            raise NotTaken(name, mark("{code}: not in the list of today"), code=str(code))
    return tuple(dict.fromkeys(codes)) if name == "products" else given


def _author(
    writer: Writer, email: str | None, entity: EntityId | None, standing: Exchange | None
) -> UserId | None:
    if email is None:
        return standing.author if standing else writer.id
    author = writer.colleague("author", email)
    if author.id in (writer.id, standing.author if standing else None):
        return author.id
    if writer.id is not None and not writer.option("choose_author", entity):
        raise NotTaken("author", mark("an option says that the author is who records it"))
    return author.id


def _collaborators(
    writer: Writer, emails: Iterable[str], entity: EntityId | None, standing: Exchange | None
) -> tuple[UserId, ...]:
    known = standing.collaborators if standing else ()
    found = dict.fromkeys(writer.colleague("collaborators", email).id for email in emails)
    new = [user for user in found if user not in known]
    if new and not writer.option("collaborators", entity):
        raise NotTaken("collaborators", mark("an option says that there are no collaborators"))
    return tuple(found)


def groups_of(writer: Writer, names: Iterable[str]) -> frozenset[GroupId]:
    """Groups by name. Raises NotTaken."""
    by_name = {group.name: group.id for group in writer.groups.values()}
    asked = tuple(names)
    if not by_name.keys() >= set(asked):
        raise NotTaken("groups", mark("there is no such group"))
    return frozenset(by_name[name] for name in asked)
