"""What is on its way to a calendar: after a death it is not taken for a person's change."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("calendar_copy") as copy:
        copy.add_column(sa.Column("sent", sa.LargeBinary(), nullable=True))
