"""Where the calendars of an account are, when each was compared in full, what suivi put there."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("calendar", sa.Column("compared_at", MOMENT, nullable=True))
    op.add_column("calendar", sa.Column("lied_at", MOMENT, nullable=True))
    op.create_table(
        "calendar_unsure",
        sa.Column("calendar_id", INT, nullable=False, autoincrement=False),
        sa.Column("href", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["calendar_id"], ["calendar.id"], "fk_calendar_unsure_calendar_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("calendar_id", "href", name="pk_calendar_unsure"),
    )
    op.create_table(
        "calendar_home",
        sa.Column("account_id", INT, nullable=False, autoincrement=False),
        sa.Column("found_at", MOMENT, nullable=False),
        sa.Column("found", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], "fk_calendar_home_account_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", name="pk_calendar_home"),
    )
