"""What rules say: tags, links by level, the word of each copy; tags of third parties."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text()
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "exchange_tag",
        sa.Column("exchange_id", INT, nullable=False, autoincrement=False),
        sa.Column("tag", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("exchange_id", "tag", name="pk_exchange_tag"),
        sa.ForeignKeyConstraint(
            ["exchange_id"], ["exchange.id"], name="fk_exchange_tag_exchange_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_exchange_tag_tag", "exchange_tag", ["tag"])
    op.create_table(
        "third_party_tag",
        sa.Column("third_party_id", INT, nullable=False, autoincrement=False),
        sa.Column("tag", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("third_party_id", "tag", name="pk_third_party_tag"),
        sa.ForeignKeyConstraint(
            ["third_party_id"],
            ["third_party.id"],
            name="fk_third_party_tag_third_party_id",
            ondelete="CASCADE",
        ),
    )
    op.add_column("sighting", sa.Column("said", JSON, nullable=True))
    op.add_column("exchange_element", sa.Column("level", INT, nullable=True))
    with op.batch_alter_table("confidential_comment") as batch:
        batch.alter_column("author_id", existing_type=INT, nullable=True)
    if op.get_context().dialect.name == "sqlite":
        _keep_index_in_step()


def _keep_index_in_step() -> None:
    """SQLite makes the table anew, and its triggers go with the old one (0001, FTS5 §4.4.3)."""
    table, key = "confidential_comment", "exchange_id"
    index = f"{table}_search"
    gone = f"INSERT INTO {index}({index}, rowid, words) VALUES('delete', old.{key}, old.words);"
    new = f"INSERT INTO {index}(rowid, words) VALUES (new.{key}, new.words);"  # noqa: S608 (our names)
    op.execute(f"CREATE TRIGGER {index}_new AFTER INSERT ON {table} BEGIN {new} END")
    op.execute(f"CREATE TRIGGER {index}_gone AFTER DELETE ON {table} BEGIN {gone} END")
    op.execute(
        f"CREATE TRIGGER {index}_changed AFTER UPDATE OF words ON {table} BEGIN {gone} {new} END"
    )
