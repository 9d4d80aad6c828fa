"""Third parties and contacts, made and changed by somebody.

Who records what was said may note with whom. An address or a domain is what is captured from then
on out of everybody's mailbox, so these, and how much may be seen of a contact, are for who
configures (`rules.access`).
"""

from dataclasses import replace

from pydantic import TypeAdapter, ValidationError

from daemon.config.kinds import Email
from daemon.directory.acting import Actor, Conflict, Missing, Unfit
from daemon.i18n import mark
from daemon.store import Tx, people, unlinking
from daemon.store.unlinking import Unlinked
from rules import access, identity
from rules.access import Action, PartyFacts
from rules.model.people import Contact, ContactId, Level, ThirdParty, ThirdPartyId

_EMAIL = TypeAdapter[str](Email)


def party_of(tx: Tx, actor: Actor, party: ThirdPartyId) -> ThirdParty:
    """One third party that may be seen. Raises Missing."""
    found = people.get_third_party(tx, party)
    groups = people.groups(tx)
    if found is None or not access.may(
        actor.user, groups, Action.SEE_THIRD_PARTY, PartyFacts(found.entity)
    ):
        raise Missing(mark("there is no such third party"))
    return found


def contact_of(tx: Tx, actor: Actor, contact: ContactId) -> tuple[Contact, ThirdParty]:
    """One contact of a third party that may be seen, and that. Raises Missing."""
    found = people.get_contact(tx, contact)
    if found is None:
        raise Missing(mark("there is no such contact"))
    try:
        return found, party_of(tx, actor, found.third_party)
    except Missing as error:
        raise Missing(mark("there is no such contact")) from error


def add_party(tx: Tx, actor: Actor, wanted: ThirdParty) -> ThirdParty:
    """A new third party. Raises Conflict where one has the code."""
    place = PartyFacts(wanted.entity)
    actor.needs(tx, Action.DESCRIBE_THIRD_PARTY, place)
    if wanted.domains:
        actor.needs(tx, Action.WIDEN_CAPTURE, place)
    _check_party(tx, wanted)
    if people.party_by_code(tx, wanted.code) is not None:
        raise Conflict(mark("there is a third party of this code"))
    new = people.put_third_party(tx, replace(wanted, id=ThirdPartyId(0)))
    actor.note(tx, "create third party", f"third party {new}")
    return party_of(tx, actor, new)


def edit_party(tx: Tx, actor: Actor, wanted: ThirdParty) -> ThirdParty:
    """Make a third party this value. Raises Conflict where another has the code."""
    before = party_of(tx, actor, wanted.id)
    actor.needs(tx, Action.DESCRIBE_THIRD_PARTY, PartyFacts(before.entity))
    if _captures(before) != _captures(wanted):
        actor.needs(tx, Action.WIDEN_CAPTURE, PartyFacts(before.entity))
        actor.needs(tx, Action.WIDEN_CAPTURE, PartyFacts(wanted.entity))
    _check_party(tx, wanted)
    other = people.party_by_code(tx, wanted.code)
    if other is not None and other.id != wanted.id:
        raise Conflict(mark("there is a third party of this code"))
    if replace(wanted, revision=before.revision) == before:
        return before
    people.put_third_party(tx, wanted)
    subject = f"third party {wanted.id}"
    actor.note(tx, "change third party", subject)
    if before.active != wanted.active:
        did = "activate third party" if wanted.active else "deactivate third party"
        actor.note(tx, did, subject)
    changed = people.get_third_party(tx, wanted.id)
    assert changed is not None  # noqa: S101  the row was written in this transaction
    return changed


def _captures(party: ThirdParty) -> tuple[object, ...]:
    """What decides whom mail is captured of, and who may see it."""
    return party.domains, party.active, party.entity


def add_contact(tx: Tx, actor: Actor, wanted: Contact) -> Contact:
    """A new contact, whoever else has that name or address: a shared address tells the third
    party and not the person."""
    party = party_of(tx, actor, wanted.third_party)
    place = PartyFacts(party.entity)
    actor.needs(tx, Action.DESCRIBE_THIRD_PARTY, place)
    if wanted.emails or wanted.level is not Level.EVERYTHING:
        actor.needs(tx, Action.WIDEN_CAPTURE, place)
    _check_contact(wanted)
    new = people.add_contact(tx, wanted)
    actor.note(tx, "create contact", f"contact {new}")
    return contact_of(tx, actor, new)[0]


