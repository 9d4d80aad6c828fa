"""What bounces say: whom a mail did not reach."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "exchange_undelivered",
        sa.Column("exchange_id", INT, nullable=False, autoincrement=False),
        sa.Column("position", INT, nullable=False, autoincrement=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["exchange_id"],
            ["exchange.id"],
            name="fk_exchange_undelivered_exchange_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("exchange_id", "position", name="pk_exchange_undelivered"),
    )
    op.create_index("ix_exchange_undelivered_message_id", "exchange_undelivered", ["message_id"])
