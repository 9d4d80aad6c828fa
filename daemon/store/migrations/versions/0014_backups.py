"""Backups that were taken; when one was restored, and released; which key is the installation's."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("installation", sa.Column("key_mark", sa.Text(), nullable=True))
    for name in ("restored_at", "released_at"):
        op.add_column("installation", sa.Column(name, MOMENT, nullable=True))
    op.create_table(
        "backup",
        sa.Column("id", INT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("size", INT, nullable=False, autoincrement=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_backup"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_backup_at", "backup", ["at"])
