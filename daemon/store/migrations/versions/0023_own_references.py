"""Exchanges of an entity may be numbered by themselves, beside the numbers of all."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("exchange", sa.Column("own_ref", sa.Text(), nullable=True))
    op.create_index("ix_exchange_own_ref", "exchange", ["own_ref"], unique=True)
