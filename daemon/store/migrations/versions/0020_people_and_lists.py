"""Groups, entities and list entries that can be edited by several people and retired; what persons
decide of ambiguous participants."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _add("staff_group", sa.Column("active", sa.Boolean(), nullable=True), sa.literal(value=True))
    _add("staff_group", sa.Column("revision", INT, nullable=True), sa.literal(1))
    _add("entity", sa.Column("active", sa.Boolean(), nullable=True), sa.literal(value=True))
    _add("entity", sa.Column("revision", INT, nullable=True), sa.literal(1))
    _add("list_item", sa.Column("revision", INT, nullable=True), sa.literal(1))
    _add("ambiguity", sa.Column("remember", sa.Boolean(), nullable=True), sa.literal(value=False))
    op.add_column("ambiguity", sa.Column("key_hash", sa.Text(), nullable=True))
    op.create_index("ix_ambiguity_key_hash", "ambiguity", ["key_hash"])
    op.create_index(
        "ix_ambiguity_open",
        "ambiguity",
        ["id"],
        sqlite_where=sa.text("resolved_at IS NULL"),
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_table(
        "identity_rule",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("third_party_id", INT, nullable=False, autoincrement=False),
        sa.Column("by_id", INT, nullable=True, autoincrement=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["third_party_id"],
            ["third_party.id"],
            name="fk_identity_rule_third_party_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name="fk_identity_rule_by_id"),
        sa.PrimaryKeyConstraint("key", name="pk_identity_rule"),
    )
    op.create_index("ix_identity_rule_third_party_id", "identity_rule", ["third_party_id"])


def _add(table: str, column: sa.Column[Any], value: sa.ColumnElement[Any]) -> None:
    """A column that every row has, with this value in those that are there."""
    op.add_column(table, column)
    op.execute(sa.update(sa.table(table, sa.column(column.name))).values({column.name: value}))
    with op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.alter_column(column.name, existing_type=column.type, nullable=False)
