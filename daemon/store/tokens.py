"""Tokens of the API, by their hash: they have 256 random bits, so that it can't be guessed back."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.rows import new_id
from daemon.store.tables.installation import api_token as table
from rules.logins import Scope
from rules.model.people import UserId

c = table.c


@dataclass(frozen=True, slots=True)
class Token:
    """What a program calls with, in the name of a user; without `expires_at` it never ends."""

    id: int
    user: UserId
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None

    def valid(self, now: datetime) -> bool:
        """Whether it opens anything now."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


def add(
    tx: Tx,
    user: UserId,
    name: str,
    hashed: str,
    scopes: Collection[Scope],
    now: datetime,
    until: datetime | None,
) -> int:
    """A new token; its id."""
    facts = {"scopes": sorted(scopes), "created_at": now, "expires_at": until}
    return new_id(tx, table, user_id=user, name=name, hash=hashed, **facts)


def find(tx: Tx, hashed: str) -> Token | None:
    """The token with this hash, ended ones too."""
    row = tx.execute(sa.select(table).where(c.hash == hashed)).first()
    return None if row is None else _token(row)


def get(tx: Tx, number: int) -> Token | None:
    """One token, by its id."""
    row = tx.execute(sa.select(table).where(c.id == number)).first()
    return None if row is None else _token(row)


def all_of(tx: Tx, user: UserId | None = None) -> tuple[Token, ...]:
    """The tokens that were not revoked, of one user or of all, oldest first."""
    query = sa.select(table).where(c.revoked_at.is_(None)).order_by(c.id)
    if user is not None:
        query = query.where(c.user_id == user)
    return tuple(map(_token, tx.execute(query)))


def touch(tx: Tx, number: int, now: datetime) -> None:
    """It was used just now."""
    tx.execute(sa.update(table).where(c.id == number).values(used_at=now))


def revoke(tx: Tx, number: int, now: datetime) -> None:
    """It opens nothing any more."""
    tx.execute(
        sa.update(table).where(c.id == number, c.revoked_at.is_(None)).values(revoked_at=now)
    )


def revoke_all(tx: Tx, user: UserId, now: datetime) -> None:
    """No token of a user opens anything any more."""
    which = sa.and_(c.user_id == user, c.revoked_at.is_(None))
    tx.execute(sa.update(table).where(which).values(revoked_at=now))


def _token(r: sa.Row[tuple[int]]) -> Token:
    scopes = frozenset(map(Scope, r.scopes))
    user = UserId(r.user_id)
    return Token(r.id, user, r.name, scopes, r.created_at, r.expires_at, r.used_at, r.revoked_at)
