"""Answers that matched nobody wait for what they answer, for as long as the log of decisions."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "orphan",
        sa.Column("mark", INT, nullable=False, autoincrement=False),
        sa.Column("folder_id", INT, nullable=False, autoincrement=False),
        sa.Column("uidvalidity", INT, nullable=False, autoincrement=False),
        sa.Column("uid", INT, nullable=False, autoincrement=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["folder_id"], ["folder.id"], "fk_orphan_folder_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("mark", "folder_id", "uidvalidity", "uid", name="pk_orphan"),
    )
    op.create_index("ix_orphan_at", "orphan", ["at"])
