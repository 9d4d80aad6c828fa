"""Proving who one is by password: counted before it is tried, and alike for users that there are
not."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from daemon.logins import secret
from daemon.logins.desk import Desk, Place
from daemon.store import audit, failed_logins, passwords, people, sessions
from rules.logins import REMEMBERED, counted, free_at
from rules.model.people import User

BY_PASSWORD = "password"  # noqa: S105  a word, not a secret


@dataclass(frozen=True, slots=True)
class Entered:
    """A session: `secret` is what its cookie holds, and is told nowhere else."""

    user: User
    session: int
    secret: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """No such user, no such password, or somebody who left: it is not told which."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Too much went wrong before: nothing was tried, and nothing is for so long."""

    pause: timedelta


def prove(desk: Desk, name: str, password: str, place: Place, now: datetime) -> User | Wrong | Wait:
    """The user whose password this is. Raises Busy where too many are tried at once."""
    pause = _count(desk, name, place, now)
    if pause is not None:
        return Wait(pause)
    with desk.store.read() as tx:
        user = people.user_by_main_email(tx, name)
        kept = passwords.hash_of(tx, user.id) if user is not None and user.active else None
    if not desk.hasher.matches(kept, password) or user is None or kept is None:
        return Wrong()
    stronger = desk.hasher.hashed(password) if desk.hasher.is_weak(kept) else None
    with desk.store.write() as tx:
        failed_logins.forget(tx, "account", desk.account_key(name))
        failed_logins.one_less(tx, "address", desk.address_key(place.address))
        if stronger is not None:
            passwords.rehash(tx, user.id, kept, stronger)
    return user


def begin(desk: Desk, user: User, way: str, place: Place, now: datetime) -> Entered:
    """A session for a user who has proved who they are."""
    told = secret.new()
    with desk.store.write() as tx:
        sessions.clear(tx, now - REMEMBERED)
        number = sessions.add(
            tx,
            user.id,
            secret.hashed(told),
            way=way,
            address=place.address,
            agent=place.agent,
            now=now,
        )
        audit.note(tx, user.email, f"log in by {way}", _subject(user), now)
    return Entered(user, number, told)


def _count(desk: Desk, name: str, place: Place, now: datetime) -> timedelta | None:
    """Count the try as a failure until it succeeds, so that many at once are as many; how long to
    wait where it may not be made yet. Who comes from where the user has been before is not held up
    by what strangers do elsewhere."""
    account, address = desk.account_key(name), desk.address_key(place.address)
    with desk.store.write() as tx:
        failed_logins.lock(tx)
        failed_logins.clear(tx, now - max(desk.account.forget, desk.address.forget))
        before = failed_logins.get(tx, "account", account)
        nearby = failed_logins.get(tx, "address", address)
        user = people.user_by_main_email(tx, name)
        at_home = user is not None and sessions.known_place(tx, user.id, place.address)
        waits = [free_at(nearby, desk.address), None if at_home else free_at(before, desk.account)]
        until = max((moment for moment in waits if moment is not None), default=now)
        if until > now:
            return until - now
        failed_logins.put(tx, "account", account, counted(before, desk.account, now))
        failed_logins.put(tx, "address", address, counted(nearby, desk.address, now))
        if user is not None:
            # Before it is known how it ends: a transaction of its own, afterwards and for known
            # users only, would tell by its time that they are known.
            audit.note(tx, user.email, "try to log in", _subject(user), now)
    return None


def _subject(user: User) -> str:
    return f"user {user.id}"
