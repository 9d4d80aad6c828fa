"""Two third parties or contacts that are one: what would move, and moving it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from daemon.directory.acting import Actor, Conflict, Missing
from daemon.directory.parties import contact_of, party_of
from daemon.i18n import mark
from daemon.store import Tx, merging, people
from daemon.store.merging import CONTACT
from daemon.store.third_parties import PARTY
from rules.access import Action, PartyFacts
from rules.model.people import Contact, ContactId, ThirdParty, ThirdPartyId

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Merged(Generic[T]):
    """What both are, and how much moves with the first, by table; nothing where that was done
    before."""

    kept: T
    moved: Mapping[str, int]


def merge_parties(
    tx: Tx, actor: Actor, gone: ThirdPartyId, kept: ThirdPartyId, *, dry_run: bool
) -> Merged[ThirdParty]:
    """Make them one third party, the second; repeated, nothing happens. With `dry_run` nothing is
    done. Raises Missing, NotAllowed, Conflict."""
    into = party_of(tx, actor, kept)
    actor.needs(tx, Action.WIDEN_CAPTURE, PartyFacts(into.entity))
    if merging.led(tx, PARTY, gone) == kept:
        return Merged(into, {})
    one = party_of(tx, actor, gone)
    actor.needs(tx, Action.WIDEN_CAPTURE, PartyFacts(one.entity))
    if one.id == into.id:
        raise Conflict(mark("this is one third party already"))
    moved = merging.counts(tx, PARTY, gone)
    if dry_run:
        return Merged(merging.joined(one, into), moved)
    merging.merge_parties(tx, one, into, actor.at)
    actor.note(tx, f"merge into third party {kept}", f"third party {gone}")
    stored = people.get_third_party(tx, kept)
    assert stored is not None  # noqa: S101  it was written in this transaction
    return Merged(stored, moved)


def merge_contacts(
    tx: Tx, actor: Actor, gone: ContactId, kept: ContactId, *, dry_run: bool
) -> Merged[Contact]:
    """The same of two contacts of one third party."""
    into, party = contact_of(tx, actor, kept)
    actor.needs(tx, Action.WIDEN_CAPTURE, PartyFacts(party.entity))
    if merging.led(tx, CONTACT, gone) == kept:
        return Merged(into, {})
    one, of = contact_of(tx, actor, gone)
    if of.id != party.id:
        raise Conflict(mark("contacts of two third parties are merged when those are"))
    if one.id == into.id:
        raise Conflict(mark("this is one contact already"))
    moved = merging.counts(tx, CONTACT, gone)
    if dry_run:
        return Merged(merging.joined_contacts(one, into), moved)
    merging.merge_contacts(tx, one, into, actor.at)
    actor.note(tx, f"merge into contact {kept}", f"contact {gone}")
    return Merged(contact_of(tx, actor, kept)[0], moved)


def where_party_went(tx: Tx, actor: Actor, party: ThirdPartyId) -> ThirdPartyId | None:
    """The third party that one was merged into, if it may be seen."""
    new = merging.led(tx, PARTY, party)
    return None if new is None else _if_seen_party(tx, actor, ThirdPartyId(new))


def where_contact_went(tx: Tx, actor: Actor, contact: ContactId) -> ContactId | None:
    """The contact that one was merged into, if it may be seen."""
    new = merging.led(tx, CONTACT, contact)
    try:
        return None if new is None else contact_of(tx, actor, ContactId(new))[0].id
    except Missing:
        return None


def _if_seen_party(tx: Tx, actor: Actor, party: ThirdPartyId) -> ThirdPartyId | None:
    try:
        return party_of(tx, actor, party).id
    except Missing:
        return None
