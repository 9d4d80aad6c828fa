"""What people write: formatted comments, deleted follow-ups, elements of third parties, requests
that may come twice; and an audit trail that can't be changed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    for name in ("exchange", "confidential_comment"):
        op.add_column(name, sa.Column("html", sa.Text(), nullable=True))
    op.add_column("follow_up", sa.Column("deleted_at", MOMENT, nullable=True))
    op.create_index("ix_audit_who", "audit", ["who", "id"])
    _elements()
    op.create_table(
        "request",
        sa.Column("user_id", INT, nullable=False, autoincrement=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("answer", JSON, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "key", name="pk_request"),
    )
    op.create_index("ix_request_at", "request", ["at"])
    _append_only()


def _elements() -> None:
    # A column with a foreign key: SQLite adds one in place, where it may be empty.
    owner = sa.Column("third_party_id", INT, nullable=True, autoincrement=False)
    foreign = "fk_element_third_party_id_third_party"
    with op.batch_alter_table("element") as element:
        element.add_column(owner)
        element.add_column(sa.Column("url", sa.Text(), nullable=True))
        element.create_foreign_key(foreign, "third_party", ["third_party_id"], ["id"])
    op.create_index("ix_element_third_party_id", "element", ["third_party_id"])
    op.create_index("ix_element_url", "element", ["url"])


def _append_only() -> None:
    """Who writes a line of the trail can't take it back, whatever program they use."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit"
                " BEGIN SELECT RAISE(ABORT, 'the audit trail is only appended to'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_is_appended_to() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'the audit trail is only appended to'; END $$"
    )
    for verb in ("UPDATE", "DELETE", "TRUNCATE"):
        op.execute(
            f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit"
            " FOR EACH STATEMENT EXECUTE FUNCTION audit_is_appended_to()"
        )
