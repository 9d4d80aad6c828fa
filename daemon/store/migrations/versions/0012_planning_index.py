"""An index of the follow-ups that changed, however many are only to be looked at again."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    rows = sa.text("planned_revision >= 0 AND planned_revision < revision")
    op.create_index(
        "ix_follow_up_changed",
        "follow_up",
        ["start_at", "id"],
        sqlite_where=rows,
        postgresql_where=rows,
    )
