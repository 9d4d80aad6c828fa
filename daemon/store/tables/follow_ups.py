"""Tables of follow-ups, the calendar objects that carry them, and the reminder ledger."""

import sqlalchemy as sa

from daemon.store.tables.columns import (
    Json,
    flag,
    id_,
    integer,
    moment,
    only,
    owned_by,
    ref,
    table,
    text,
)

# What repeats; each occurrence is a follow-up of its own (schema 8).
follow_up_series = table(
    "follow_up_series",
    id_(),
    text("uid"),
    text("rule"),
    text("zone"),
    moment("created_at"),
    # Of one that suivi made: what its first occurrence says.
    sa.Column("draft", Json, nullable=True),
    # When its next occurrences are opened.
    moment("extend_at"),
    sa.UniqueConstraint("uid"),
    sa.Index("ix_follow_up_series_extend_at", "extend_at"),
)

follow_up = table(
    "follow_up",
    id_(),
    text("key"),
    text("uid"),
    ref("series_id", "follow_up_series", null=True),
    text("occurrence"),
    text("title"),
    moment("start_at"),
    moment("end_at", null=True),
    flag("all_day"),
    text("zone"),
    ref("third_party_id", "third_party", null=True),
    ref("contact_id", "contact", null=True),
    ref("exchange_id", "exchange", null=True, gone="SET NULL"),
    ref("creator_id", "staff", null=True),
    ref("entity_id", "entity", null=True),
    text("description"),
    text("place"),
    integer("priority"),
    ref("element_id", "element", null=True),
    text("project", null=True),
    text("origin"),
    text("component"),
    text("state"),
    integer("percent"),
    integer("schedule_version"),
    integer("revision"),
    # The revision whose reminders stand in the ledger; with a minus they are to be looked at again.
    integer("planned_revision"),
    flag("live"),
    moment("created_at"),
    moment("changed_at"),
    # Deleted by a person; its key stays, so that nothing opens it again.
    moment("deleted_at", null=True),
    # The words of title and description that are searched, folded.
    text("words"),
    sa.UniqueConstraint("key"),
    # Not unique: several occurrences of one calendar object can be follow-ups.
    sa.Index("ix_follow_up_uid", "uid"),
    sa.Index("ix_follow_up_series_id", "series_id", "occurrence"),
    sa.Index("ix_follow_up_start_at", "start_at", "id"),
    sa.Index("ix_follow_up_state", "state", "start_at"),
    sa.Index("ix_follow_up_third_party_id", "third_party_id", "start_at", "id"),
    sa.Index("ix_follow_up_contact_id", "contact_id"),
    sa.Index("ix_follow_up_element_id", "element_id"),
    sa.Index("ix_follow_up_exchange_id", "exchange_id"),
    only("ix_follow_up_unplanned", "planned_revision < revision", "start_at", "id"),
    only(
        "ix_follow_up_changed",
        "planned_revision >= 0 AND planned_revision < revision",
        "start_at",
        "id",
    ),
)
follow_up_assignee = table(
    "follow_up_assignee",
    owned_by("follow_up_id", "follow_up"),
    ref("user_id", "staff", key=True),
    integer("position"),
    flag("owner"),
    flag("busy"),
    sa.Index("ix_follow_up_assignee_user_id", "user_id"),
)
# `unit` and `anchor` say how a person put it ("2 days before the end"); seconds decide. Without
# seconds or template the assignee's options do.
follow_up_reminder = table(
    "follow_up_reminder",
    owned_by("follow_up_id", "follow_up"),
    integer("position", key=True),
    integer("before_seconds", null=True),
    text("unit"),
    text("anchor"),
    text("channel"),
    text("template", null=True),
)
follow_up_change = table(
    "follow_up_change",
    id_(),
    ref("follow_up_id", "follow_up", gone="CASCADE"),
    moment("at"),
    text("by"),
    # A code, and what a reader's language makes a sentence of: `daemon.reasons`.
    text("reason"),
    sa.Column("facts", Json, nullable=True),
    text("field"),
    sa.Column("old", Json, nullable=True),
    sa.Column("new", Json, nullable=True),
    integer("revision"),
    sa.Index("ix_follow_up_change_follow_up_id", "follow_up_id"),
)
# Why it was closed, by which exchange, and whether that was undone (spec §3).
follow_up_closing = table(
    "follow_up_closing",
    id_(),
    ref("follow_up_id", "follow_up", gone="CASCADE"),
    ref("exchange_id", "exchange", null=True, gone="SET NULL"),
    text("state"),
    text("reason"),
    sa.Column("facts", Json, nullable=True),
    moment("at"),
    moment("undone_at", null=True),
    text("undone_by", null=True),
    sa.Index("ix_follow_up_closing_follow_up_id", "follow_up_id"),
)

