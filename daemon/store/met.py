"""Mails of suivi's own that were met in mailboxes after a restore, and of which the restored state
does not know that they were sent; by Message-ID."""

from datetime import datetime

import sqlalchemy as sa

from daemon.store import work
from daemon.store.database import Tx
from daemon.store.tables.installation import work as table

_KIND = "met"


def note(tx: Tx, message_id: str, now: datetime) -> None:
    """It was sent, for it has arrived."""
    work.put(tx, _KIND, message_id, now)


def was(tx: Tx, message_id: str) -> bool:
    """Whether it was met."""
    query = sa.select(table.c.id).where(table.c.kind == _KIND, table.c.key == message_id)
    return tx.execute(query).first() is not None


def forget(tx: Tx, before: datetime) -> None:
    """What was met before then answers no question any more."""
    tx.execute(sa.delete(table).where(table.c.kind == _KIND, table.c.run_at < before))
