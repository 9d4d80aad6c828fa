"""The first schema: every table of suivi, its search indexes, and the lists it starts with.

Longer than a file should be, for a migration is spelled out in full and never changes: it uses
nothing of `daemon.store.tables`, which moves on.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text()
MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")

# List, code, English, French (spec §1).
LISTS = (
    ("mode", "phone", "Phone", "Téléphone"),
    ("mode", "email", "Email", "Email"),
    ("mode", "meeting", "Physical meeting", "Rencontre physique"),
    ("mode", "video", "Video call", "Visioconférence"),
    ("mode", "sms", "SMS", "SMS"),
    ("mode", "website", "Website", "Site Internet"),
    ("mode", "chat", "Chat", "Chat"),
    ("mode", "fax", "Fax", "Fax"),
    ("mode", "other", "Other", "Autre"),
    ("purpose", "prospecting", "Prospecting", "Prospection"),
    ("purpose", "customer_follow_up", "Customer follow-up", "Suivi client"),
    ("purpose", "invoice_reminder", "Invoice reminder", "Relance facture"),
    ("purpose", "dispute", "Dispute", "Contentieux"),
    ("purpose", "other", "Other", "Autre"),
)

# Tables whose column `words` is searched, and their key.
SEARCHED = (("exchange", "id"), ("confidential_comment", "exchange_id"))


def upgrade() -> None:
    _tables()
    _indexes()
    if op.get_context().dialect.name == "sqlite":
        _search_sqlite()
    else:
        _search_postgresql()
    _seed()


def _search_sqlite() -> None:
    """An FTS5 index over each table's words, kept by triggers (SQLite FTS5 §4.4.3).

    The words are folded already and separated by spaces; to the `ascii` tokenizer every byte
    above 127 is part of a word, so it finds the same words as PostgreSQL does.
    """
    for table, key in SEARCHED:
        index = f"{table}_search"
        gone = f"INSERT INTO {index}({index}, rowid, words) VALUES('delete', old.{key}, old.words);"
        new = f"INSERT INTO {index}(rowid, words) VALUES (new.{key}, new.words);"  # noqa: S608 (our names)
        op.execute(
            f"CREATE VIRTUAL TABLE {index} USING fts5(words, content='{table}',"
            f" content_rowid='{key}', tokenize='ascii', detail='none', prefix='2 3')"
        )
        op.execute(f"CREATE TRIGGER {index}_new AFTER INSERT ON {table} BEGIN {new} END")
        op.execute(f"CREATE TRIGGER {index}_gone AFTER DELETE ON {table} BEGIN {gone} END")
        op.execute(
            f"CREATE TRIGGER {index}_changed AFTER UPDATE OF words ON {table}"
            f" BEGIN {gone} {new} END"
        )


def _search_postgresql() -> None:
    """A GIN index over the same words, taken as they are: no parser, no dictionary."""
    for table, _ in SEARCHED:
        op.execute(
            f"CREATE INDEX ix_{table}_search ON {table}"
            " USING gin (array_to_tsvector(string_to_array(words, ' ')))"
        )


def _seed() -> None:
    items = sa.table("list_item", *map(sa.column, ("id", "list", "code", "position")))
    labels = sa.table("list_label", *map(sa.column, ("item_id", "language", "label")))
    for position, (kind, code, english, french) in enumerate(LISTS):
        row = {"list": kind, "code": code, "position": position}
        op.execute(items.insert().values(row))
        item = sa.select(items.c.id).where(items.c.list == kind, items.c.code == code)
        for language, label in (("en", english), ("fr", french)):
            op.execute(
                labels.insert().values(
                    item_id=item.scalar_subquery(), language=language, label=label
                )
            )
    counters = sa.table("counter", sa.column("name"), sa.column("value"))
    for name in ("exchange", "directory", "erase"):
        op.execute(counters.insert().values(name=name, value=0))


def _tables() -> None:
    op.create_table(
        "audit",
        sa.Column("id", INT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("who", TEXT, nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "counter",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", INT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counter"),
    )
    op.create_table(
        "decision",
        sa.Column("id", INT, nullable=False),
        sa.Column("account_id", INT, nullable=False),
        sa.Column("folder_id", INT, nullable=True),
        sa.Column("uidvalidity", INT, nullable=True),
        sa.Column("uid", INT, nullable=True),
        sa.Column("calendar_id", INT, nullable=True),
        sa.Column("href", TEXT, nullable=True),
        sa.Column("recurrence", TEXT, nullable=True),
        sa.Column("place_name", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("key_hash", TEXT, nullable=False),
        sa.Column("exchange_id", INT, nullable=True),
        sa.Column("verdict", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("level", INT, nullable=False),
        sa.Column("rules", TEXT, nullable=False),
        sa.Column("trace", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_decision"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "element",
        sa.Column("id", INT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("ref", TEXT, nullable=False),
        sa.Column("date", sa.Date(), nullable=True),
        sa.Column("amount", TEXT, nullable=True),
        sa.Column("state", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_element"),
        sa.UniqueConstraint("type", "ref", name="uq_element_type"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "entity",
        sa.Column("id", INT, nullable=False),
        sa.Column("code", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_entity"),
        sa.UniqueConstraint("code", name="uq_entity_code"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "external_id",
        sa.Column("system", TEXT, nullable=False),
        sa.Column("noun", TEXT, nullable=False),
        sa.Column("external", TEXT, nullable=False),
        sa.Column("local_id", INT, nullable=False),
        sa.PrimaryKeyConstraint("system", "noun", "external", name="pk_external_id"),
    )
    op.create_table(
        "follow_up_series",
        sa.Column("id", INT, nullable=False),
        sa.Column("uid", TEXT, nullable=False),
        sa.Column("rule", TEXT, nullable=False),
        sa.Column("zone", TEXT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_follow_up_series"),
        sa.UniqueConstraint("uid", name="uq_follow_up_series_uid"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "installation",
        sa.Column("id", INT, autoincrement=False, nullable=False),
        sa.Column("epoch", INT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("live_since", MOMENT, nullable=True),
        sa.Column("observing_until", MOMENT, nullable=True),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_installation_single")),
        sa.PrimaryKeyConstraint("id", name="pk_installation"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "list_item",
        sa.Column("id", INT, nullable=False),
        sa.Column("list", TEXT, nullable=False),
        sa.Column("code", TEXT, nullable=False),
        sa.Column("position", INT, nullable=False),
        sa.Column("retired_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_list_item"),
        sa.UniqueConstraint("list", "code", name="uq_list_item_list"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "quarantine",
        sa.Column("id", INT, nullable=False),
        sa.Column("account_id", INT, nullable=False),
        sa.Column("folder_id", INT, nullable=True),
        sa.Column("uidvalidity", INT, nullable=True),
        sa.Column("uid", INT, nullable=True),
        sa.Column("calendar_id", INT, nullable=True),
        sa.Column("href", TEXT, nullable=True),
        sa.Column("recurrence", TEXT, nullable=True),
        sa.Column("place_name", TEXT, nullable=False),
        sa.Column("key_hash", TEXT, nullable=True),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("attempts", INT, nullable=False),
        sa.Column("first_at", MOMENT, nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.Column("next_try_at", MOMENT, nullable=False),
        sa.Column("resolved_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_quarantine"),
        sa.UniqueConstraint("calendar_id", "href", "recurrence", name="uq_quarantine_calendar_id"),
        sa.UniqueConstraint("folder_id", "uidvalidity", "uid", name="uq_quarantine_folder_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "redirect",
        sa.Column("noun", TEXT, nullable=False),
        sa.Column("old_id", INT, nullable=False),
        sa.Column("new_id", INT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("noun", "old_id", name="pk_redirect"),
    )
    op.create_table(
        "staff",
        sa.Column("id", INT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("email", TEXT, nullable=False),
        sa.Column("email_key", TEXT, nullable=False),
        sa.Column("language", TEXT, nullable=False),
        sa.Column("timezone", TEXT, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("revision", INT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_staff"),
        sa.UniqueConstraint("email_key", name="uq_staff_email_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "staff_group",
        sa.Column("id", INT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_staff_group"),
        sa.UniqueConstraint("name", name="uq_staff_group_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "tally",
        sa.Column("place", TEXT, nullable=False),
        sa.Column("place_id", INT, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("verdict", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("count", INT, nullable=False),
        sa.PrimaryKeyConstraint("place", "place_id", "day", "verdict", "reason", name="pk_tally"),
    )
    op.create_table(
        "veto",
        sa.Column("key_hash", TEXT, nullable=False),
        sa.Column("level", INT, nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name="pk_veto"),
    )
    op.create_table(
        "work",
        sa.Column("id", INT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("run_at", MOMENT, nullable=False),
        sa.Column("attempts", INT, nullable=False),
        sa.Column("version", INT, nullable=False),
        sa.Column("claimed_by", TEXT, nullable=True),
        sa.Column("claimed_until", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_work"),
        sa.UniqueConstraint("kind", "key", name="uq_work_kind"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "account",
        sa.Column("id", INT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("host", TEXT, nullable=False),
        sa.Column("owner_id", INT, nullable=True),
        sa.Column("level", INT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("retired_at", MOMENT, nullable=True),
        sa.Column("lease_owner", TEXT, nullable=True),
        sa.Column("lease_epoch", INT, nullable=False),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("last_ok_at", MOMENT, nullable=True),
        sa.Column("next_try_at", MOMENT, nullable=True),
        sa.Column("failing_since", MOMENT, nullable=True),
        sa.Column("failures", INT, nullable=False),
        sa.Column("last_error", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["staff.id"], name="fk_account_owner_id"),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("kind", "name", name="uq_account_kind"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "api_token",
        sa.Column("id", INT, nullable=False),
        sa.Column("user_id", INT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["staff.id"], name="fk_api_token_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_api_token"),
        sa.UniqueConstraint("hash", name="uq_api_token_hash"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "exchange",
        sa.Column("id", INT, nullable=False),
        sa.Column("number", INT, nullable=False),
        sa.Column("entity_id", INT, nullable=True),
        sa.Column("direction", TEXT, nullable=False),
        sa.Column("mode_id", INT, nullable=False),
        sa.Column("purpose_id", INT, nullable=True),
        sa.Column("happened_at", MOMENT, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=True),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("comment", TEXT, nullable=False),
        sa.Column("quoted_from", INT, nullable=True),
        sa.Column("project", TEXT, nullable=True),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("message_id", TEXT, nullable=True),
        sa.Column("thread", TEXT, nullable=True),
        sa.Column("level", INT, nullable=False),
        sa.Column("revision", INT, nullable=False),
        sa.Column("words", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name="fk_exchange_entity_id"),
        sa.ForeignKeyConstraint(["mode_id"], ["list_item.id"], name="fk_exchange_mode_id"),
        sa.ForeignKeyConstraint(["purpose_id"], ["list_item.id"], name="fk_exchange_purpose_id"),
        sa.PrimaryKeyConstraint("id", name="pk_exchange"),
        sa.UniqueConstraint("number", name="uq_exchange_number"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "group_member",
        sa.Column("group_id", INT, nullable=False),
        sa.Column("user_id", INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["staff_group.id"], name="fk_group_member_group_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["staff.id"], name="fk_group_member_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("group_id", "user_id", name="pk_group_member"),
    )
    op.create_table(
        "group_right",
        sa.Column("group_id", INT, nullable=False),
        sa.Column("right", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["staff_group.id"], name="fk_group_right_group_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("group_id", "right", name="pk_group_right"),
    )
    op.create_table(
        "list_label",
        sa.Column("item_id", INT, nullable=False),
        sa.Column("language", TEXT, nullable=False),
        sa.Column("label", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["list_item.id"], name="fk_list_label_item_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("item_id", "language", name="pk_list_label"),
    )
    op.create_table(
        "option_change",
        sa.Column("id", INT, nullable=False),
        sa.Column("entity_id", INT, nullable=True),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("value", JSON, nullable=True),
        sa.Column("by_id", INT, nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name="fk_option_change_by_id"),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name="fk_option_change_entity_id"),
        sa.PrimaryKeyConstraint("id", name="pk_option_change"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "staff_alias",
        sa.Column("user_id", INT, nullable=False),
        sa.Column("position", INT, nullable=False),
        sa.Column("email", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["staff.id"], name="fk_staff_alias_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "position", name="pk_staff_alias"),
    )
    op.create_table(
        "staff_entity",
        sa.Column("user_id", INT, nullable=False),
        sa.Column("entity_id", INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["entity_id"], ["entity.id"], name="fk_staff_entity_entity_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["staff.id"], name="fk_staff_entity_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "entity_id", name="pk_staff_entity"),
    )
    op.create_table(
        "staff_right",
        sa.Column("user_id", INT, nullable=False),
        sa.Column("right", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["staff.id"], name="fk_staff_right_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "right", name="pk_staff_right"),
    )
    op.create_table(
        "third_party",
        sa.Column("id", INT, nullable=False),
        sa.Column("code", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("folded", TEXT, nullable=False),
        sa.Column("entity_id", INT, nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("revision", INT, nullable=False),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name="fk_third_party_entity_id"),
        sa.PrimaryKeyConstraint("id", name="pk_third_party"),
        sa.UniqueConstraint("code", name="uq_third_party_code"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "tombstone",
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("by_id", INT, nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name="fk_tombstone_by_id"),
        sa.PrimaryKeyConstraint("hash", name="pk_tombstone"),
    )
    op.create_table(
        "ambiguity",
        sa.Column("id", INT, nullable=False),
        sa.Column("account_id", INT, nullable=False),
        sa.Column("folder_id", INT, nullable=True),
        sa.Column("uidvalidity", INT, nullable=True),
        sa.Column("uid", INT, nullable=True),
        sa.Column("calendar_id", INT, nullable=True),
        sa.Column("href", TEXT, nullable=True),
        sa.Column("recurrence", TEXT, nullable=True),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("candidates", TEXT, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("resolved_at", MOMENT, nullable=True),
        sa.Column("resolved_by_id", INT, nullable=True),
        sa.Column("chosen_id", INT, nullable=True),
        sa.ForeignKeyConstraint(["chosen_id"], ["third_party.id"], name="fk_ambiguity_chosen_id"),
        sa.ForeignKeyConstraint(
            ["resolved_by_id"], ["staff.id"], name="fk_ambiguity_resolved_by_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_ambiguity"),
        sa.UniqueConstraint(
            "calendar_id", "href", "recurrence", "candidates", name="uq_ambiguity_calendar_id"
        ),
        sa.UniqueConstraint(
            "folder_id", "uidvalidity", "uid", "candidates", name="uq_ambiguity_folder_id"
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "calendar",
        sa.Column("id", INT, nullable=False),
        sa.Column("account_id", INT, nullable=False),
        sa.Column("href", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("components", JSON, nullable=False),
        sa.Column("writable", sa.Boolean(), nullable=False),
        sa.Column("writes", sa.Boolean(), nullable=False),
        sa.Column("dedicated", sa.Boolean(), nullable=False),
        sa.Column("ctag", TEXT, nullable=True),
        sa.Column("sync_token", TEXT, nullable=True),
        sa.Column("judged_as", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_calendar_account_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_calendar"),
        sa.UniqueConstraint("account_id", "href", name="uq_calendar_account_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "confidential_comment",
        sa.Column("exchange_id", INT, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("words", TEXT, nullable=False),
        sa.Column("author_id", INT, nullable=False),
        sa.Column("revision", INT, nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["staff.id"], name="fk_confidential_comment_author_id"
        ),
        sa.ForeignKeyConstraint(
            ["exchange_id"],
            ["exchange.id"],
            name="fk_confidential_comment_exchange_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("exchange_id", name="pk_confidential_comment"),
    )
    op.create_table(
        "contact",
        sa.Column("id", INT, nullable=False),
        sa.Column("third_party_id", INT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("folded", TEXT, nullable=False),
        sa.Column("level", INT, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("revision", INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["third_party_id"], ["third_party.id"], name="fk_contact_third_party_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_contact"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "exchange_attachment",
        sa.Column("exchange_id", INT, nullable=False),
        sa.Column("position", INT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["exchange_id"],
            ["exchange.id"],
            name="fk_exchange_attachment_exchange_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("exchange_id", "position", name="pk_exchange_attachment"),
    )
    op.create_table(
        "exchange_element",
        sa.Column("exchange_id", INT, nullable=False),
        sa.Column("element_id", INT, nullable=False),
        sa.Column("position", INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["element_id"], ["element.id"], name="fk_exchange_element_element_id"
        ),
        sa.ForeignKeyConstraint(
            ["exchange_id"],
            ["exchange.id"],
            name="fk_exchange_element_exchange_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("exchange_id", "element_id", name="pk_exchange_element"),
    )
    op.create_table(
        "exchange_key",
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("exchange_id", INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["exchange_id"], ["exchange.id"], name="fk_exchange_key_exchange_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("kind", "key", name="pk_exchange_key"),
    )
    op.create_table(
        "exchange_parent",
        sa.Column("exchange_id", INT, nullable=False),
        sa.Column("message_id", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["exchange_id"],
            ["exchange.id"],
            name="fk_exchange_parent_exchange_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("exchange_id", "message_id", name="pk_exchange_parent"),
    )
    op.create_table(
        "exchange_party",
        sa.Column("exchange_id", INT, nullable=False),
        sa.Column("third_party_id", INT, nullable=False),
        sa.Column("position", INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["exchange_id"],
            ["exchange.id"],
            name="fk_exchange_party_exchange_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["third_party_id"], ["third_party.id"], name="fk_exchange_party_third_party_id"
        ),
        sa.PrimaryKeyConstraint("exchange_id", "third_party_id", name="pk_exchange_party"),
    )
    op.create_table(
        "exchange_product",
        sa.Column("exchange_id", INT, nullable=False),
        sa.Column("item_id", INT, nullable=False),
        sa.Column("position", INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["exchange_id"],
            ["exchange.id"],
            name="fk_exchange_product_exchange_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["item_id"], ["list_item.id"], name="fk_exchange_product_item_id"),
        sa.PrimaryKeyConstraint("exchange_id", "item_id", name="pk_exchange_product"),
    )
    op.create_table(
        "exchange_user",
        sa.Column("exchange_id", INT, nullable=False),
        sa.Column("user_id", INT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("position", INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["exchange_id"],
            ["exchange.id"],
            name="fk_exchange_user_exchange_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["staff.id"], name="fk_exchange_user_user_id"),
        sa.PrimaryKeyConstraint("exchange_id", "user_id", "role", name="pk_exchange_user"),
    )
    op.create_table(
        "external_event",
        sa.Column("id", INT, nullable=False),
        sa.Column("system", TEXT, nullable=False),
        sa.Column("external", TEXT, nullable=False),
        sa.Column("third_party_id", INT, nullable=True),
        sa.Column("element_id", INT, nullable=True),
        sa.Column("label", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["element_id"], ["element.id"], name="fk_external_event_element_id"
        ),
        sa.ForeignKeyConstraint(
            ["third_party_id"], ["third_party.id"], name="fk_external_event_third_party_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_external_event"),
        sa.UniqueConstraint("system", "external", name="uq_external_event_system"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "folder",
        sa.Column("id", INT, nullable=False),
        sa.Column("account_id", INT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("uidvalidity", INT, nullable=False),
        sa.Column("uidnext", INT, nullable=False),
        sa.Column("messages", INT, nullable=False),
        sa.Column("modseq", INT, nullable=True),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_folder_account_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_folder"),
        sa.UniqueConstraint("account_id", "name", name="uq_folder_account_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sighting",
        sa.Column("id", INT, nullable=False),
        sa.Column("exchange_id", INT, nullable=False),
        sa.Column("account_id", INT, nullable=False),
        sa.Column("folder_id", INT, nullable=True),
        sa.Column("uidvalidity", INT, nullable=True),
        sa.Column("uid", INT, nullable=True),
        sa.Column("calendar_id", INT, nullable=True),
        sa.Column("href", TEXT, nullable=True),
        sa.Column("recurrence", TEXT, nullable=True),
        sa.Column("place_name", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("owner_id", INT, nullable=True),
        sa.Column("direction", TEXT, nullable=False),
        sa.Column("level", INT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["exchange_id"], ["exchange.id"], name="fk_sighting_exchange_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sighting"),
        sa.UniqueConstraint("calendar_id", "href", "recurrence", name="uq_sighting_calendar_id"),
        sa.UniqueConstraint("folder_id", "uidvalidity", "uid", name="uq_sighting_folder_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "third_party_domain",
        sa.Column("third_party_id", INT, nullable=False),
        sa.Column("domain", TEXT, nullable=False),
        sa.Column("position", INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["third_party_id"],
            ["third_party.id"],
            name="fk_third_party_domain_third_party_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("third_party_id", "domain", name="pk_third_party_domain"),
    )
    op.create_table(
        "third_party_kind",
        sa.Column("third_party_id", INT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["third_party_id"],
            ["third_party.id"],
            name="fk_third_party_kind_third_party_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("third_party_id", "kind", name="pk_third_party_kind"),
    )
    op.create_table(
        "third_party_name",
        sa.Column("third_party_id", INT, nullable=False),
        sa.Column("position", INT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("folded", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["third_party_id"],
            ["third_party.id"],
            name="fk_third_party_name_third_party_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("third_party_id", "position", name="pk_third_party_name"),
    )
    op.create_table(
        "ambiguity_contact",
        sa.Column("ambiguity_id", INT, nullable=False),
        sa.Column("contact_id", INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["ambiguity_id"],
            ["ambiguity.id"],
            name="fk_ambiguity_contact_ambiguity_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contact.id"],
            name="fk_ambiguity_contact_contact_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("ambiguity_id", "contact_id", name="pk_ambiguity_contact"),
    )
    op.create_table(
        "ambiguity_party",
        sa.Column("ambiguity_id", INT, nullable=False),
        sa.Column("third_party_id", INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["ambiguity_id"],
            ["ambiguity.id"],
            name="fk_ambiguity_party_ambiguity_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["third_party_id"],
            ["third_party.id"],
            name="fk_ambiguity_party_third_party_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("ambiguity_id", "third_party_id", name="pk_ambiguity_party"),
    )
    op.create_table(
        "calendar_object",
        sa.Column("calendar_id", INT, nullable=False),
        sa.Column("href", TEXT, nullable=False),
        sa.Column("etag", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["calendar_id"],
            ["calendar.id"],
            name="fk_calendar_object_calendar_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("calendar_id", "href", name="pk_calendar_object"),
    )
    op.create_table(
        "confidential_group",
        sa.Column("exchange_id", INT, nullable=False),
        sa.Column("group_id", INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["exchange_id"],
            ["confidential_comment.exchange_id"],
            name="fk_confidential_group_exchange_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["staff_group.id"],
            name="fk_confidential_group_group_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("exchange_id", "group_id", name="pk_confidential_group"),
    )
    op.create_table(
        "contact_email",
        sa.Column("contact_id", INT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("position", INT, nullable=False),
        sa.Column("email", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name="fk_contact_email_contact_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("contact_id", "key", name="pk_contact_email"),
    )
    op.create_table(
        "contact_phone",
        sa.Column("contact_id", INT, nullable=False),
        sa.Column("position", INT, nullable=False),
        sa.Column("phone", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name="fk_contact_phone_contact_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("contact_id", "position", name="pk_contact_phone"),
    )
    op.create_table(
        "exchange_contact",
        sa.Column("exchange_id", INT, nullable=False),
        sa.Column("contact_id", INT, nullable=False),
        sa.Column("position", INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name="fk_exchange_contact_contact_id"
        ),
        sa.ForeignKeyConstraint(
            ["exchange_id"],
            ["exchange.id"],
            name="fk_exchange_contact_exchange_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("exchange_id", "contact_id", name="pk_exchange_contact"),
    )
    op.create_table(
        "follow_up",
        sa.Column("id", INT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("uid", TEXT, nullable=False),
        sa.Column("series_id", INT, nullable=True),
        sa.Column("occurrence", TEXT, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("start_at", MOMENT, nullable=False),
        sa.Column("end_at", MOMENT, nullable=True),
        sa.Column("all_day", sa.Boolean(), nullable=False),
        sa.Column("zone", TEXT, nullable=False),
        sa.Column("third_party_id", INT, nullable=True),
        sa.Column("contact_id", INT, nullable=True),
        sa.Column("exchange_id", INT, nullable=True),
        sa.Column("creator_id", INT, nullable=True),
        sa.Column("entity_id", INT, nullable=True),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("place", TEXT, nullable=False),
        sa.Column("priority", INT, nullable=False),
        sa.Column("element_id", INT, nullable=True),
        sa.Column("project", TEXT, nullable=True),
        sa.Column("origin", TEXT, nullable=False),
        sa.Column("component", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("percent", INT, nullable=False),
        sa.Column("schedule_version", INT, nullable=False),
        sa.Column("revision", INT, nullable=False),
        sa.Column("planned_revision", INT, nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name="fk_follow_up_contact_id"),
        sa.ForeignKeyConstraint(["creator_id"], ["staff.id"], name="fk_follow_up_creator_id"),
        sa.ForeignKeyConstraint(["element_id"], ["element.id"], name="fk_follow_up_element_id"),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name="fk_follow_up_entity_id"),
        sa.ForeignKeyConstraint(
            ["exchange_id"], ["exchange.id"], name="fk_follow_up_exchange_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["series_id"], ["follow_up_series.id"], name="fk_follow_up_series_id"
        ),
        sa.ForeignKeyConstraint(
            ["third_party_id"], ["third_party.id"], name="fk_follow_up_third_party_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_follow_up"),
        sa.UniqueConstraint("key", name="uq_follow_up_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "hole",
        sa.Column("folder_id", INT, nullable=False),
        sa.Column("uidvalidity", INT, nullable=False),
        sa.Column("uid", INT, nullable=False),
        sa.Column("attempts", INT, nullable=False),
        sa.Column("first_at", MOMENT, nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["folder_id"], ["folder.id"], name="fk_hole_folder_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("folder_id", "uidvalidity", "uid", name="pk_hole"),
    )
    op.create_table(
        "judged_range",
        sa.Column("folder_id", INT, nullable=False),
        sa.Column("uidvalidity", INT, nullable=False),
        sa.Column("directory_version", INT, nullable=False),
        sa.Column("rules", TEXT, nullable=False),
        sa.Column("lo", INT, nullable=False),
        sa.Column("hi", INT, nullable=False),
        sa.CheckConstraint("lo <= hi", name=op.f("ck_judged_range_order")),
        sa.ForeignKeyConstraint(
            ["folder_id"], ["folder.id"], name="fk_judged_range_folder_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(
            "folder_id", "uidvalidity", "directory_version", "rules", "lo", name="pk_judged_range"
        ),
    )
    op.create_table(
        "calendar_copy",
        sa.Column("follow_up_id", INT, nullable=False),
        sa.Column("user_id", INT, nullable=False),
        sa.Column("calendar_id", INT, nullable=False),
        sa.Column("href", TEXT, nullable=False),
        sa.Column("etag", TEXT, nullable=True),
        sa.Column("schedule_tag", TEXT, nullable=True),
        sa.Column("base", sa.LargeBinary(), nullable=True),
        sa.Column("pushed_revision", INT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["follow_up_id"],
            ["follow_up.id"],
            name="fk_calendar_copy_follow_up_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("follow_up_id", "user_id", name="pk_calendar_copy"),
    )
    op.create_table(
        "follow_up_assignee",
        sa.Column("follow_up_id", INT, nullable=False),
        sa.Column("user_id", INT, nullable=False),
        sa.Column("position", INT, nullable=False),
        sa.Column("owner", sa.Boolean(), nullable=False),
        sa.Column("busy", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["follow_up_id"],
            ["follow_up.id"],
            name="fk_follow_up_assignee_follow_up_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["staff.id"], name="fk_follow_up_assignee_user_id"),
        sa.PrimaryKeyConstraint("follow_up_id", "user_id", name="pk_follow_up_assignee"),
    )
    op.create_table(
        "follow_up_change",
        sa.Column("id", INT, nullable=False),
        sa.Column("follow_up_id", INT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("field", TEXT, nullable=False),
        sa.Column("old", JSON, nullable=True),
        sa.Column("new", JSON, nullable=True),
        sa.Column("revision", INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["follow_up_id"],
            ["follow_up.id"],
            name="fk_follow_up_change_follow_up_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_follow_up_change"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "follow_up_closing",
        sa.Column("id", INT, nullable=False),
        sa.Column("follow_up_id", INT, nullable=False),
        sa.Column("exchange_id", INT, nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("undone_at", MOMENT, nullable=True),
        sa.Column("undone_by", TEXT, nullable=True),
        sa.ForeignKeyConstraint(
            ["exchange_id"],
            ["exchange.id"],
            name="fk_follow_up_closing_exchange_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["follow_up_id"],
            ["follow_up.id"],
            name="fk_follow_up_closing_follow_up_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_follow_up_closing"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "follow_up_reminder",
        sa.Column("follow_up_id", INT, nullable=False),
        sa.Column("position", INT, nullable=False),
        sa.Column("before_seconds", INT, nullable=False),
        sa.Column("unit", TEXT, nullable=False),
        sa.Column("anchor", TEXT, nullable=False),
        sa.Column("channel", TEXT, nullable=False),
        sa.Column("template", TEXT, nullable=True),
        sa.ForeignKeyConstraint(
            ["follow_up_id"],
            ["follow_up.id"],
            name="fk_follow_up_reminder_follow_up_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("follow_up_id", "position", name="pk_follow_up_reminder"),
    )
    op.create_table(
        "ledger",
        sa.Column("id", INT, nullable=False),
        sa.Column("follow_up_id", INT, nullable=False),
        sa.Column("occurrence", TEXT, nullable=False),
        sa.Column("before_seconds", INT, nullable=False),
        sa.Column("recipient_id", INT, nullable=False),
        sa.Column("schedule_version", INT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("template", TEXT, nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("attempts", INT, nullable=False),
        sa.Column("claimed_by", TEXT, nullable=True),
        sa.Column("claimed_until", MOMENT, nullable=True),
        sa.Column("next_try_at", MOMENT, nullable=True),
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("mail", sa.LargeBinary(), nullable=True),
        sa.Column("handed_over", sa.Boolean(), nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("last_error", TEXT, nullable=False),
        sa.Column("void_reason", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["follow_up_id"], ["follow_up.id"], name="fk_ledger_follow_up_id"),
        sa.ForeignKeyConstraint(["recipient_id"], ["staff.id"], name="fk_ledger_recipient_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ledger"),
        sa.UniqueConstraint(
            "follow_up_id",
            "occurrence",
            "before_seconds",
            "recipient_id",
            "schedule_version",
            name="uq_ledger_follow_up_id",
        ),
        sqlite_autoincrement=True,
    )


def _indexes() -> None:
    op.create_index("ix_audit_subject", "audit", ["subject"])
    op.create_index("ix_decision_at", "decision", ["at"])
    op.create_index("ix_decision_exchange_id", "decision", ["exchange_id"])
    op.create_index("ix_decision_key_hash", "decision", ["key_hash"])
    op.create_index("ix_external_id_local_id", "external_id", ["noun", "local_id"])
    op.create_index("ix_quarantine_key_hash", "quarantine", ["key_hash"])
    op.create_index("ix_work_run_at", "work", ["kind", "run_at"])
    op.create_index("ix_exchange_happened_at", "exchange", ["happened_at", "id"])
    op.create_index("ix_exchange_message_id", "exchange", ["message_id"])
    op.create_index("ix_exchange_thread", "exchange", ["thread"])
    op.create_index("ix_option_change_key", "option_change", ["key", "entity_id", "id"])
    op.create_index("ix_staff_alias_key", "staff_alias", ["key"])
    op.create_index("ix_contact_third_party_id", "contact", ["third_party_id"])
    op.create_index("ix_exchange_element_element_id", "exchange_element", ["element_id"])
    op.create_index("ix_exchange_key_exchange_id", "exchange_key", ["exchange_id"])
    op.create_index("ix_exchange_parent_message_id", "exchange_parent", ["message_id"])
    op.create_index("ix_exchange_party_third_party_id", "exchange_party", ["third_party_id"])
    op.create_index("ix_exchange_user_user_id", "exchange_user", ["user_id"])
    op.create_index("ix_external_event_third_party_id", "external_event", ["third_party_id", "at"])
    op.create_index("ix_sighting_exchange_id", "sighting", ["exchange_id"])
    op.create_index("ix_sighting_owner_id", "sighting", ["owner_id"])
    op.create_index("ix_contact_email_key", "contact_email", ["key"])
    op.create_index("ix_exchange_contact_contact_id", "exchange_contact", ["contact_id"])
    op.create_index("ix_follow_up_exchange_id", "follow_up", ["exchange_id"])
    op.create_index("ix_follow_up_state", "follow_up", ["state", "start_at"])
    op.create_index("ix_follow_up_third_party_id", "follow_up", ["third_party_id"])
    op.create_index("ix_follow_up_uid", "follow_up", ["uid"])
    op.create_index("ix_calendar_copy_calendar_id", "calendar_copy", ["calendar_id", "href"])
    op.create_index("ix_calendar_copy_state", "calendar_copy", ["state"])
    op.create_index("ix_follow_up_assignee_user_id", "follow_up_assignee", ["user_id"])
    op.create_index("ix_follow_up_change_follow_up_id", "follow_up_change", ["follow_up_id"])
    op.create_index("ix_follow_up_closing_follow_up_id", "follow_up_closing", ["follow_up_id"])
    op.create_index("ix_ledger_message_id", "ledger", ["message_id"])
    op.create_index("ix_ledger_state", "ledger", ["state", "at"])
