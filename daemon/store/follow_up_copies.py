"""The calendar objects that carry follow-ups, and what they are owed; `daemon.store.follow_ups` is
the door to them."""

from typing import Any

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.follow_up_read import assigned_to, query_of, read_all, row
from daemon.store.tables import follow_ups as t
from daemon.store.tables.exchanges import exchange_key
from daemon.store.tables.places import calendar as calendar_table
from rules import identity
from rules.model.exchanges import ExchangeId, KeyKind
from rules.model.followups import CalendarCopy, CopyState, FollowUp, FollowUpId, Origin, State
from rules.model.people import UserId
from rules.model.sightings import AccountId, CalendarId


def without_copy(
    tx: Tx, user: UserId, limit: int = 100, *, assigned: bool = False
) -> tuple[FollowUp, ...]:
    """Live ones to do that this user owns and that no calendar carries for them yet; with
    `assigned` those too that suivi itself has given them a further part in."""
    c = t.calendar_copy.c
    carried = sa.select(c.follow_up_id).where(c.user_id == user)
    theirs: sa.ColumnElement[bool] = row.id.in_(assigned_to(user, owner=True))
    if assigned:
        # A person's own event has guests of its own, and their servers see to it.
        ours = sa.and_(row.origin != Origin.PERSON, row.id.in_(assigned_to(user)))
        theirs = sa.or_(theirs, ours)
    # One object carries a series, as the copy of its first occurrence, whatever became of that.
    alone = sa.and_(row.series_id.is_(None), row.state == State.TO_DO)
    head = sa.and_(row.id.in_(_heads()), row.series_id.in_(_going_on()))
    query = query_of().where(
        row.live.is_(True), theirs, row.id.not_in(carried), sa.or_(alone, head)
    )
    return read_all(tx, query.order_by(row.start_at, row.id).limit(limit))


def _heads() -> sa.Select[tuple[int]]:
    first = sa.func.min(row.id)
    return sa.select(first).where(row.series_id.is_not(None)).group_by(row.series_id)


def _going_on() -> sa.Select[tuple[int]]:
    """The series of which something is to be done."""
    one = t.follow_up.alias("occurrence").c
    return sa.select(one.series_id).where(one.state == State.TO_DO, one.series_id.is_not(None))


def unpublished(
    tx: Tx, account: AccountId | None = None, limit: int = 100
) -> tuple[tuple[FollowUp, CalendarCopy], ...]:
    """The live ones whose copies are owed something, of the calendars of one account or of all.

    Besides PENDING ones these are copies that a change overtook while they were being written.
    """
    copy = t.calendar_copy
    overtaken = sa.and_(copy.c.state == CopyState.IN_STEP, copy.c.pushed_revision < row.revision)
    query = (
        sa.select(copy)
        .join(t.follow_up)
        .where(row.live.is_(True), sa.or_(copy.c.state == CopyState.PENDING, overtaken))
        .order_by(row.changed_at, row.id)
        .limit(limit)
    )
    if account is not None:
        query = query.join(calendar_table, calendar_table.c.id == copy.c.calendar_id).where(
            calendar_table.c.account_id == account
        )
    copies = [_copy(r) for r in tx.execute(query)]
    ids = {c.follow_up for c in copies}
    known = {f.id: f for f in read_all(tx, query_of(deleted=True).where(row.id.in_(ids)))}
    return tuple((known[c.follow_up], c) for c in copies)


def met_at(tx: Tx, exchange: ExchangeId) -> str:
    """The iCalendar UID of the meeting that an exchange was; "" for any other."""
    k = exchange_key.c
    which = sa.and_(k.exchange_id == exchange, k.kind == KeyKind.OCCURRENCE)
    keys = tx.execute(sa.select(k.key).where(which).order_by(k.key)).scalars()
    return next((uid for key in keys if (uid := identity.uid_of(key))), "")


def copy(tx: Tx, calendar: CalendarId, href: str) -> CalendarCopy | None:
    """The copy that an object of a calendar is."""
    c = t.calendar_copy.c
    query = sa.select(t.calendar_copy).where(c.calendar_id == calendar, c.href == href)
    found = tx.execute(query.order_by(c.follow_up_id)).first()
    return None if found is None else _copy(found)


def copies(tx: Tx, follow_up: FollowUpId) -> tuple[CalendarCopy, ...]:
    """The copies of a follow-up, one an assignee."""
    c = t.calendar_copy.c
    query = sa.select(t.calendar_copy).where(c.follow_up_id == follow_up).order_by(c.user_id)
    return tuple(_copy(r) for r in tx.execute(query))


def _copy(r: Any) -> CalendarCopy:
    return CalendarCopy(
        follow_up=FollowUpId(r.follow_up_id),
        user=UserId(r.user_id),
        calendar=CalendarId(r.calendar_id),
        href=r.href,
        etag=r.etag,
        schedule_tag=r.schedule_tag,
        base=None if r.base is None else bytes(r.base),
        pushed_revision=r.pushed_revision,
        state=CopyState(r.state),
        reason=r.reason,
        pushed=r.pushed,
        pushes=r.pushes,
        sent=None if r.sent is None else bytes(r.sent),
    )
