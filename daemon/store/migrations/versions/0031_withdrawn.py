"""The few exchanges that are withdrawn are found without looking at the others."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    few = sa.text("status = 'withdrawn'")
    op.create_index(
        "ix_exchange_withdrawn", "exchange", ["id"], sqlite_where=few, postgresql_where=few
    )
