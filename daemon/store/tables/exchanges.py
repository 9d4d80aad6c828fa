"""Tables of exchanges: one dealing, its roles, keys, copies, and what it links to."""

import sqlalchemy as sa

from daemon.store.tables.columns import (
    Amount,
    Json,
    id_,
    integer,
    moment,
    of_exchange,
    only,
    owned_by,
    ref,
    table,
    text,
)
from daemon.store.tables.places import spot

exchange = table(
    "exchange",
    id_(),
    integer("number"),
    # Its reference in a row of its entity's own, where that is wished for.
    text("own_ref", null=True),
    ref("entity_id", "entity", null=True),
    text("direction"),
    ref("mode_id", "list_item"),
    ref("purpose_id", "list_item", null=True),
    moment("happened_at"),
    moment("recorded_at"),
    text("source"),
    text("kind", null=True),
    text("subject"),
    text("comment"),
    # The comment as a person formatted it; none of what was captured.
    text("html", null=True),
    integer("quoted_from", null=True),
    text("project", null=True),
    text("status"),
    # Whether rules let it close follow-ups; nothing said: by default.
    sa.Column("answers", sa.Boolean, nullable=True),
    text("message_id", null=True),
    text("thread", null=True),
    integer("level"),
    integer("revision"),
    # The words that are searched, folded; the search index is built from this column.
    text("words"),
    # The rules as which it stands here; none of what a person or the API told.
    text("rules", null=True),
    sa.UniqueConstraint("number"),
    sa.Index("ix_exchange_own_ref", "own_ref", unique=True),
    # Unique, for what hangs on an exchange names its time too (`of_exchange`).
    sa.Index("ix_exchange_happened_at", "happened_at", "id", unique=True),
    sa.Index("ix_exchange_entity_id", "entity_id", "happened_at", "id"),
    sa.Index("ix_exchange_message_id", "message_id"),
    sa.Index("ix_exchange_thread", "thread"),
    only("ix_exchange_withdrawn", "status = 'withdrawn'", "id"),
)

exchange_party = table(
    "exchange_party",
    *of_exchange(),
    ref("third_party_id", "third_party", key=True),
    integer("position"),
    sa.Index("ix_exchange_party_third_party_id", "third_party_id", "happened_at", "exchange_id"),
)
exchange_contact = table(
    "exchange_contact",
    *of_exchange(),
    ref("contact_id", "contact", key=True),
    integer("position"),
    sa.Index("ix_exchange_contact_contact_id", "contact_id", "happened_at", "exchange_id"),
)
# By which of their addresses contacts take part, so that what came by one can be found when it is
# theirs no more.
exchange_address = table(
    "exchange_address",
    owned_by("exchange_id", "exchange"),
    owned_by("contact_id", "contact"),
    text("key", key=True),
    sa.Index("ix_exchange_address_contact_id", "contact_id", "key"),
)
exchange_user = table(
    "exchange_user",
    *of_exchange(),
    ref("user_id", "staff", key=True),
    text("role", key=True),
    integer("position"),
    sa.Index("ix_exchange_user_user_id", "user_id", "happened_at", "exchange_id"),
)
exchange_product = table(
    "exchange_product",
    owned_by("exchange_id", "exchange"),
    ref("item_id", "list_item", key=True),
    integer("position"),
    sa.Index("ix_exchange_product_item_id", "item_id"),
)
exchange_tag = table(
    "exchange_tag",
    owned_by("exchange_id", "exchange"),
    text("tag", key=True),
    sa.Index("ix_exchange_tag_tag", "tag"),
)
exchange_attachment = table(
    "exchange_attachment",
    owned_by("exchange_id", "exchange"),
    integer("position", key=True),
    text("name"),
)
# Of a bounce: whom a mail did not reach, by the Message-ID of that mail, which may come later.
exchange_undelivered = table(
    "exchange_undelivered",
    owned_by("exchange_id", "exchange"),
    integer("position", key=True),
    text("message_id"),
    text("recipient"),
    text("status"),
    sa.Index("ix_exchange_undelivered_message_id", "message_id"),
)
# Fields that a person changed: no rule overwrites them.
exchange_edit = table(
    "exchange_edit",
    owned_by("exchange_id", "exchange"),
    text("field", key=True),
    ref("by_id", "staff", null=True),
    moment("at"),
)
# What the message answers (In-Reply-To, References), so that threads are found in any order.
exchange_parent = table(
    "exchange_parent",
    owned_by("exchange_id", "exchange"),
    text("message_id", key=True),
    sa.Index("ix_exchange_parent_message_id", "message_id"),
)

