"""Passwords, as hashes, and the links by which users choose one; their secrets are never here."""

from datetime import datetime

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.rows import inserting, new_id
from daemon.store.tables.logins import credential, invitation
from daemon.store.tables.people import (
    group_member,
    group_right,
    staff,
    staff_group,
    staff_right,
)
from rules import identity
from rules.model.people import Right, UserId


def hash_of(tx: Tx, user: UserId) -> str | None:
    """The hash of a user's password; None where they have none."""
    c = credential.c
    found: str | None = tx.execute(sa.select(c.hash).where(c.user_id == user)).scalar()
    return found


def entry(tx: Tx, email: str) -> tuple[UserId, str | None] | None:
    """Who has this main address and is active, and the hash of their password: in one question,
    which takes as long where there is nobody."""
    query = (
        sa.select(staff.c.id, credential.c.hash)
        .outerjoin(credential, credential.c.user_id == staff.c.id)
        .where(staff.c.email_key == identity.key(email), staff.c.active)
    )
    row = tx.execute(query).first()
    return None if row is None else (UserId(row.id), row.hash)


def put(tx: Tx, user: UserId, hashed: str, now: datetime) -> None:
    """From now on this is a user's password."""
    statement = inserting(tx, credential).values(user_id=user, hash=hashed, changed_at=now)
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=["user_id"], set_={"hash": hashed, "changed_at": now}
        )
    )


def rehash(tx: Tx, user: UserId, before: str, hashed: str) -> None:
    """The same password under a stronger hash, unless it was changed meanwhile."""
    c = credential.c
    tx.execute(sa.update(credential).where(c.user_id == user, c.hash == before).values(hash=hashed))


def admin_can_enter(tx: Tx) -> bool:
    """Whether an active user who may manage users has a password."""
    own = sa.select(staff_right.c.user_id).where(staff_right.c.right == Right.MANAGE_USERS)
    by_group = (
        sa.select(group_member.c.user_id)
        .join(group_right, group_right.c.group_id == group_member.c.group_id)
        .join(staff_group, staff_group.c.id == group_member.c.group_id)
        .where(group_right.c.right == Right.MANAGE_USERS, staff_group.c.active)
    )
    query = (
        sa.select(credential.c.user_id)
        .join(staff, staff.c.id == credential.c.user_id)
        .where(staff.c.active, staff.c.id.in_(own.union(by_group)))
        .limit(1)
    )
    return tx.execute(query).first() is not None


def invite(tx: Tx, user: UserId | None, hashed: str, now: datetime, until: datetime) -> None:
    """Make a link known, by the hash of its secret; those of the same user before it end."""
    c = invitation.c
    same = c.user_id.is_(None) if user is None else c.user_id == user
    tx.execute(sa.delete(invitation).where(same))
    new_id(tx, invitation, user_id=user, hash=hashed, created_at=now, expires_at=until)


def invited(tx: Tx, hashed: str, now: datetime) -> tuple[int, UserId | None] | None:
    """The number of a link that is good now, and whose it is: None of the first admin."""
    c = invitation.c
    good = sa.and_(c.hash == hashed, c.used_at.is_(None), c.expires_at > now)
    row = tx.execute(sa.select(c.id, c.user_id).where(good)).first()
    return None if row is None else (row.id, row.user_id)


def used(tx: Tx, number: int, now: datetime) -> bool:
    """Use a link up; False when somebody else was first."""
    c = invitation.c
    statement = sa.update(invitation).where(c.id == number, c.used_at.is_(None))
    return tx.execute(statement.values(used_at=now)).rowcount == 1


def drop_invitations(tx: Tx, user: UserId | None) -> None:
    """End the links of a user; None: those of the first admin."""
    c = invitation.c
    tx.execute(
        sa.delete(invitation).where(c.user_id.is_(None) if user is None else c.user_id == user)
    )
