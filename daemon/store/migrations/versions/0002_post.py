"""Mail beside reminders: answers, notices and summaries, each sent once."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text()
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "post",
        sa.Column("id", INT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("recipient", TEXT, nullable=False),
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("mail", sa.LargeBinary(), nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("attempts", INT, nullable=False),
        sa.Column("claimed_by", TEXT, nullable=True),
        sa.Column("claimed_until", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("next_try_at", MOMENT, nullable=False),
        sa.Column("useful_until", MOMENT, nullable=False),
        sa.Column("handed_over", sa.Boolean(), nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("last_error", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_post"),
        sa.UniqueConstraint("kind", "key", name="uq_post_kind"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_post_state", "post", ["state", "next_try_at"])
    op.create_index("ix_post_recipient", "post", ["kind", "recipient", "created_at"])
