"""What bringing the past in step with other rules needs: under which rules an exchange was judged,
which of its fields a person changed, and which veto is a rule's, that other rules lift."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text()
MOMENT = sa.DateTime(timezone=True)

# Of what was recorded before, the decision about the first copy says it.
_FIRST = """
    UPDATE exchange SET rules = (
        SELECT decision.rules FROM decision WHERE decision.exchange_id = exchange.id
        ORDER BY decision.id LIMIT 1
    )
"""


def upgrade() -> None:
    """Make it so."""
    op.add_column("exchange", sa.Column("rules", TEXT, nullable=True))
    op.execute(_FIRST)
    op.add_column("veto", sa.Column("by_rules", INT, nullable=True))
    op.create_table(
        "exchange_edit",
        sa.Column("exchange_id", INT, nullable=False, autoincrement=False),
        sa.Column("field", TEXT, nullable=False),
        sa.Column("by_id", INT, nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("exchange_id", "field", name="pk_exchange_edit"),
        sa.ForeignKeyConstraint(
            ["exchange_id"],
            ["exchange.id"],
            name="fk_exchange_edit_exchange_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name="fk_exchange_edit_by_id"),
    )
