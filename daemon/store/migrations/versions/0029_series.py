"""Series of follow-ups: what the first occurrence says, and when the next ones are opened."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    # No version has written a row yet.
    with op.batch_alter_table("follow_up_series") as series:
        series.add_column(sa.Column("draft", JSON, nullable=True))
        series.add_column(sa.Column("extend_at", sa.DateTime(timezone=True), nullable=False))
    op.create_index("ix_follow_up_series_extend_at", "follow_up_series", ["extend_at"])
    op.create_index("ix_follow_up_series_id", "follow_up", ["series_id", "occurrence"])
