"""Proving who one is by password: counted before it is tried, and alike for users that there are
not."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from daemon.logins import secret
from daemon.logins.desk import Desk, Place
from daemon.store import audit, failed_logins, passwords, people, sessions
from rules.logins import REMEMBERED, counted, free_at
from rules.model.people import User, UserId

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
    pause, found = _count(desk, name, place, now)
    if pause is not None:
        return Wait(pause)
    number, kept = found or (UserId(0), None)
    if not desk.hasher.matches(kept, password) or kept is None:
        return Wrong()
    stronger = desk.hasher.hashed(password) if desk.hasher.is_weak(kept) else None
    with desk.store.write() as tx:
        user = people.get_user(tx, number)
        if user is None or not user.active:
            return Wrong()
        failed_logins.forget(tx, "account", desk.account_key(name))
        failed_logins.one_less(tx, "address", desk.address_key(place.address))
        if stronger is not None:
            passwords.rehash(tx, number, kept, stronger)
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


def _count(
    desk: Desk, name: str, place: Place, now: datetime
) -> tuple[timedelta | None, tuple[UserId, str | None] | None]:
    """Count the try as a failure until it succeeds, so that many at once are as many; how long to
    wait where it may not be made yet, and the user with the hash of their password. Who comes from
    where the user has been before is not held up by what strangers do elsewhere.

    The same statements for whoever there is and is not: their time would tell.
    """
    account, address = desk.account_key(name), desk.address_key(place.address)
    with desk.store.write() as tx:
        failed_logins.lock(tx)
        failed_logins.clear(tx, now - max(desk.account.forget, desk.address.forget))
        before = failed_logins.get(tx, "account", account)
        nearby = failed_logins.get(tx, "address", address)
        found = passwords.entry(tx, name)
        number = found[0] if found is not None else UserId(0)
        at_home = sessions.known_place(tx, number, place.address)
        waits = [free_at(nearby, desk.address), None if at_home else free_at(before, desk.account)]
        until = max((moment for moment in waits if moment is not None), default=now)
        if until > now:
            return until - now, None
        failed_logins.put(tx, "account", account, counted(before, desk.account, now))
        failed_logins.put(tx, "address", address, counted(nearby, desk.address, now))
        # Before it is known how it ends: afterwards, it would take a transaction of its own.
        audit.note(tx, "somebody", "try to log in", f"user {number}" if found else "nobody", now)
    return None, found


def _subject(user: User) -> str:
    return f"user {user.id}"
