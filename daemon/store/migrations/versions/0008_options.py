"""Options of a user; reminders that leave their length to options."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table(
        "option_change", table_kwargs={"sqlite_autoincrement": True}
    ) as table:
        table.add_column(sa.Column("user_id", INT, nullable=True))
        table.create_foreign_key("fk_option_change_user_id", "staff", ["user_id"], ["id"])
    with op.batch_alter_table("follow_up_reminder") as table:
        table.alter_column("before_seconds", existing_type=INT, nullable=True)
    counters = sa.table("counter", sa.column("name"), sa.column("value"))
    for name in ("wishes", "options_builtin"):
        op.execute(counters.insert().values(name=name, value=0))
