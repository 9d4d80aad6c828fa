"""At which step something went into quarantine, and why a person dropped it."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("quarantine", sa.Column("step", sa.Text(), nullable=True))
    op.add_column("quarantine", sa.Column("dropped", sa.Text(), nullable=True))