# A quote, order, invoice…, as the ERP last told (schema 11).
element = table(
    "element",
    id_(),
    text("type"),
    text("ref"),
    sa.Column("date", sa.Date, nullable=True),
    sa.Column("amount", Amount, nullable=True),
    text("state", null=True),
    ref("third_party_id", "third_party", null=True),
    # The page of the ERP that shows it.
    text("url", null=True),
    sa.UniqueConstraint("type", "ref"),
    sa.Index("ix_element_third_party_id", "third_party_id"),
    sa.Index("ix_element_url", "url"),
)
exchange_element = table(
    "exchange_element",
    owned_by("exchange_id", "exchange"),
    ref("element_id", "element", key=True),
    integer("position"),
    # The least level that shows what it was found in; none of what a person linked.
    integer("level", null=True),
    sa.Index("ix_exchange_element_element_id", "element_id"),
)
# What happened in the ERP, shown in the history between the exchanges.
external_event = table(
    "external_event",
    id_(),
    text("system"),
    text("external"),
    ref("third_party_id", "third_party", null=True),
    ref("element_id", "element", null=True),
    text("label"),
    moment("at"),
    sa.UniqueConstraint("system", "external"),
    sa.Index("ix_external_event_at", "at", "id"),
    sa.Index("ix_external_event_third_party_id", "third_party_id", "at", "id"),
    sa.Index("ix_external_event_element_id", "element_id"),
)

# Several identities lead to one exchange; each to one only (schema 3).
exchange_key = table(
    "exchange_key",
    text("kind", key=True),
    text("key", key=True),
    ref("exchange_id", "exchange", gone="CASCADE"),
    sa.Index("ix_exchange_key_exchange_id", "exchange_id"),
)
# A deleted capture stays deleted: its keys, as hashes, for nothing of it may be left.
tombstone = table(
    "tombstone",
    text("hash", key=True),
    text("reason"),
    ref("by_id", "staff", null=True),
    moment("at"),
    # The keyed hash of a message that only a rule buried, for other rules may dig it up.
    text("of_rule", null=True),
)

# One copy of it; outlives the account and folder it names (schema 5).
sighting = table(
    "sighting",
    id_(),
    ref("exchange_id", "exchange", gone="CASCADE"),
    *spot(),
    text("place_name"),
    text("role"),
    integer("owner_id", null=True),
    text("direction"),
    integer("level"),
    moment("seen_at"),
    # What rules said of this copy, field by field, and where the rule stands in its set.
    sa.Column("said", Json, nullable=True),
    # Of a meeting: when this copy says that it was, at which revision, and why it stands no more.
    moment("held_at", null=True),
    integer("sequence", null=True),
    text("gone", null=True),
    sa.UniqueConstraint("folder_id", "uidvalidity", "uid"),
    sa.UniqueConstraint("calendar_id", "href", "recurrence"),
    sa.Index("ix_sighting_exchange_id", "exchange_id"),
    sa.Index("ix_sighting_owner_id", "owner_id"),
)

# A table, revision and search index of its own, or it would leak through those of the exchange.
confidential_comment = table(
    "confidential_comment",
    ref("exchange_id", "exchange", key=True, gone="CASCADE"),
    text("text"),
    text("html", null=True),
    text("words"),
    # Nobody's where a rule made it of a mail in a shared mailbox.
    ref("author_id", "staff", null=True),
    integer("revision"),
    moment("written_at"),
)
confidential_group = table(
    "confidential_group",
    sa.Column(
        "exchange_id",
        confidential_comment.c.exchange_id.type,
        sa.ForeignKey("confidential_comment.exchange_id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    owned_by("group_id", "staff_group"),
)
