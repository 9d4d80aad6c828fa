"""Replies that rules wait for, and whether rules let an exchange close follow-ups."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text()
MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "awaited_reply",
        sa.Column("id", INT, nullable=False),
        sa.Column("exchange_id", INT, nullable=False),
        sa.Column("rule", TEXT, nullable=False),
        sa.Column("within", INT, nullable=False),
        sa.Column("later", JSON, nullable=False),
        sa.Column("draft", JSON, nullable=False),
        sa.Column("look_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_awaited_reply"),
        sa.ForeignKeyConstraint(
            ["exchange_id"],
            ["exchange.id"],
            name="fk_awaited_reply_exchange_id",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("exchange_id", "rule", name="uq_awaited_reply_exchange_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_awaited_reply_look_at", "awaited_reply", ["look_at"])
    op.add_column("exchange", sa.Column("answers", sa.Boolean(), nullable=True))
