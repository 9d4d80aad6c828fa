"""Who is behind ids, of those that one answer names: a company has thousands that it does not."""

from collections.abc import Iterable

import sqlalchemy as sa

from daemon.store import sight
from daemon.store.database import Tx
from daemon.store.rows import among, chunks
from daemon.store.tables.people import contact, redirect, staff, third_party
from rules.access import Scope
from rules.model.people import ContactId, ThirdPartyId, UserId


def emails(tx: Tx, ids: Iterable[UserId]) -> dict[UserId, str]:
    """The addresses of users."""
    c = staff.c
    return {
        UserId(r.id): r.email
        for some in chunks(ids)
        for r in tx.execute(sa.select(c.id, c.email).where(among(tx, c.id, some)))
    }


def parties(tx: Tx, ids: Iterable[ThirdPartyId]) -> dict[ThirdPartyId, tuple[str, str]]:
    """Codes and names of third parties."""
    c = third_party.c
    return {
        ThirdPartyId(r.id): (r.code, r.name)
        for some in chunks(ids)
        for r in tx.execute(sa.select(c.id, c.code, c.name).where(among(tx, c.id, some)))
    }


def contacts(tx: Tx, ids: Iterable[ContactId]) -> dict[ContactId, str]:
    """Names of contacts."""
    c = contact.c
    return {
        ContactId(r.id): r.name
        for some in chunks(ids)
        for r in tx.execute(sa.select(c.id, c.name).where(among(tx, c.id, some)))
    }


def known_party(tx: Tx, scope: Scope, party: ThirdPartyId) -> ThirdPartyId | None:
    """This third party, or the one it was merged into, where it is of the caller's entities or
    shared by all."""
    moved = sa.select(redirect.c.new_id).where(
        redirect.c.noun == "third_party", redirect.c.old_id == party
    )
    ids = third_party.c.id.in_(sa.select(sa.literal(int(party))).union(moved))
    found = tx.execute(sa.select(third_party.c.id).where(ids, sight.parties(scope))).scalar()
    return None if found is None else ThirdPartyId(found)
