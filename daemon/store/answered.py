"""Answers that were carried out: a mailbox that is read anew must not carry them out twice."""

from datetime import datetime

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.rows import inserting
from daemon.store.tables.follow_ups import answered as table
from daemon.store.text import indexable

c = table.c


def note(tx: Tx, key: str, result: str, now: datetime) -> bool:
    """Say that the message of this key was answered so; False when it was answered before."""
    statement = inserting(tx, table).values(key=indexable(key), result=result, at=now)
    statement = statement.on_conflict_do_nothing(index_elements=["key"])
    return tx.execute(statement.returning(c.key)).first() is not None


def was(tx: Tx, key: str) -> bool:
    """Whether the message of this key was answered before."""
    return tx.execute(sa.select(c.key).where(c.key == indexable(key))).first() is not None


def forget(tx: Tx, before: datetime) -> None:
    """Of what is older nothing could be carried out again: its tokens have expired."""
    tx.execute(sa.delete(table).where(c.at < before))
