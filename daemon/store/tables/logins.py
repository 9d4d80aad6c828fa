"""Tables of who may come in: passwords, sessions, invitations, and who guessed wrong."""

import sqlalchemy as sa

from daemon.store.tables.columns import id_, integer, moment, owned_by, ref, table, text

# An Argon2 hash, with its salt and parameters (PHC string format).
credential = table("credential", owned_by("user_id", "staff"), text("hash"), moment("changed_at"))

# Of the cookie only the SHA-256 is kept: it has 256 random bits, so no salt is needed. Those that
# have ended stay for a while: from where they began, strangers' failures hold their user up less.
session = table(
    "session",
    id_(),
    ref("user_id", "staff", gone="CASCADE"),
    text("hash"),
    # By password, invitation, or sign-on elsewhere.
    text("way"),
    text("address"),
    text("agent"),
    moment("created_at"),
    moment("used_at"),
    moment("ended_at", null=True),
    sa.UniqueConstraint("hash"),
    sa.Index("ix_session_user_id", "user_id"),
)

# A link by which a user chooses a password, once; without a user, the first admin makes themself.
invitation = table(
    "invitation",
    id_(),
    ref("user_id", "staff", null=True, gone="CASCADE"),
    text("hash"),
    moment("created_at"),
    moment("expires_at"),
    moment("used_at", null=True),
    sa.UniqueConstraint("hash"),
)

# Tries that went wrong, by account or address. What was typed as a name may be a password by
# mistake: the key is a keyed hash of it.
failed_login = table(
    "failed_login",
    text("kind", key=True),
    text("key", key=True),
    integer("number"),
    moment("last_at"),
    sa.Index("ix_failed_login_last_at", "last_at"),
)
