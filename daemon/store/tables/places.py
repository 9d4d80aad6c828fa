"""Tables of what is watched, and what proves that it was judged (schema 4, 5, 7)."""

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

account = table(
    "account",
    id_(),
    text("kind"),
    text("name"),
    text("host"),
    ref("owner_id", "staff", null=True),
    integer("level"),
    moment("created_at"),
    moment("retired_at", null=True),
    # Held by one worker at a time; a commit is fenced by the epoch it was leased under.
    text("lease_owner", null=True),
    integer("lease_epoch"),
    moment("lease_until", null=True),
    moment("last_ok_at", null=True),
    moment("next_try_at", null=True),
    moment("failing_since", null=True),
    integer("failures"),
    text("last_error"),
    sa.UniqueConstraint("kind", "name"),
)

# Accounts that were set up in suivi, beside those of the configuration file: as options of a
# section of it, but for the password, which is sealed with the installation's key.
account_setup = table(
    "account_setup",
    id_(),
    text("kind"),
    text("name"),
    sa.Column("options", Json, nullable=False),
    text("sealed"),
    integer("revision"),
    sa.UniqueConstraint("kind", "name"),
)

folder = table(
    "folder",
    id_(),
    ref("account_id", "account", gone="CASCADE"),
    text("name"),
    text("role"),
    integer("uidvalidity"),
    integer("uidnext"),
    integer("messages"),
    integer("modseq", null=True),
    moment("seen_at"),
    sa.UniqueConstraint("account_id", "name"),
)
# UIDs lo…hi were judged with this directory under these rules; the proof that nothing is missed.
judged_range = table(
    "judged_range",
    owned_by("folder_id", "folder"),
    integer("uidvalidity", key=True),
    integer("directory_version", key=True),
    text("rules", key=True),
    integer("lo", key=True),
    integer("hi"),
    sa.CheckConstraint("lo <= hi", name="order"),
)
# UIDs that the server has but did not answer for.
hole = table(
    "hole",
    owned_by("folder_id", "folder"),
    integer("uidvalidity", key=True),
    integer("uid", key=True),
    integer("attempts"),
    moment("first_at"),
    moment("last_at"),
)

calendar = table(
    "calendar",
    id_(),
    ref("account_id", "account", gone="CASCADE"),
    text("href"),
    text("name"),
    sa.Column("components", Json, nullable=False),
    flag("writable"),
    flag("writes"),
    flag("dedicated"),
    text("ctag", null=True),
    text("sync_token", null=True),
    # The directory and rules that its objects were last judged by.
    text("judged_as"),
    # When all of it was compared, whatever its token said, and when that said less than was true.
    moment("compared_at", null=True),
    moment("lied_at", null=True),
    sa.UniqueConstraint("account_id", "href"),
)
# Of an unmatched event only href and etag.
calendar_object = table(
    "calendar_object",
    owned_by("calendar_id", "calendar"),
    text("href", key=True),
    text("etag"),
)
# Objects that suivi put there after the calendar's token, which need not tell if one is gone again.
calendar_unsure = table(
    "calendar_unsure",
    owned_by("calendar_id", "calendar"),
    text("href", key=True),
)
# Where the calendars of an account were found, so that they are not looked for at each turn.
calendar_home = table(
    "calendar_home",
    owned_by("account_id", "account"),
    moment("found_at"),
    sa.Column("found", Json, nullable=False),
)

# An answer that matched nobody, by a keyed hash of what it answers: for as long as the log of
# recent decisions lasts (spec §12).
orphan = table(
    "orphan",
    integer("mark", key=True),
    owned_by("folder_id", "folder"),
    integer("uidvalidity", key=True),
    integer("uid", key=True),
    moment("at"),
    sa.Index("ix_orphan_at", "at"),
)

# How many messages arrived in a folder on a day of the company's; a row for each day on which it
# was looked at, so that a day without suivi is not taken for one without mail.
arrival = table(
    "arrival",
    owned_by("folder_id", "folder"),
    sa.Column("day", sa.Date, primary_key=True),
    integer("messages"),
)

# How many of a place were judged how, a day; `place` is "folder" or "calendar".
tally = table(
    "tally",
    text("place", key=True),
    integer("place_id", key=True),
    sa.Column("day", sa.Date, primary_key=True),
    text("verdict", key=True),
    text("reason", key=True),
    integer("count"),
)


def spot() -> tuple[sa.Column[int] | sa.Column[str], ...]:
    """Where a copy was seen: by number, without references, for sightings outlive accounts.
    A mail has the first three after the account, an event the last three."""
    return (
        integer("account_id"),
        integer("folder_id", null=True),
        integer("uidvalidity", null=True),
        integer("uid", null=True),
        integer("calendar_id", null=True),
        text("href", null=True),
        text("recurrence", null=True),
    )


# Identity and reason of what can't be read or stored, never its content.
quarantine = table(
    "quarantine",
    id_(),
    *spot(),
    text("place_name"),
    text("key_hash", null=True),
    text("reason"),
    # read, decide, text or store; none of what earlier versions put here.
    text("step", null=True),
    integer("attempts"),
    moment("first_at"),
    moment("last_at"),
    moment("next_try_at"),
    moment("resolved_at", null=True),
    # Why a person wants it tried no more.
    text("dropped", null=True),
    sa.UniqueConstraint("folder_id", "uidvalidity", "uid"),
    sa.UniqueConstraint("calendar_id", "href", "recurrence"),
    sa.Index("ix_quarantine_key_hash", "key_hash"),
)

# Appended; the trace is data, without addresses of the unmatched (schema 6).
decision = table(
    "decision",
    id_(),
    *spot(),
    text("place_name"),
    moment("at"),
    text("key_hash"),
    integer("exchange_id", null=True),
    text("verdict"),
    text("reason"),
    integer("level"),
    text("rules"),
    sa.Column("trace", Json, nullable=False),
    sa.Index("ix_decision_key_hash", "key_hash"),
    sa.Index("ix_decision_exchange_id", "exchange_id"),
    sa.Index("ix_decision_at", "at"),
)

# Has no expiry: a "nothing" of one mailbox outlives logs and accounts (schema 5). What rules want
# hidden is kept apart, for other rules may lift it.
veto = table("veto", text("key_hash", key=True), integer("level"), integer("by_rules", null=True))

# A participant whom several third parties claim; `candidates` makes asking twice ask once.
ambiguity = table(
    "ambiguity",
    id_(),
    *spot(),
    # By which all copies of one message are asked about once.
    text("key_hash", null=True),
    text("by"),
    text("candidates"),
    moment("asked_at"),
    moment("resolved_at", null=True),
    ref("resolved_by_id", "staff", null=True),
    ref("chosen_id", "third_party", null=True),
    # Whether the answer is to count for the participant's address from then on.
    flag("remember"),
    sa.UniqueConstraint("folder_id", "uidvalidity", "uid", "candidates"),
    sa.UniqueConstraint("calendar_id", "href", "recurrence", "candidates"),
    sa.Index("ix_ambiguity_key_hash", "key_hash"),
    only("ix_ambiguity_open", "resolved_at IS NULL", "id"),
)
ambiguity_party = table(
    "ambiguity_party",
    owned_by("ambiguity_id", "ambiguity"),
    owned_by("third_party_id", "third_party"),
)
ambiguity_contact = table(
    "ambiguity_contact",
    owned_by("ambiguity_id", "ambiguity"),
    owned_by("contact_id", "contact"),
)
