"""Anybody's history is read from one index: who takes part carries the time of its exchange. And
follow-ups have the words that are searched."""

import re
import unicodedata
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
BATCH = 1_000

# Table, and whose exchanges its index finds.
PEOPLE = (
    ("exchange_party", "third_party_id"),
    ("exchange_contact", "contact_id"),
    ("exchange_user", "user_id"),
)


def upgrade() -> None:
    op.drop_index("ix_exchange_happened_at", "exchange")
    op.create_index("ix_exchange_happened_at", "exchange", ["happened_at", "id"], unique=True)
    op.create_index("ix_exchange_entity_id", "exchange", ["entity_id", "happened_at", "id"])
    op.create_index("ix_exchange_product_item_id", "exchange_product", ["item_id"])
    for table, whose in PEOPLE:
        _carries_time(table, whose)
    op.create_index("ix_external_event_at", "external_event", ["at", "id"])
    op.drop_index("ix_external_event_third_party_id", "external_event")
    op.create_index(
        "ix_external_event_third_party_id", "external_event", ["third_party_id", "at", "id"]
    )
    op.create_index("ix_external_event_element_id", "external_event", ["element_id"])
    op.create_index("ix_follow_up_start_at", "follow_up", ["start_at", "id"])
    op.drop_index("ix_follow_up_third_party_id", "follow_up")
    op.create_index(
        "ix_follow_up_third_party_id", "follow_up", ["third_party_id", "start_at", "id"]
    )
    op.create_index("ix_follow_up_contact_id", "follow_up", ["contact_id"])
    op.create_index("ix_follow_up_element_id", "follow_up", ["element_id"])
    op.add_column(
        "follow_up", sa.Column("words", sa.Text(), nullable=False, server_default=sa.text("''"))
    )
    _index_follow_ups()


def _carries_time(table: str, whose: str) -> None:
    index = f"ix_{table}_{whose}"
    op.drop_index(index, table)
    op.add_column(table, sa.Column("happened_at", MOMENT, nullable=True))
    op.execute(
        f"UPDATE {table} SET happened_at ="  # noqa: S608  our names
        f" (SELECT happened_at FROM exchange WHERE exchange.id = {table}.exchange_id)"
    )
    with op.batch_alter_table(table) as batch:
        batch.alter_column("happened_at", existing_type=MOMENT, nullable=False)
        batch.drop_constraint(f"fk_{table}_exchange_id", type_="foreignkey")
        batch.create_foreign_key(
            f"fk_{table}_exchange_id",
            "exchange",
            ["exchange_id", "happened_at"],
            ["id", "happened_at"],
            ondelete="CASCADE",
            onupdate="CASCADE",
        )
    op.create_index(index, table, [whose, "happened_at", "exchange_id"])


def _index_follow_ups() -> None:
    columns = [sa.column(n, sa.Text()) for n in ("title", "description", "words")]
    table = sa.table("follow_up", sa.column("id", sa.BigInteger()), *columns)
    last = 0
    while True:
        query = sa.select(table.c.id, table.c.title, table.c.description).where(table.c.id > last)
        rows = op.get_bind().execute(query.order_by(table.c.id).limit(BATCH)).all()
        if not rows:
            return
        change = sa.update(table).where(table.c.id == sa.bindparam("which"))
        found: list[dict[str, Any]] = [
            {"which": r.id, "words": _words(f"{r.title} {r.description}")} for r in rows
        ]
        op.get_bind().execute(change, found)
        last = rows[-1].id


def _words(text: str) -> str:
    """As `daemon.store.text.words` was then."""
    plain = {"œ": "oe", "æ": "ae", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i"}
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    folded = "".join(plain.get(c, c) for c in decomposed if not unicodedata.combining(c))
    found = dict.fromkeys(w[:64] for w in re.findall(r"[^\W_]+", folded))
    return " ".join(list(found)[:20_000])
