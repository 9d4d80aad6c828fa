"""Rules files as they were put in force."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "rule_set",
        sa.Column("id", INT, nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("files", JSON, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rule_set"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_rule_set_fingerprint", "rule_set", ["fingerprint"])
