"""Deleting a follow-up: nothing of it stays but its key, by which nothing opens it again; its
calendar objects and reminders follow."""

from datetime import datetime

import sqlalchemy as sa

from daemon.store import post
from daemon.store.database import Tx
from daemon.store.errors import Stale
from daemon.store.follow_up_read import row
from daemon.store.follow_up_write import locked, owe
from daemon.store.tables import follow_ups as t
from rules.model.followups import CopyState, FollowUpId, Origin, SeriesId, State
from rules.model.reasons import Why

_NOTHING = {
    "title": "",
    "description": "",
    "words": "",
    "place": "",
    "project": None,
    "third_party_id": None,
    "contact_id": None,
    "exchange_id": None,
    "element_id": None,
    "state": State.NOT_NEEDED,
}


def delete(tx: Tx, follow_up: FollowUpId, now: datetime, expected_revision: int) -> None:
    """Delete it. The object that suivi wrote goes from the calendar; a person's own event stays,
    and is no follow-up any more. Raises Stale when it is gone, or another than expected."""
    stored = locked(tx, follow_up)
    if stored.revision != expected_revision:
        raise Stale(f"follow-up {stored.key} changed meanwhile")
    tx.execute(
        sa.update(t.follow_up)
        .where(row.id == follow_up)
        .values(**_NOTHING, revision=expected_revision + 1, changed_at=now, deleted_at=now)
    )
    for table in (
        t.follow_up_assignee,
        t.follow_up_reminder,
        t.follow_up_change,
        t.follow_up_closing,
    ):
        tx.execute(sa.delete(table).where(table.c.follow_up_id == follow_up))
    post.withhold(tx, frozenset({follow_up}), 0, Why.DELETED)
    if stored.series is not None:
        # Its object carries the others too.
        owe(tx, stored)
        _forget(tx, stored.series)
        return
    copy = t.calendar_copy
    mine = copy.c.follow_up_id == follow_up
    if stored.origin is Origin.PERSON:
        gone = {"state": CopyState.GONE, "base": None, "reason": Why.DELETED}
        tx.execute(sa.update(copy).where(mine).values(**gone))
        return
    carried = copy.c.state.in_((CopyState.IN_STEP, CopyState.PENDING))
    tx.execute(sa.update(copy).where(mine, carried).values(state=CopyState.PENDING))


def _forget(tx: Tx, series: SeriesId) -> None:
    """Of a series of which every occurrence was deleted nothing is told either."""
    left = sa.select(row.id).where(row.series_id == series, row.deleted_at.is_(None))
    if tx.execute(left.limit(1)).first() is None:
        whole = t.follow_up_series
        tx.execute(sa.update(whole).where(whole.c.id == series).values(draft=None))