def edit_contact(tx: Tx, actor: Actor, wanted: Contact) -> Contact:
    """Make a contact this value."""
    before, party = contact_of(tx, actor, wanted.id)
    actor.needs(tx, Action.DESCRIBE_THIRD_PARTY, PartyFacts(party.entity))
    if wanted.third_party != before.third_party:
        moved = party_of(tx, actor, wanted.third_party)
        actor.needs(tx, Action.WIDEN_CAPTURE, PartyFacts(moved.entity))
    if _reaches(before) != _reaches(wanted):
        actor.needs(tx, Action.WIDEN_CAPTURE, PartyFacts(party.entity))
    _check_contact(wanted)
    if replace(wanted, revision=before.revision) == before:
        return before
    people.put_contact(tx, wanted)
    subject = f"contact {wanted.id}"
    actor.note(tx, "change contact", subject)
    if before.emails != wanted.emails:
        actor.note(tx, "change addresses", subject)
    if before.active != wanted.active:
        did = "activate contact" if wanted.active else "deactivate contact"
        actor.note(tx, did, subject)
    return contact_of(tx, actor, wanted.id)[0]


def _reaches(contact: Contact) -> tuple[object, ...]:
    keys = sorted(identity.key(e) for e in contact.emails)
    return contact.third_party, keys, contact.active, contact.level


def _check_party(tx: Tx, wanted: ThirdParty) -> None:
    """Raises Unfit for what a third party can't have."""
    if not wanted.code.strip() or not wanted.name.strip():
        raise Unfit(mark("a third party has a code and a name"))
    if not all(_is_domain(domain) for domain in wanted.domains):
        raise Unfit(mark("one of the domains is none: acme.example"))
    known = {one.id for one in people.entities(tx)}
    if wanted.entity is not None and wanted.entity not in known:
        raise Unfit(mark("one of the entities does not exist"))


def _is_domain(text: str) -> bool:
    # A single label would claim a whole top-level domain.
    labels = text.split(".")
    return (
        len(text) <= identity.LONGEST
        and len(labels) > 1
        and all(label and not label.isspace() and "@" not in label for label in labels)
    )


def _check_contact(wanted: Contact) -> None:
    """Raises Unfit for what a contact can't have."""
    if not wanted.name.strip():
        raise Unfit(mark("a contact has a name"))
    for address in wanted.emails:
        try:
            _EMAIL.validate_python(address)
        except ValidationError as error:
            raise Unfit(mark("one of the addresses is none")) from error


def drop_address(
    tx: Tx, actor: Actor, contact: ContactId, email: str, *, unlink: bool
) -> tuple[Contact, Unlinked]:
    """Take an address from a contact; with `unlink`, also what came by it. Raises Missing,
    NotAllowed."""
    before, party = contact_of(tx, actor, contact)
    actor.needs(tx, Action.WIDEN_CAPTURE, PartyFacts(party.entity))
    found = came_by(tx, actor, contact, email)
    key = identity.key(email)
    left = tuple(one for one in before.emails if identity.key(one) != key)
    changed = edit_contact(tx, actor, replace(before, emails=left))
    if unlink:
        unlinking.unlink(tx, before, party, found, actor.at)
        actor.note(tx, f"unlink {len(found.exchanges)} exchanges", f"contact {contact}")
    return changed, found


def came_by(tx: Tx, actor: Actor, contact: ContactId, email: str) -> Unlinked:
    """What would be unlinked with an address of a contact. Raises Missing, NotAllowed."""
    before, party = contact_of(tx, actor, contact)
    actor.needs(tx, Action.WIDEN_CAPTURE, PartyFacts(party.entity))
    key = identity.key(email)
    if key not in {identity.key(one) for one in before.emails}:
        raise Missing(mark("this contact has no such address"))
    return unlinking.by_address(tx, before, party, key)
