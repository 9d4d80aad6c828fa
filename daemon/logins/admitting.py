"""Who is behind a token or the cookie of a session."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from daemon.logins import secret
from daemon.logins.desk import Desk
from daemon.store import people, sessions, tokens
from rules.logins import Scope, ended, limit_of
from rules.model.people import User

TOUCH = timedelta(minutes=1)
"""That something was used is stored no oftener: readers should not wait for writers."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A user, and by which session or with which scopes of a token they came."""

    user: User
    session: int | None = None
    scopes: frozenset[Scope] | None = None


def by_token(desk: Desk, told: str, now: datetime) -> Admitted | None:
    """The user of a token that is good now; no right counts but those of its scopes."""
    with desk.store.read() as tx:
        token = tokens.find(tx, secret.hashed(told))
        user = people.get_user(tx, token.user) if token is not None else None
    if token is None or user is None or not user.active or not token.valid(now):
        return None
    if Scope.FEED in token.scopes:
        # It stands in an address, and opens that alone.
        return None
    _touch(desk, token, now)
    return Admitted(replace(user, limit=limit_of(token.scopes)), scopes=token.scopes)


def by_feed(desk: Desk, told: str, now: datetime) -> User | None:
    """Whose follow-ups the calendar at this address shows."""
    with desk.store.read() as tx:
        token = tokens.find(tx, secret.hashed(told))
        user = people.get_user(tx, token.user) if token is not None else None
    if token is None or user is None or not user.active or not token.valid(now):
        return None
    if token.scopes != {Scope.FEED}:
        return None
    _touch(desk, token, now)
    return user


def _touch(desk: Desk, token: tokens.Token, now: datetime) -> None:
    if token.used_at is None or now - token.used_at > TOUCH:
        with desk.store.write() as tx:
            tokens.touch(tx, token.id, now)


def by_session(desk: Desk, told: str, now: datetime) -> Admitted | None:
    """The user of a session that has not ended."""
    with desk.store.read() as tx:
        found = sessions.find(tx, secret.hashed(told))
        user = people.get_user(tx, found.user) if found is not None else None
    if found is None or user is None or not user.active:
        return None
    if ended(found.created_at, found.used_at, desk.lasting, now):
        return None
    if now - found.used_at > TOUCH:
        with desk.store.write() as tx:
            sessions.touch(tx, found.id, now)
    return Admitted(user, session=found.id)


def by_name(desk: Desk, email: str) -> Admitted | None:
    """The user whom somebody trusted names."""
    with desk.store.read() as tx:
        user = people.user_by_main_email(tx, email)
    return Admitted(user) if user is not None and user.active else None
