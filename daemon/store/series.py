"""Series of follow-ups: what repeats, and which of its occurrences are follow-ups."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter

from daemon.store.database import Tx
from daemon.store.follow_up_read import by_key, several
from daemon.store.rows import inserting
from daemon.store.tables.follow_ups import follow_up
from daemon.store.tables.follow_ups import follow_up_series as table
from rules.model.followups import FollowUp, FollowUpDraft, FollowUpId, Series, SeriesId

c = table.c
_DRAFT = TypeAdapter(FollowUpDraft)


def put(
    tx: Tx,
    uid: str,
    now: datetime,
    *,
    rule: str = "",
    zone: str = "",
    draft: FollowUpDraft | None = None,
) -> Series:
    """The series of this iCalendar UID; asked for twice there is one, as it was first."""
    told = None if draft is None else _DRAFT.dump_python(draft, mode="json")
    statement = inserting(tx, table).values(
        uid=uid, rule=rule, zone=zone, created_at=now, extend_at=now, draft=told
    )
    tx.execute(statement.on_conflict_do_nothing(index_elements=["uid"]))
    found = of_uid(tx, uid)
    if found is None:
        raise LookupError(f"series {uid} is gone")
    return found


def of_uid(tx: Tx, uid: str) -> Series | None:
    """The series of an iCalendar UID."""
    found = tx.execute(sa.select(table).where(c.uid == uid)).first()
    return None if found is None else _series(found)


def get(tx: Tx, series: SeriesId) -> Series | None:
    """One series."""
    found = tx.execute(sa.select(table).where(c.id == series)).first()
    return None if found is None else _series(found)


def occurrences(tx: Tx, series: SeriesId) -> tuple[FollowUp, ...]:
    """Its follow-ups in the order in which they were opened, deleted ones too: the first carries
    the calendar copies of all."""
    row = follow_up.c
    query = sa.select(row.id, row.key).where(row.series_id == series).order_by(row.id)
    rows = tx.execute(query).all()
    live = several(tx, (FollowUpId(r.id) for r in rows))
    found = (live.get(FollowUpId(r.id)) or by_key(tx, r.key) for r in rows)
    return tuple(one for one in found if one is not None)


def join(tx: Tx, follow_up_id: FollowUpId, series: SeriesId, occurrence: str) -> None:
    """A follow-up of its own becomes an occurrence, as when its event is made to repeat."""
    here = follow_up.c.id == follow_up_id
    tx.execute(sa.update(follow_up).where(here).values(series_id=series, occurrence=occurrence))


def to_extend(tx: Tx, now: datetime, limit: int = 20) -> tuple[Series, ...]:
    """Those whose next occurrences are to be opened."""
    query = sa.select(table).where(c.extend_at <= now).order_by(c.extend_at, c.id).limit(limit)
    return tuple(map(_series, tx.execute(query)))


def extended(tx: Tx, series: SeriesId, until: datetime) -> None:
    """All up to then is opened."""
    tx.execute(sa.update(table).where(c.id == series).values(extend_at=until))


def _series(r: Any) -> Series:
    draft = None if r.draft is None else _DRAFT.validate_python(r.draft)
    return Series(SeriesId(r.id), r.uid, r.rule, draft)
