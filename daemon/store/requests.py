"""Requests that may come twice: what was asked for under a caller's own key, and the answer that is
given again (the Idempotency-Key of an HTTP request)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.errors import StoreError
from daemon.store.rows import inserting
from daemon.store.tables.installation import request as table
from daemon.store.text import indexable

KEPT_FOR = timedelta(days=30)
"""How long a request is known again."""

c = table.c


class Reused(StoreError):
    """The key was given before, with another request: choose another one."""


def begin(tx: Tx, user: int, key: str, fingerprint: str, now: datetime) -> Mapping[str, Any] | None:
    """What was answered to this request; None when it is new: carry it out, and call `answered`
    before the commit. Of two at a time the second waits for the first. Raises Reused."""
    tx.execute(sa.delete(table).where(c.at < now - KEPT_FOR))
    values = {"user_id": user, "key": indexable(key), "fingerprint": fingerprint}
    statement = inserting(tx, table).values(**values, answer={}, at=now).on_conflict_do_nothing()
    if tx.execute(statement.returning(c.key)).first() is not None:
        return None
    known = sa.and_(c.user_id == user, c.key == values["key"])
    found = tx.execute(sa.select(c.fingerprint, c.answer).where(known)).one()
    if found.fingerprint != fingerprint:
        raise Reused("this key was given with another request before")
    answer: Mapping[str, Any] = found.answer
    return answer


def answered(tx: Tx, user: int, key: str, answer: Mapping[str, Any]) -> None:
    """What is to be answered again: names of things, never what they say, for they may be deleted
    meanwhile."""
    this = sa.and_(c.user_id == user, c.key == indexable(key))
    tx.execute(sa.update(table).where(this).values(answer=dict(answer)))
