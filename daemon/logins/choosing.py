"""Choosing a password: by a link that is good once, or knowing the one before."""

import re
from datetime import datetime, timedelta

from daemon.i18n import Told, mark
from daemon.logins import secret
from daemon.logins.desk import Desk
from daemon.store import Tx, audit, passwords, people, sessions
from rules.logins import unfit
from rules.model.people import Right, User, UserId

SHORTEST = 12
LONGEST = 256
_ADDRESS = re.compile(r"[^\s@<>\"]{1,64}@[^\s@<>\"]{1,255}")
GOOD_FOR = timedelta(hours=24)
"""How long a link by which a password is chosen is good for."""


def check(password: str, *names: str) -> None:
    """Raises Told where a password is one that is guessed at once."""
    if len(password) < SHORTEST:
        text = mark("a password should have at least {number} characters; several words do well")
        raise Told(text, number=str(SHORTEST))
    if len(password) > LONGEST:
        raise Told(mark("a password has at most {number} characters"), number=str(LONGEST))
    if unfit(password, *names):
        raise Told(mark("that password is one of the first that a stranger tries"))


def choose(desk: Desk, user: User, password: str, by: str, now: datetime, keep: int | None) -> None:
    """From now on this is the user's password: their sessions end, but for `keep`, and so do links.
    Raises Told, Busy."""
    check(password, user.name, user.email)
    hashed = desk.hasher.hashed(password)
    with desk.store.write() as tx:
        _put(tx, user, hashed, by, now, keep)


def invite(tx: Tx, user: UserId | None, by: str, now: datetime) -> str:
    """The secret of a link by which a user chooses a password, or the first admin makes themself;
    it is told once."""
    told = secret.new()
    passwords.invite(tx, user, secret.hashed(told), now, now + GOOD_FOR)
    audit.note(tx, by, "invite", "first admin" if user is None else f"user {user}", now)
    return told


class NoInvitation(Exception):
    """The link is not one of ours, was used, or is too old."""


def invited(tx: Tx, told: str, now: datetime) -> User | None:
    """Whose link this is; None: the first admin's. Raises NoInvitation."""
    found = passwords.invited(tx, secret.hashed(told), now)
    if found is None:
        raise NoInvitation
    _, whose = found
    if whose is None:
        if passwords.admin_can_enter(tx):
            raise NoInvitation
        return None
    user = people.get_user(tx, whose)
    if user is None or not user.active:
        raise NoInvitation
    return user


def accept(
    desk: Desk, told: str, password: str, now: datetime, name: str = "", email: str = ""
) -> User:
    """Choose a password by a link, and use it up. By that of the first admin, `email` becomes an
    administrator, a new user unless they are known. Raises NoInvitation, Told, Busy."""
    with desk.store.read() as tx:
        user = invited(tx, told, now)
    if user is not None:
        name, email = user.name, user.email
    elif not name.strip() or not _ADDRESS.fullmatch(email):
        raise Told(mark("say your name, and your email address: alice@example.org"))
    check(password, name, email)
    hashed = desk.hasher.hashed(password)
    with desk.store.write() as tx:
        # Read again, for the hash took its time: two with one link are one.
        user = invited(tx, told, now)
        found = passwords.invited(tx, secret.hashed(told), now)
        if found is None or not passwords.used(tx, found[0], now):
            raise NoInvitation
        user = user or first_admin(tx, name, email)
        _put(tx, user, hashed, user.email, now, None)
        return user


def first_admin(tx: Tx, name: str, email: str) -> User:
    """A user with every right: a known one keeps what else is known of them."""
    known = people.user_by_main_email(tx, email)
    entities = [entity.id for entity in people.entities(tx)]
    number = people.put_user(
        tx,
        name=known.name if known else name,
        email=known.email if known else email,
        aliases=known.aliases if known else (),
        groups=known.groups if known else (),
        entities=known.entities if known else entities[:1],
        rights=Right,
        language=known.language if known else "en",
        timezone=known.timezone if known else "UTC",
    )
    made = people.get_user(tx, number)
    if made is None:
        raise NoInvitation
    return made


def _put(tx: Tx, user: User, hashed: str, by: str, now: datetime, keep: int | None) -> None:
    passwords.put(tx, user.id, hashed, now)
    passwords.drop_invitations(tx, user.id)
    sessions.forget_all(tx, user.id, but=keep)
    audit.note(tx, by, "set password", f"user {user.id}", now)
