"""Accounts that were set up in suivi, beside those of the configuration file."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "account_setup",
        sa.Column("id", INT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("options", JSON, nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("revision", INT, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("id", name="pk_account_setup"),
        sa.UniqueConstraint("kind", "name", name="uq_account_setup_kind"),
        sqlite_autoincrement=True,
    )
    counters = sa.table("counter", sa.column("name"), sa.column("value"))
    op.execute(counters.insert().values(name="account_setups", value=0))
