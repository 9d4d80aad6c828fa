"""Lists of third parties and contacts, page after page by their numbers."""

from dataclasses import dataclass

import sqlalchemy as sa

from daemon.store import sight
from daemon.store.database import Tx
from daemon.store.tables import people
from daemon.store.text import folded
from daemon.store.third_parties import read_contacts, read_parties
from rules import identity
from rules.access import Scope
from rules.model.people import Contact, EntityId, PartyKind, ThirdParty, ThirdPartyId


@dataclass(frozen=True, slots=True)
class PartyFilter:
    """Which third parties; None doesn't say. Every word of `text` stands in a code, a name, a
    former one, or a domain."""

    text: str | None = None
    kind: PartyKind | None = None
    entity: EntityId | None = None
    tag: str | None = None
    active: bool | None = None


@dataclass(frozen=True, slots=True)
class ContactFilter:
    """Which contacts; None doesn't say. Every word of `text` stands in the name or an address;
    `email` is one of theirs."""

    third_party: ThirdPartyId | None = None
    text: str | None = None
    email: str | None = None
    active: bool | None = None


def third_parties(
    tx: Tx, scope: Scope, wanted: PartyFilter, after: int, limit: int
) -> tuple[ThirdParty, ...]:
    """Those after a number that may be seen, so many."""
    row = people.third_party.c
    query = sa.select(people.third_party).where(row.id > after, sight.parties(scope))
    kind, tag = people.third_party_kind.c, people.third_party_tag.c
    if wanted.kind is not None:
        of_kind = sa.select(kind.third_party_id).where(kind.kind == wanted.kind)
        query = query.where(row.id.in_(of_kind))
    if wanted.tag is not None:
        query = query.where(row.id.in_(sa.select(tag.third_party_id).where(tag.tag == wanted.tag)))
    if wanted.entity is not None:
        query = query.where(row.entity_id == wanted.entity)
    if wanted.active is not None:
        query = query.where(row.active.is_(wanted.active))
    for word in folded(wanted.text or "").split():
        query = query.where(_party_says(word))
    return tuple(read_parties(tx, query.order_by(row.id).limit(limit)))


def contacts(
    tx: Tx, scope: Scope, wanted: ContactFilter, after: int, limit: int
) -> tuple[Contact, ...]:
    """The same of contacts, by the entity of their third party."""
    row, email = people.contact.c, people.contact_email.c
    theirs = sa.select(people.third_party.c.id).where(sight.parties(scope))
    query = sa.select(people.contact).where(row.id > after, row.third_party_id.in_(theirs))
    if wanted.third_party is not None:
        query = query.where(row.third_party_id == wanted.third_party)
    if wanted.active is not None:
        query = query.where(row.active.is_(wanted.active))
    if wanted.email is not None:
        key = identity.key(wanted.email)
        query = query.where(row.id.in_(sa.select(email.contact_id).where(email.key == key)))
    for word in folded(wanted.text or "").split():
        mailed = sa.select(email.contact_id).where(email.key.contains(word, autoescape=True))
        named = row.folded.contains(word, autoescape=True)
        query = query.where(sa.or_(named, row.id.in_(mailed)))
    return tuple(read_contacts(tx, query.order_by(row.id).limit(limit)))


def _party_says(word: str) -> sa.ColumnElement[bool]:
    row, former = people.third_party.c, people.third_party_name.c
    host = people.third_party_domain.c
    named = sa.select(former.third_party_id).where(former.folded.contains(word, autoescape=True))
    mailed = sa.select(host.third_party_id).where(host.domain.contains(word, autoescape=True))
    return sa.or_(
        sa.func.lower(row.code).contains(word, autoescape=True),
        row.folded.contains(word, autoescape=True),
        row.id.in_(named),
        row.id.in_(mailed),
    )
