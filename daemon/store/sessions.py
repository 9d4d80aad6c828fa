"""Sessions of users, by the hash of what their cookie holds."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.rows import new_id
from daemon.store.tables.logins import session
from rules.logins import Lasting, ended
from rules.model.people import UserId

c = session.c


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that a user logged in with: how (`way`), from where, and with which program."""

    id: int
    user: UserId
    way: str
    address: str
    agent: str
    created_at: datetime
    used_at: datetime


def add(
    tx: Tx, user: UserId, hashed: str, *, way: str, address: str, agent: str, now: datetime
) -> int:
    """A new session; its id."""
    facts = {"way": way, "address": address, "agent": agent, "created_at": now, "used_at": now}
    return new_id(tx, session, user_id=user, hash=hashed, **facts)


def find(tx: Tx, hashed: str) -> Session | None:
    """The session whose cookie has this hash, unless somebody ended it."""
    query = sa.select(session).where(c.hash == hashed, c.ended_at.is_(None))
    row = tx.execute(query).first()
    return None if row is None else _session(row)


def of(tx: Tx, user: UserId) -> tuple[Session, ...]:
    """The sessions of a user that nobody ended, newest first."""
    query = sa.select(session).where(c.user_id == user, c.ended_at.is_(None))
    query = query.order_by(c.id.desc())
    return tuple(map(_session, tx.execute(query)))


def over(one: Session, lasting: Lasting, now: datetime) -> bool:
    """Whether a session has ended by itself."""
    return ended(one.created_at, one.used_at, lasting, now)


def touch(tx: Tx, number: int, now: datetime) -> None:
    """It was used just now."""
    tx.execute(sa.update(session).where(c.id == number).values(used_at=now))


def end(tx: Tx, user: UserId, number: int, now: datetime) -> bool:
    """This one of the user's is over; False when they have no such one."""
    which = sa.and_(c.id == number, c.user_id == user, c.ended_at.is_(None))
    return tx.execute(sa.update(session).where(which).values(ended_at=now)).rowcount == 1


def forget_all(tx: Tx, user: UserId, *, but: int | None = None) -> None:
    """All sessions of a user are over, but for one, and from where they came is not known."""
    which = c.user_id == user
    tx.execute(sa.delete(session).where(which if but is None else sa.and_(which, c.id != but)))


def clear(tx: Tx, used_before: datetime) -> None:
    """Forget those that were not used since then."""
    tx.execute(sa.delete(session).where(c.used_at < used_before))


def known_place(tx: Tx, user: UserId, address: str) -> bool:
    """Whether a session of the user began at this address."""
    query = sa.select(c.id).where(c.user_id == user, c.address == address).limit(1)
    return tx.execute(query).first() is not None


def _session(r: sa.Row[tuple[int]]) -> Session:
    return Session(r.id, UserId(r.user_id), r.way, r.address, r.agent, r.created_at, r.used_at)
