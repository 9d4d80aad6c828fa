"""How many messages arrived on which day in which folder; what the admin was told is wrong."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "arrival",
        sa.Column("folder_id", INT, nullable=False, autoincrement=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("messages", INT, nullable=False, autoincrement=False),
        sa.ForeignKeyConstraint(
            ["folder_id"], ["folder.id"], name="fk_arrival_folder_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("folder_id", "day", name="pk_arrival"),
    )
    op.create_table(
        "alarm",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("told_at", MOMENT, nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("gone_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("kind", "subject", name="pk_alarm"),
    )
