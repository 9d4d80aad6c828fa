"""What came by an address that is a contact's no more: found, and unlinked (spec §4).

An exchange stands under a third party by its contacts' addresses, by its domain, or because a
person said so. What a person said stays. Whatever is unlinked and still concerns somebody, by what
only the message tells, is linked again when the message is judged by the changed directory.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from daemon.store import erasure
from daemon.store.database import Tx
from daemon.store.hushed import withdraw
from daemon.store.rows import chunks
from daemon.store.tables import exchanges as t
from daemon.store.tables.people import contact as contact_table
from rules import identity
from rules.match import upwards
from rules.model.exchanges import ExchangeId
from rules.model.people import AddressKey, Contact, ThirdParty


@dataclass(frozen=True, slots=True)
class Unlinked:
    """What is unlinked from the contact; of these what leaves the third party too, and of those
    what concerns nobody any more, and is deleted. `unknown` are those of the contact of which it
    is not known by which address they came: they stay."""

    exchanges: tuple[ExchangeId, ...]
    leaving: tuple[ExchangeId, ...]
    deleted: tuple[ExchangeId, ...]
    unknown: int


def by_address(tx: Tx, contact: Contact, party: ThirdParty, key: AddressKey) -> Unlinked:
    """What came by this address of a contact, and by no other of theirs."""
    address, there = t.exchange_address.c, t.exchange_contact.c
    other = t.exchange_address.alias()
    by_another = sa.exists().where(
        other.c.exchange_id == address.exchange_id,
        other.c.contact_id == contact.id,
        other.c.key != key,
    )
    captured = sa.select(t.exchange.c.id).where(t.exchange.c.source.in_(("mail", "calendar")))
    query = (
        sa.select(address.exchange_id)
        .where(address.contact_id == contact.id, address.key == key, ~by_another)
        .where(address.exchange_id.in_(captured), address.exchange_id.not_in(_edited()))
        .where(address.exchange_id.in_(_of(contact)))
        .order_by(address.exchange_id)
    )
    found = [ExchangeId(one) for one in tx.execute(query).scalars()]
    stays = any(host in party.domains for host in upwards(identity.domain(key)))
    held = _held(tx, contact, found)
    leaving = [] if stays else [one for one in found if one not in held]
    shared = _with_others(tx, party, leaving)
    known = sa.select(address.exchange_id).where(address.contact_id == contact.id)
    unknown = sa.select(sa.func.count()).where(
        there.contact_id == contact.id,
        there.exchange_id.not_in(known),
        there.exchange_id.in_(captured),
    )
    return Unlinked(
        tuple(found),
        tuple(leaving),
        tuple(one for one in leaving if one not in shared),
        tx.execute(unknown).scalar_one(),
    )


def unlink(tx: Tx, contact: Contact, party: ThirdParty, what: Unlinked, now: datetime) -> None:
    """Take these from the contact, and from the third party what stands under it no more. What is
    deleted leaves no tombstone: were the address theirs again, it is captured again."""
    deleted = set(what.deleted)
    for one in what.deleted:
        withdraw(tx, one, now)
        tx.execute(sa.delete(t.exchange).where(t.exchange.c.id == one))
    if deleted:
        erasure.erased(tx)
    stay = [one for one in what.exchanges if one not in deleted]
    _drop(tx, t.exchange_contact, t.exchange_contact.c.contact_id == contact.id, stay)
    _drop(tx, t.exchange_address, t.exchange_address.c.contact_id == contact.id, stay)
    leaving = [one for one in what.leaving if one not in deleted]
    _drop(tx, t.exchange_party, t.exchange_party.c.third_party_id == party.id, leaving)
    row = t.exchange
    for some in chunks(stay):
        changed = sa.update(row).where(row.c.id.in_(some))
        tx.execute(changed.values(revision=row.c.revision + 1))


def _drop(
    tx: Tx, table: sa.Table, which: sa.ColumnElement[bool], exchanges: Iterable[ExchangeId]
) -> None:
    for some in chunks(exchanges):
        tx.execute(sa.delete(table).where(which, table.c.exchange_id.in_(some)))


def _edited() -> sa.Select[tuple[int]]:
    """Of which a person said who takes part."""
    c = t.exchange_edit.c
    return sa.select(c.exchange_id).where(c.field.in_(("contacts", "third_parties")))


def _of(contact: Contact) -> sa.Select[tuple[int]]:
    c = t.exchange_contact.c
    return sa.select(c.exchange_id).where(c.contact_id == contact.id)


def _held(tx: Tx, contact: Contact, exchanges: list[ExchangeId]) -> set[int]:
    """Those in which another contact of the third party takes part."""
    there, of = t.exchange_contact.c, contact_table.c
    held: set[int] = set()
    for some in chunks(exchanges):
        others = sa.select(of.id).where(of.third_party_id == contact.third_party)
        query = sa.select(there.exchange_id).where(
            there.exchange_id.in_(some),
            there.contact_id != contact.id,
            there.contact_id.in_(others),
        )
        held.update(tx.execute(query).scalars())
    return held


def _with_others(tx: Tx, party: ThirdParty, exchanges: list[ExchangeId]) -> set[int]:
    """Those that are with another third party too."""
    c = t.exchange_party.c
    shared: set[int] = set()
    for some in chunks(exchanges):
        query = sa.select(c.exchange_id).where(
            c.exchange_id.in_(some), c.third_party_id != party.id
        )
        shared.update(tx.execute(query).scalars())
    return shared
