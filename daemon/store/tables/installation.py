"""Tables about suivi itself: installation, counters, lists, options, tokens, work, audit, rules,
backups."""

import sqlalchemy as sa

from daemon.store.tables.columns import (
    Json,
    flag,
    id_,
    integer,
    moment,
    owned_by,
    ref,
    table,
    text,
)

installation = table(
    "installation",
    integer("id", key=True),
    integer("epoch"),
    moment("created_at"),
    moment("live_since", null=True),
    moment("observing_until", null=True),
    flag("held"),
    # By which the installation's key is recognised; and when a backup was put in its place, and
    # released.
    text("key_mark", null=True),
    moment("restored_at", null=True),
    moment("released_at", null=True),
    sa.CheckConstraint("id = 1", name="single"),
)

# Numbers that must be handed out without gaps or compared: references, directory version.
counter = table("counter", text("name", key=True), integer("value"))

# Modes, purposes and products; a retired entry stays readable on old exchanges (schema 2).
list_item = table(
    "list_item",
    id_(),
    text("list"),
    text("code"),
    integer("position"),
    moment("retired_at", null=True),
    integer("revision"),
    sa.UniqueConstraint("list", "code"),
)
list_label = table(
    "list_label",
    owned_by("item_id", "list_item"),
    text("language", key=True),
    text("label"),
)

# History and state in one: the newest row of a key is in force, for a user, an entity, or all.
option_change = table(
    "option_change",
    id_(),
    ref("entity_id", "entity", null=True),
    ref("user_id", "staff", null=True),
    text("key"),
    sa.Column("value", Json, nullable=True),
    ref("by_id", "staff", null=True),
    moment("at"),
    sa.Index("ix_option_change_key", "key", "entity_id", "id"),
)

# Only the SHA-256 of a token is kept: it has 256 random bits, so no salt is needed.
api_token = table(
    "api_token",
    id_(),
    ref("user_id", "staff", gone="CASCADE"),
    text("name"),
    text("hash"),
    sa.Column("scopes", Json, nullable=False),
    moment("created_at"),
    moment("expires_at", null=True),
    moment("used_at", null=True),
    moment("revoked_at", null=True),
    sa.UniqueConstraint("hash"),
)

# What siblings and processes leave for each other; `version` moves when it is asked for again.
work = table(
    "work",
    id_(),
    text("kind"),
    text("key"),
    moment("run_at"),
    integer("attempts"),
    integer("version"),
    text("claimed_by", null=True),
    moment("claimed_until", null=True),
    sa.UniqueConstraint("kind", "key"),
    sa.Index("ix_work_run_at", "kind", "run_at"),
)

# What was asked for under a key of the caller's, and what was answered: the same for the same.
request = table(
    "request",
    integer("user_id", key=True),
    text("key", key=True),
    text("fingerprint"),
    sa.Column("answer", Json, nullable=False),
    moment("at"),
    sa.Index("ix_request_at", "at"),
)

# Rows are only ever added: triggers refuse all else (migration 0018).
audit = table(
    "audit",
    id_(),
    moment("at"),
    text("who"),
    text("action"),
    text("subject"),
    sa.Index("ix_audit_subject", "subject"),
    sa.Index("ix_audit_who", "who", "id"),
)

# Rules files as they were put in force; the newest row is the set in force.
rule_set = table(
    "rule_set",
    id_(),
    text("fingerprint"),
    sa.Column("files", Json, nullable=False),
    moment("since"),
    sa.Index("ix_rule_set_fingerprint", "fingerprint"),
)

# Backups that were taken and found whole, with their size in bytes.
backup = table(
    "backup",
    id_(),
    moment("at"),
    text("file"),
    text("version"),
    integer("size"),
    text("sha256"),
    sa.Index("ix_backup_at", "at"),
)

# What is wrong (`rules.alarms`): since when, when it was last told, when its end was, and since
# when it is not seen any more.
alarm = table(
    "alarm",
    text("kind", key=True),
    text("subject", key=True),
    moment("since"),
    moment("told_at", null=True),
    moment("closed_at", null=True),
    moment("gone_at", null=True),
)
