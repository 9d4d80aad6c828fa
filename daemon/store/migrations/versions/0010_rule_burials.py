"""Which message a rule buried: its keyed hash, by which other rules dig it up."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it so."""
    op.add_column("tombstone", sa.Column("of_rule", sa.Text(), nullable=True))