# A reply that a rule waits for; gone once it came, or its follow-up was opened.
awaited_reply = table(
    "awaited_reply",
    id_(),
    ref("exchange_id", "exchange", gone="CASCADE"),
    text("rule"),
    integer("within"),
    sa.Column("later", Json, nullable=False),
    sa.Column("draft", Json, nullable=False),
    moment("look_at"),
    sa.UniqueConstraint("exchange_id", "rule"),
    sa.Index("ix_awaited_reply_look_at", "look_at"),
)

# One an assignee; `base` is the object as both sides last agreed on it.
calendar_copy = table(
    "calendar_copy",
    owned_by("follow_up_id", "follow_up"),
    # 0 for a calendar that is nobody's own.
    integer("user_id", key=True),
    integer("calendar_id"),
    text("href"),
    text("etag", null=True),
    text("schedule_tag", null=True),
    sa.Column("base", sa.LargeBinary, nullable=True),
    integer("pushed_revision"),
    text("state"),
    text("reason"),
    # What was written last, and how often in a row: a server that rewrites it is left its way.
    text("pushed"),
    integer("pushes"),
    # What is on its way to the server: a death before its answer must not make it the person's.
    sa.Column("sent", sa.LargeBinary, nullable=True),
    sa.Index("ix_calendar_copy_calendar_id", "calendar_id", "href"),
    sa.Index("ix_calendar_copy_state", "state"),
)

# Each reminder once, whatever crashes (schema 9); the bytes stay from rendering to sending.
ledger = table(
    "ledger",
    id_(),
    ref("follow_up_id", "follow_up"),
    text("occurrence"),
    integer("before_seconds"),
    ref("recipient_id", "staff"),
    integer("schedule_version"),
    moment("at"),
    text("template", null=True),
    text("state"),
    integer("attempts"),
    text("claimed_by", null=True),
    moment("claimed_until", null=True),
    moment("next_try_at", null=True),
    text("message_id"),
    sa.Column("mail", sa.LargeBinary, nullable=True),
    flag("handed_over"),
    moment("sent_at", null=True),
    text("last_error"),
    text("void_reason"),
    # When the admin was told that it failed.
    moment("told_at", null=True),
    sa.UniqueConstraint(
        "follow_up_id", "occurrence", "before_seconds", "recipient_id", "schedule_version"
    ),
    sa.Index("ix_ledger_state", "state", "at"),
    sa.Index("ix_ledger_message_id", "message_id"),
    only("ix_ledger_waiting", "state IN ('retry', 'unknown')", "next_try_at"),
    only("ix_ledger_left", "state IN ('claimed', 'sending')", "claimed_until"),
    only("ix_ledger_untold", "state = 'failed' AND told_at IS NULL", "id"),
)

# Mail beside reminders (answers, notices, summaries): each once, by kind and key.
post = table(
    "post",
    id_(),
    text("kind"),
    text("key"),
    text("recipient"),
    text("message_id"),
    sa.Column("mail", sa.LargeBinary, nullable=True),
    text("state"),
    integer("attempts"),
    text("claimed_by", null=True),
    moment("claimed_until", null=True),
    moment("created_at"),
    moment("next_try_at"),
    moment("useful_until"),
    flag("handed_over"),
    moment("sent_at", null=True),
    text("last_error"),
    sa.UniqueConstraint("kind", "key"),
    sa.Index("ix_post_state", "state", "next_try_at"),
    sa.Index("ix_post_recipient", "kind", "recipient", "created_at"),
)

# Answers by mail, by what tells a message from all others, so that none is carried out twice.
answered = table(
    "answered",
    text("key", key=True),
    text("result"),
    moment("at"),
    sa.Index("ix_answered_at", "at"),
)

# The last day of each user whose digest was seen to, as ISO 8601.
digest = table("digest", owned_by("user_id", "staff"), text("day"))
