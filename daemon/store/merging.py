"""Two that are one: all that hangs on the first goes to the second, and its number leads there
(schema 3).

What hangs on a third party or contact is found by its foreign keys, so that a table which is added
later is not forgotten. All of it is one transaction: killed anywhere, nothing was merged.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from daemon.store.ambiguities import name as question_name
from daemon.store.database import Tx
from daemon.store.rows import count, insert_new
from daemon.store.tables import exchanges, follow_ups, metadata, people, places
from daemon.store.text import folded
from daemon.store.third_parties import (
    CODE,
    PARTY,
    contacts,
    get_contact,
    put_contact,
    put_third_party,
)
from rules import identity
from rules.model.decisions import By
from rules.model.people import Contact, ContactId, ThirdParty, ThirdPartyId

CONTACT = "contact"

# Part of the value itself: joined by `joined`, not by rows.
_OWN = frozenset(
    {
        "third_party_kind",
        "third_party_name",
        "third_party_domain",
        "third_party_tag",
        "contact_email",
        "contact_phone",
    }
)


def hanging(noun: str) -> tuple[sa.Column[Any], ...]:
    """Every column that names one of them."""
    return tuple(
        column
        for table in metadata.sorted_tables
        for column in table.columns
        for key in column.foreign_keys
        if key.column.table.name == noun and table.name not in _OWN
    )


def counts(tx: Tx, noun: str, number: int) -> Mapping[str, int]:
    """How much hangs on it, by table; what hangs nowhere is left out."""
    found = {
        column.table.name: tx.execute(
            sa.select(sa.func.count()).select_from(column.table).where(column == number)
        ).scalar_one()
        for column in hanging(noun)
    }
    c = people.external_id.c
    ids = sa.select(sa.func.count()).where(c.noun == noun, c.local_id == number)
    found["external_id"] = tx.execute(ids).scalar_one()
    return {table: number for table, number in sorted(found.items()) if number}


def joined(gone: ThirdParty, kept: ThirdParty) -> ThirdParty:
    """The third party that both are."""
    names = (kept.former_names, (gone.name,), gone.former_names)
    former = dict.fromkeys(one for some in names for one in some if one != kept.name)
    return replace(
        kept,
        kinds=kept.kinds | gone.kinds,
        former_names=tuple(former),
        domains=tuple(dict.fromkeys((*kept.domains, *gone.domains))),
        tags=tuple(sorted({*kept.tags, *gone.tags})),
        active=kept.active or gone.active,
    )


def joined_contacts(gone: Contact, kept: Contact) -> Contact:
    """The person that both are; the stricter level counts."""
    known = {identity.key(e) for e in kept.emails}
    more = tuple(e for e in gone.emails if identity.key(e) not in known)
    return replace(
        kept,
        emails=(*kept.emails, *more),
        phones=tuple(dict.fromkeys((*kept.phones, *gone.phones))),
        level=min(kept.level, gone.level),
        active=kept.active or gone.active,
    )


def merge_parties(tx: Tx, gone: ThirdParty, kept: ThirdParty, now: datetime) -> None:
    """Make them one. Contacts of one name who share an address become one, too."""
    _touch(tx, exchanges.exchange_party, "third_party_id", gone.id)
    _touch_follow_ups(tx, follow_ups.follow_up.c.third_party_id == gone.id)
    _rename_candidate(tx, gone.id, kept.id)
    for column in hanging(PARTY):
        _move(tx, column, gone.id, kept.id)
    _move_drafts(tx, PARTY, gone.id, kept.id)
    _lead(tx, PARTY, gone.id, kept.id, now)
    code = {"system": CODE, "noun": PARTY, "external": gone.code, "local_id": kept.id}
    insert_new(tx, people.external_id, [code])
    tx.execute(sa.delete(people.third_party).where(people.third_party.c.id == gone.id))
    put_third_party(tx, joined(gone, kept))
    for one, other in _same_people(contacts(tx, kept.id)):
        stored = get_contact(tx, other)
        moved = get_contact(tx, one)
        if stored is not None and moved is not None:
            merge_contacts(tx, moved, stored, now)
    count(tx, "directory")


def merge_contacts(tx: Tx, gone: Contact, kept: Contact, now: datetime) -> None:
    """Make them one."""
    _touch(tx, exchanges.exchange_contact, "contact_id", gone.id)
    _touch_follow_ups(tx, follow_ups.follow_up.c.contact_id == gone.id)
    for column in hanging(CONTACT):
        _move(tx, column, gone.id, kept.id)
    _move_drafts(tx, CONTACT, gone.id, kept.id)
    _lead(tx, CONTACT, gone.id, kept.id, now)
    tx.execute(sa.delete(people.contact).where(people.contact.c.id == gone.id))
    put_contact(tx, joined_contacts(gone, kept))
    count(tx, "directory")


def led(tx: Tx, noun: str, number: int) -> int | None:
    """Where one went that was merged; None: it was not."""
    c = people.redirect.c
    this = sa.select(c.new_id).where(c.noun == noun, c.old_id == number)
    found: int | None = tx.execute(this).scalar()
    return found


def _same_people(of: Iterable[Contact]) -> list[tuple[ContactId, ContactId]]:
    """Contacts that are one person: later one, earlier one."""
    first: dict[tuple[str, str], ContactId] = {}
    found: dict[ContactId, ContactId] = {}
    for one in of:
        for email in one.emails:
            same = first.setdefault((folded(one.name), identity.key(email)), one.id)
            if same != one.id:
                found.setdefault(one.id, same)
    return list(found.items())


def _move(tx: Tx, column: sa.Column[Any], old: int, new: int) -> None:
    """Rows that name the one name the other; what both have is had once."""
    table = column.table
    if column.primary_key:
        there = table.alias()
        rest = [c for c in table.primary_key.columns if c.name != column.name]
        same = [there.c[c.name] == c for c in rest]
        twice = sa.exists().where(there.c[column.name] == new, *same)
        tx.execute(sa.delete(table).where(column == old, twice))
    tx.execute(sa.update(table).where(column == old).values({column.name: new}))


def _touch(tx: Tx, table: sa.Table, column: str, number: int) -> None:
    """Exchanges that show it are other ones for who has read them."""
    row = exchanges.exchange
    those = sa.select(table.c.exchange_id).where(table.c[column] == number)
    tx.execute(sa.update(row).where(row.c.id.in_(those)).values(revision=row.c.revision + 1))


def _touch_follow_ups(tx: Tx, which: sa.ColumnElement[bool]) -> None:
    row = follow_ups.follow_up
    tx.execute(sa.update(row).where(which).values(revision=row.c.revision + 1))


def _rename_candidate(tx: Tx, old: ThirdPartyId, new: ThirdPartyId) -> None:
    """Questions and answers name the one for the other; what is no tie any more is not asked."""
    table, claim = places.ambiguity, places.ambiguity_party
    claimed = sa.select(claim.c.ambiguity_id).where(claim.c.third_party_id == old)
    for row in tx.execute(sa.select(table).where(table.c.id.in_(claimed))).all():
        listed = row.candidates.partition(":")[2].split(",")
        now = {ThirdPartyId(new if int(p) == old else int(p)) for p in listed}
        named = question_name(By(row.by), now)
        where = ["folder_id", "uidvalidity", "uid"]
        if row.folder_id is None:
            where = ["calendar_id", "href", "recurrence"]
        here = [table.c[name] == getattr(row, name) for name in where]
        twin = sa.select(table.c.id).where(*here, table.c.candidates == named)
        is_tie = len(now) > 1 and tx.execute(twin).first() is None
        this = table.c.id == row.id
        if is_tie or (row.resolved_at is not None and tx.execute(twin).first() is None):
            tx.execute(sa.update(table).where(this).values(candidates=named))
        else:
            tx.execute(sa.delete(table).where(this))


def _move_drafts(tx: Tx, field: str, old: int, new: int) -> None:
    """Follow-ups that wait for no reply are about the other one."""
    table = follow_ups.awaited_reply
    for row in tx.execute(sa.select(table.c.id, table.c.draft)).all():
        if row.draft.get(field) == old:
            draft = {**row.draft, field: new}
            tx.execute(sa.update(table).where(table.c.id == row.id).values(draft=draft))


def _lead(tx: Tx, noun: str, old: int, new: int, now: datetime) -> None:
    """The old number leads to the new one, and so does what led to the old one."""
    c, e = people.redirect.c, people.external_id.c
    there = sa.update(people.redirect).where(c.noun == noun, c.new_id == old)
    tx.execute(there.values(new_id=new))
    insert_new(tx, people.redirect, [{"noun": noun, "old_id": old, "new_id": new, "at": now}])
    ids = sa.update(people.external_id).where(e.noun == noun, e.local_id == old)
    tx.execute(ids.values(local_id=new))


def former_codes(tx: Tx) -> Mapping[str, ThirdPartyId]:
    """The codes of third parties that were merged, and whose they are now."""
    c = people.external_id.c
    rows = tx.execute(sa.select(c.external, c.local_id).where(c.system == CODE, c.noun == PARTY))
    return {r.external: ThirdPartyId(r.local_id) for r in rows}
