"""What was last written to a calendar: a server that rewrites it is not written for ever."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("calendar_copy") as copy:
        copy.add_column(sa.Column("pushed", sa.Text(), nullable=False, server_default=""))
        copy.add_column(sa.Column("pushes", INT, nullable=False, server_default="0"))
