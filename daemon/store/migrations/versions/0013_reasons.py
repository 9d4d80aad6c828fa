"""Why a follow-up was closed or changed: a reason and its facts, where an English sentence was."""

import re
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")
_ANSWERED = re.compile(r"(EXC-[0-9]+): they answered")
_SPOKEN = re.compile(r"(EXC-[0-9]+): it was spoken about \((.*)\)")
BATCH = 1_000


def upgrade() -> None:
    for name in ("follow_up_closing", "follow_up_change"):
        op.add_column(name, sa.Column("facts", JSON, nullable=True))
        _told_as_facts(name)


def _told_as_facts(name: str) -> None:
    table = sa.table(
        name,
        sa.column("id", sa.BigInteger()),
        sa.column("reason", sa.Text()),
        sa.column("facts", JSON),
    )
    last = 0
    while True:
        query = sa.select(table.c.id, table.c.reason)
        query = query.where(table.c.id > last, table.c.reason.like("EXC-%"))
        rows = op.get_bind().execute(query.order_by(table.c.id).limit(BATCH)).all()
        if not rows:
            return
        for number, reason in rows:
            found = _facts(reason)
            if found is not None:
                change = sa.update(table).where(table.c.id == number).values(**found)
                op.get_bind().execute(change)
        last = rows[-1].id


def _facts(reason: str) -> dict[str, Any] | None:
    """The columns that stand for a sentence; None for one that suivi has not written."""
    if found := _ANSWERED.fullmatch(reason):
        return {"reason": "answered", "facts": {"ref": found[1]}}
    if found := _SPOKEN.fullmatch(reason):
        return {"reason": "spoken", "facts": {"ref": found[1], "mode": found[2]}}
    return None
