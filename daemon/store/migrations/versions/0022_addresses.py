"""By which address each contact of an exchange takes part."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "exchange_address",
        sa.Column("exchange_id", INT, nullable=False, autoincrement=False),
        sa.Column("contact_id", INT, nullable=False, autoincrement=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["exchange_id"],
            ["exchange.id"],
            name="fk_exchange_address_exchange_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contact.id"],
            name="fk_exchange_address_contact_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("exchange_id", "contact_id", "key", name="pk_exchange_address"),
    )
    op.create_index("ix_exchange_address_contact_id", "exchange_address", ["contact_id", "key"])
