"""Copies of meetings: when each says that it was, and why it stands no more."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("sighting") as copy:
        copy.add_column(sa.Column("held_at", sa.DateTime(timezone=True), nullable=True))
        copy.add_column(sa.Column("sequence", INT, nullable=True))
        copy.add_column(sa.Column("gone", sa.Text(), nullable=True))
