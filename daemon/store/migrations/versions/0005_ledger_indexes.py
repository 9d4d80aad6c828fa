"""Indexes for what is asked of the ledger at every tick, and who was told of what failed."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("ledger", sa.Column("told_at", MOMENT, nullable=True))
    _only("ix_ledger_waiting", "ledger", "state IN ('retry', 'unknown')", "next_try_at")
    _only("ix_ledger_left", "ledger", "state IN ('claimed', 'sending')", "claimed_until")
    _only("ix_ledger_untold", "ledger", "state = 'failed' AND told_at IS NULL", "id")
    _only("ix_follow_up_unplanned", "follow_up", "planned_revision < revision", "start_at", "id")


def _only(name: str, table: str, rows: str, *columns: str) -> None:
    where = sa.text(rows)
    op.create_index(name, table, list(columns), sqlite_where=where, postgresql_where=where)
