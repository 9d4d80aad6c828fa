"""Who is behind ids, of those that one answer names: a company has thousands that it does not."""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import sqlalchemy as sa

from daemon.store import sight
from daemon.store.database import Tx
from daemon.store.rows import chunks, given, with_ids
from daemon.store.tables.people import contact, redirect, staff, third_party
from rules.access import Scope
from rules.model.people import ContactId, ThirdPartyId, UserId


def emails(tx: Tx, ids: Iterable[UserId]) -> dict[UserId, str]:
    """The addresses of users."""
    return {UserId(r.id): r.email for r in _of(tx, staff, ids, "email")}


def parties(tx: Tx, ids: Iterable[ThirdPartyId]) -> dict[ThirdPartyId, tuple[str, str]]:
    """Codes and names of third parties."""
    rows = _of(tx, third_party, ids, "code", "name")
    return {ThirdPartyId(r.id): (r.code, r.name) for r in rows}


def contacts(tx: Tx, ids: Iterable[ContactId]) -> dict[ContactId, str]:
    """Names of contacts."""
    return {ContactId(r.id): r.name for r in _of(tx, contact, ids, "name")}


def _of(tx: Tx, table: sa.Table, ids: Iterable[int], *columns: str) -> Iterator[Any]:
    query = _by_ids(tx.dialect.name, table, columns)
    for some in chunks(ids):
        yield from tx.execute(query, with_ids(tx, some))


@cache
def _by_ids(dialect: str, table: sa.Table, columns: tuple[str, ...]) -> sa.Select[Any]:
    id_ = table.c.id
    return sa.select(id_, *(table.c[name] for name in columns)).where(given(dialect, id_))


def known_party(tx: Tx, scope: Scope, party: ThirdPartyId) -> ThirdPartyId | None:
    """This third party, or the one it was merged into, where it is of the caller's entities or
    shared by all."""
    row = third_party.c
    known = sa.select(row.id).where(sight.parties(scope))
    found = tx.execute(known.where(row.id == party)).scalar()
    if found is None:
        moved = sa.select(redirect.c.new_id).where(
            redirect.c.noun == "third_party", redirect.c.old_id == party
        )
        found = tx.execute(known.where(row.id.in_(moved))).scalar()
    return None if found is None else ThirdPartyId(found)
