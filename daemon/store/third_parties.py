"""Third parties and their contacts; `daemon.store.people` is the door to them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.errors import Stale
from daemon.store.rows import count, grouped, replace_rows
from daemon.store.tables import people
from daemon.store.text import folded
from rules import identity
from rules.model.people import (
    Contact,
    ContactId,
    EntityId,
    Level,
    PartyKind,
    ThirdParty,
    ThirdPartyId,
)

Row = dict[str, Any]

PARTY = "third_party"
"""What third parties are called where numbers of several nouns stand together."""

CODE = "code"
"""The system under which a code that was merged away leads to its third party."""


def put_third_party(tx: Tx, party: ThirdParty) -> ThirdPartyId:
    """Make a third party known; idempotent by code.

    With id 0 what is known already is kept and added to, so that an import takes no domain away;
    with the id of a stored one it becomes exactly this value. The revision given is not looked at.
    """
    before = party_by_code(tx, party.code) if party.id == 0 else get_third_party(tx, party.id)
    if before is None and party.id != 0:
        raise Stale(f"third party {party.code} is gone")
    if before is None:
        new = _insert_party(tx, party)
        count(tx, "directory")
        return new
    wanted = replace(party, id=before.id, revision=before.revision)
    if party.id == 0:
        wanted = with_more(before, party)
    if wanted != before:
        update_party(tx, wanted)
        count(tx, "directory")
    return before.id


def with_more(before: ThirdParty, party: ThirdParty) -> ThirdParty:
    """What is known of a third party, with what is said of it beside."""
    if before.code != party.code:
        # By the code of one that was merged into it: what that is called now stays.
        former = () if party.name == before.name else (party.name,)
        names = (*party.former_names, *former)
        party = replace(party, code=before.code, name=before.name, former_names=names)
    return replace(
        party,
        id=before.id,
        revision=before.revision,
        kinds=before.kinds | party.kinds,
        former_names=_union(before.former_names, party.former_names),
        domains=_union(before.domains, party.domains),
        tags=tuple(sorted({*before.tags, *party.tags})),
        entity=before.entity if party.entity is None else party.entity,
    )


def _insert_party(tx: Tx, party: ThirdParty) -> ThirdPartyId:
    return insert_parties(tx, [party])[0]


def insert_parties(tx: Tx, parties: Sequence[ThirdParty]) -> list[ThirdPartyId]:
    """Insert new ones, in few statements; their numbers, in this order."""
    row = people.third_party
    values = [
        {
            "code": party.code,
            "name": party.name,
            "folded": folded(party.name),
            "entity_id": party.entity,
            "active": party.active,
            "revision": 1,
        }
        for party in parties
    ]
    if not values:
        return []
    made = tx.execute(sa.insert(row).returning(row.c.id, sort_by_parameter_order=True), values)
    ids = [ThirdPartyId(number) for number in made.scalars()]
    new = [replace(one, id=number) for one, number in zip(parties, ids, strict=True)]
    _insert_rows(tx, map(_party_rows, new))
    return ids


def _insert_rows(tx: Tx, each: Iterable[Mapping[sa.Table, list[Row]]]) -> None:
    rows: dict[sa.Table, list[Row]] = {}
    for one in each:
        for table, some in one.items():
            rows.setdefault(table, []).extend(some)
    for table, all_of_it in rows.items():
        if all_of_it:
            tx.execute(sa.insert(table), all_of_it)


def update_party(tx: Tx, party: ThirdParty) -> None:
    """Make a stored one this value."""
    row = people.third_party
    tx.execute(
        sa.update(row)
        .where(row.c.id == party.id)
        .values(
            code=party.code,
            name=party.name,
            folded=folded(party.name),
            entity_id=party.entity,
            active=party.active,
            revision=row.c.revision + 1,
        )
    )
    for table, rows in _party_rows(party).items():
        replace_rows(tx, table.c.third_party_id == party.id, table, rows)


def _party_rows(party: ThirdParty) -> Mapping[sa.Table, list[Row]]:
    """The rows that hang on a third party."""
    mine = {"third_party_id": party.id}
    return {
        people.third_party_kind: [{**mine, "kind": k} for k in sorted(party.kinds)],
        people.third_party_name: [
            {**mine, "position": n, "name": x, "folded": folded(x)}
            for n, x in enumerate(party.former_names)
        ],
        people.third_party_domain: [
            {**mine, "position": n, "domain": d} for n, d in enumerate(dict.fromkeys(party.domains))
        ],
        people.third_party_tag: [{**mine, "tag": x} for x in sorted(set(party.tags))],
    }


def put_contact(tx: Tx, contact: Contact) -> ContactId:
    """Make a contact known; idempotent by third party and any of the email addresses.

    With id 0 addresses and phones are added to what is known already; with the id of a stored
    one it becomes exactly this value.
    """
    before = _known_contact(tx, contact) if contact.id == 0 else get_contact(tx, contact.id)
    if before is None and contact.id != 0:
        raise Stale(f"contact {contact.name} is gone")
    if before is None:
        new = _insert_contact(tx, contact)
        count(tx, "directory")
        return new
    wanted = replace(contact, id=before.id, revision=before.revision)
    if contact.id == 0:
        wanted = contact_with_more(before, contact)
    if wanted != before:
        update_contact(tx, wanted)
        count(tx, "directory")
    return before.id


def contact_with_more(before: Contact, contact: Contact) -> Contact:
    """What is known of a contact, with what is said of them beside."""
    known = {identity.key(e) for e in before.emails}
    more = tuple(e for e in contact.emails if identity.key(e) not in known)
    return replace(
        contact,
        id=before.id,
        revision=before.revision,
        emails=_union(before.emails, more),
        phones=_union(before.phones, contact.phones),
        name=contact.name or before.name,
    )


def add_contact(tx: Tx, contact: Contact) -> ContactId:
    """A new contact, whoever else is called so."""
    new = _insert_contact(tx, contact)
    count(tx, "directory")
    return new


def _known_contact(tx: Tx, contact: Contact) -> Contact | None:
    keys = [identity.key(e) for e in contact.emails]
    row, email = people.contact, people.contact_email
    same = row.c.third_party_id == contact.third_party
    if keys:
        query = sa.select(row).join(email).where(same, email.c.key.in_(keys))
    else:
        # Without an address the name has to do.
        query = sa.select(row).where(same, row.c.folded == folded(contact.name))
    return next(iter(read_contacts(tx, query.order_by(row.c.id).limit(1))), None)


def _insert_contact(tx: Tx, contact: Contact) -> ContactId:
    return insert_contacts(tx, [contact])[0]


def insert_contacts(tx: Tx, contacts: Sequence[Contact]) -> list[ContactId]:
    """Insert new ones, in few statements; their numbers, in this order."""
    row = people.contact
    values = [
        {
            "third_party_id": contact.third_party,
            "name": contact.name,
            "folded": folded(contact.name),
            "level": int(contact.level),
            "active": contact.active,
            "revision": 1,
        }
        for contact in contacts
    ]
    if not values:
        return []
    made = tx.execute(sa.insert(row).returning(row.c.id, sort_by_parameter_order=True), values)
    ids = [ContactId(number) for number in made.scalars()]
    new = [replace(one, id=number) for one, number in zip(contacts, ids, strict=True)]
    _insert_rows(tx, map(_contact_rows, new))
    return ids


def update_contact(tx: Tx, contact: Contact) -> None:
    """Make a stored one this value."""
    row = people.contact
    tx.execute(
        sa.update(row)
        .where(row.c.id == contact.id)
        .values(
            third_party_id=contact.third_party,
            name=contact.name,
            folded=folded(contact.name),
            level=int(contact.level),
            active=contact.active,
            revision=row.c.revision + 1,
        )
    )
    for table, rows in _contact_rows(contact).items():
        replace_rows(tx, table.c.contact_id == contact.id, table, rows)


def _contact_rows(contact: Contact) -> Mapping[sa.Table, list[Row]]:
    """The rows that hang on a contact."""
    by_key = {identity.key(e): e for e in reversed(contact.emails)}
    mine = {"contact_id": contact.id}
    return {
        people.contact_email: [
            {**mine, "key": key, "position": n, "email": by_key[key]}
            for n, key in enumerate(dict.fromkeys(identity.key(e) for e in contact.emails))
        ],
        people.contact_phone: [
            {**mine, "position": n, "phone": p} for n, p in enumerate(contact.phones)
        ],
    }


def _union(known: tuple[str, ...], more: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*known, *more)))


def get_third_party(tx: Tx, party: ThirdPartyId) -> ThirdParty | None:
    """One third party."""
    query = sa.select(people.third_party).where(people.third_party.c.id == party)
    return next(iter(read_parties(tx, query)), None)


def get_contact(tx: Tx, contact: ContactId) -> Contact | None:
    """One contact."""
    query = sa.select(people.contact).where(people.contact.c.id == contact)
    return next(iter(read_contacts(tx, query)), None)


def third_parties(tx: Tx) -> tuple[ThirdParty, ...]:
    """Every third party, by code."""
    return tuple(
        read_parties(tx, sa.select(people.third_party).order_by(people.third_party.c.code))
    )


def contacts(tx: Tx, party: ThirdPartyId | None = None) -> tuple[Contact, ...]:
    """Every contact, of one third party or of all."""
    row = people.contact
    query = sa.select(row).order_by(row.c.id)
    return tuple(
        read_contacts(tx, query if party is None else query.where(row.c.third_party_id == party))
    )


def find_third_party(tx: Tx, text: str) -> tuple[ThirdParty, ...]:
    """Whom a person means: by code; else by full name, present or former; else by part of one.

    Letter case and accents don't count; several are returned when several fit equally.
    """
    wanted = folded(text.strip())
    if not wanted:
        return ()
    row, former = people.third_party, people.third_party_name
    # One name a row: several conditions on two columns would not be said in one place.
    names = sa.union_all(
        sa.select(row.c.id, row.c.folded),
        sa.select(former.c.third_party_id, former.c.folded),
    ).subquery()
    merged = people.external_id.c
    led = sa.select(merged.local_id).where(
        merged.system == CODE, merged.noun == PARTY, merged.external == text.strip()
    )
    for fits in (
        sa.func.lower(row.c.code) == text.strip().lower(),
        row.c.id.in_(led),
        row.c.id.in_(sa.select(names.c.id).where(names.c.folded == wanted)),
        row.c.id.in_(sa.select(names.c.id).where(names.c.folded.contains(wanted, autoescape=True))),
    ):
        found = read_parties(tx, sa.select(row).where(fits).order_by(row.c.code))
        if found:
            return tuple(found)
    return ()


def party_by_code(tx: Tx, code: str) -> ThirdParty | None:
    """The third party of exactly this code, also of one that was merged into it."""
    row, former = people.third_party.c, people.external_id.c
    query = sa.select(people.third_party)
    found = read_parties(tx, query.where(row.code == code))
    if not found:
        merged = sa.select(former.local_id).where(
            former.system == CODE, former.noun == PARTY, former.external == code
        )
        found = read_parties(tx, query.where(row.id.in_(merged)))
    return next(iter(found), None)


def read_parties(tx: Tx, query: sa.Select[tuple[int]]) -> list[ThirdParty]:
    """The third parties of these rows of `third_party`."""
    rows = tx.execute(query).all()
    ids = [r.id for r in rows]
    kind = people.third_party_kind.c
    kinds = grouped(tx, sa.select(kind.third_party_id, kind.kind), kind.third_party_id, ids)
    name = people.third_party_name.c
    named = sa.select(name.third_party_id, name.name).order_by(name.position)
    names = grouped(tx, named, name.third_party_id, ids)
    host = people.third_party_domain.c
    hosted = sa.select(host.third_party_id, host.domain).order_by(host.position)
    domains = grouped(tx, hosted, host.third_party_id, ids)
    tag = people.third_party_tag.c
    tagged = sa.select(tag.third_party_id, tag.tag).order_by(tag.tag)
    tags = grouped(tx, tagged, tag.third_party_id, ids)
    return [
        ThirdParty(
            id=ThirdPartyId(r.id),
            code=r.code,
            name=r.name,
            kinds=frozenset(map(PartyKind, kinds[r.id])),
            former_names=tuple(names[r.id]),
            domains=tuple(domains[r.id]),
            entity=None if r.entity_id is None else EntityId(r.entity_id),
            active=r.active,
            revision=r.revision,
            tags=tuple(tags[r.id]),
        )
        for r in rows
    ]


def read_contacts(tx: Tx, query: sa.Select[tuple[int]]) -> list[Contact]:
    """The contacts of these rows of `contact`."""
    rows = tx.execute(query).all()
    ids = [r.id for r in rows]
    email = people.contact_email.c
    mailed = sa.select(email.contact_id, email.email).order_by(email.position)
    emails = grouped(tx, mailed, email.contact_id, ids)
    phone = people.contact_phone.c
    called = sa.select(phone.contact_id, phone.phone).order_by(phone.position)
    phones = grouped(tx, called, phone.contact_id, ids)
    return [
        Contact(
            id=ContactId(r.id),
            third_party=ThirdPartyId(r.third_party_id),
            name=r.name,
            emails=tuple(emails[r.id]),
            phones=tuple(phones[r.id]),
            level=Level(r.level),
            active=r.active,
            revision=r.revision,
        )
        for r in rows
    ]
