"""A user leaves: whatever let them in is of no use any more."""

from datetime import datetime

from daemon.store import Tx, audit, passwords, people, sessions, tokens
from rules.model.people import User


def shut_out(tx: Tx, user: User, by: str, now: datetime) -> None:
    """End every session, token and link of a user; their password stays theirs."""
    sessions.forget_all(tx, user.id)
    tokens.revoke_all(tx, user.id, now)
    passwords.drop_invitations(tx, user.id)
    audit.note(tx, by, "shut out", f"user {user.id}", now)


def leave(tx: Tx, user: User, by: str, now: datetime) -> None:
    """Deactivate a user, and shut them out."""
    people.put_user(
        tx,
        name=user.name,
        email=user.email,
        aliases=user.aliases,
        groups=user.groups,
        entities=user.entities,
        rights=user.rights,
        language=user.language,
        timezone=user.timezone,
        active=False,
    )
    audit.note(tx, by, "deactivate", f"user {user.id}", now)
    shut_out(tx, user, by, now)
