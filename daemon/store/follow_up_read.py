"""Reading follow-ups and their calendar copies; `daemon.store.follow_ups` is the door to them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.rows import among, chunks, grouped
from daemon.store.tables import follow_ups as t
from daemon.store.tables.exchanges import element
from rules.model.exchanges import ExchangeId, LinkedElement
from rules.model.followups import (
    Assignee,
    FollowUp,
    FollowUpId,
    Origin,
    Reminder,
    SeriesId,
    State,
)
from rules.model.people import ContactId, EntityId, ThirdPartyId, UserId
from rules.model.sightings import Component, When

row = t.follow_up.c


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field as it was and as it became; times are ISO 8601, durations seconds. The reason is
    one of `daemon.reasons`, with its facts."""

    at: datetime
    by: str
    reason: str
    facts: Mapping[str, str]
    field: str
    old: Any
    new: Any
    revision: int


@dataclass(frozen=True, slots=True)
class Closing:
    """Why a follow-up was closed (a reason of `daemon.reasons`, with its facts), by which exchange,
    and when that was undone."""

    state: State
    reason: str
    facts: Mapping[str, str]
    exchange: ExchangeId | None
    at: datetime
    undone_at: datetime | None = None
    undone_by: str | None = None


def get(tx: Tx, follow_up: FollowUpId) -> FollowUp | None:
    """One follow-up."""
    return _one(tx, row.id == follow_up)


def several(tx: Tx, ids: Iterable[FollowUpId]) -> dict[FollowUpId, FollowUp]:
    """Those of them that there are."""
    return {
        found.id: found
        for some in chunks(ids)
        for found in read_all(tx, query_of().where(among(tx, row.id, some)))
    }


def by_ref(tx: Tx, ref: str) -> FollowUp | None:
    """The follow-up of a reference, `FU-12`; the number alone will do."""
    prefix, _, number = ref.strip().rpartition("-")
    if prefix.upper() not in ("", "FU") or not (number.isascii() and number.isdigit()):
        return None
    # More digits than any number has, and PostgreSQL would refuse the comparison.
    return get(tx, FollowUpId(int(number))) if len(number) < 19 else None


def by_key(tx: Tx, key: str) -> FollowUp | None:
    """The follow-up that was asked for under this key, a deleted one too."""
    return _one(tx, row.key == key, deleted=True)


def was_deleted(tx: Tx, uid: str) -> bool:
    """Whether a person deleted all follow-ups of this iCalendar UID: it opens none again."""
    query = sa.select(row.deleted_at).where(row.uid == uid)
    found = tx.execute(query).scalars().all()
    return bool(found) and None not in found


def by_uid(tx: Tx, uid: str, occurrence: str | None = None) -> FollowUp | None:
    """The follow-up of an iCalendar UID; of several occurrences the first, unless told which."""
    same = row.uid == uid
    return _one(tx, same if occurrence is None else sa.and_(same, row.occurrence == occurrence))


def open_ones(tx: Tx, third_party: ThirdPartyId | None = None) -> tuple[FollowUp, ...]:
    """What is still to do, by time; those that aren't live too."""
    query = query_of().where(row.state == State.TO_DO)
    if third_party is not None:
        query = query.where(row.third_party_id == third_party)
    return read_all(tx, query.order_by(row.start_at, row.id))


def count_open(tx: Tx) -> int:
    """How many are still to do."""
    query = sa.select(sa.func.count()).select_from(t.follow_up).where(row.state == State.TO_DO)
    number: int = tx.execute(query).scalar_one()
    return number


def coming(
    tx: Tx,
    *,
    now: datetime,
    user: UserId | None = None,
    third_party: ThirdPartyId | None = None,
    overdue_days: int | None = None,
    limit: int = 5,
) -> tuple[FollowUp, ...]:
    """The overdue ones of the last `overdue_days` (None: all of them), then the next `limit`."""
    query = query_of().where(row.state == State.TO_DO).order_by(row.start_at, row.id)
    if user is not None:
        query = query.where(row.id.in_(assigned_to(user)))
    if third_party is not None:
        query = query.where(row.third_party_id == third_party)
    overdue = query.where(row.start_at < now)
    if overdue_days is not None:
        overdue = overdue.where(row.start_at >= now - timedelta(days=overdue_days))
    ahead = query.where(row.start_at >= now).limit(limit)
    return (*read_all(tx, overdue), *read_all(tx, ahead))


def with_assignee(tx: Tx, user: UserId, before: datetime) -> tuple[FollowUp, ...]:
    """What this user has to do that starts before then, by time; what isn't live is left out."""
    query = query_of().where(
        row.state == State.TO_DO,
        row.live.is_(True),
        row.start_at < before,
        row.id.in_(assigned_to(user)),
    )
    return read_all(tx, query.order_by(row.start_at, row.id))


def assigned_to(user: UserId, *, owner: bool = False) -> sa.Select[tuple[int]]:
    """The numbers of what this user has a part in, or owns."""
    c = t.follow_up_assignee.c
    query = sa.select(c.follow_up_id).where(c.user_id == user)
    return query.where(c.owner.is_(True)) if owner else query


def history(tx: Tx, follow_up: FollowUpId) -> tuple[FieldChange, ...]:
    """Every change of a field, oldest first."""
    table = t.follow_up_change
    query = sa.select(table).where(table.c.follow_up_id == follow_up).order_by(table.c.id)
    return tuple(
        FieldChange(r.at, r.by, r.reason, r.facts or {}, r.field, r.old, r.new, r.revision)
        for r in tx.execute(query)
    )


def closings(tx: Tx, follow_up: FollowUpId) -> tuple[Closing, ...]:
    """Every closing by an exchange, undone ones too, oldest first."""
    table = t.follow_up_closing
    query = sa.select(table).where(table.c.follow_up_id == follow_up).order_by(table.c.id)
    return tuple(map(closing_of, tx.execute(query)))


def closing_of(r: sa.Row[Any]) -> Closing:
    """A row of closings as a value."""
    return Closing(
        State(r.state),
        r.reason,
        r.facts or {},
        None if r.exchange_id is None else ExchangeId(r.exchange_id),
        r.at,
        r.undone_at,
        r.undone_by,
    )


def undone(tx: Tx, exchange: ExchangeId) -> frozenset[FollowUpId]:
    """The follow-ups that this exchange closed once, which somebody has taken back since."""
    table = t.follow_up_closing.c
    query = sa.select(table.follow_up_id).where(
        table.exchange_id == exchange, table.undone_at.is_not(None)
    )
    return frozenset(map(FollowUpId, tx.execute(query).scalars()))


def unplanned(tx: Tx, limit: int) -> tuple[FollowUp, ...]:
    """The live ones whose reminders may not be in step with the ledger, soonest first: before
    those of which only somebody's options changed, for these may be many, those that changed."""
    behind = sa.and_(row.live.is_(True), row.planned_revision < row.revision)
    # Spelled out: a partial index is not found by a parameter.
    none = sa.literal(0, literal_execute=True)
    found: tuple[FollowUp, ...] = ()
    for these in (row.planned_revision >= none, row.planned_revision < none):
        # A deleted one still has to lose its reminders.
        query = query_of(deleted=True).where(behind, these).order_by(row.start_at, row.id)
        if len(found) < limit:
            found += read_all(tx, query.limit(limit - len(found)))
    return found


def wished_otherwise(tx: Tx, ids: Iterable[FollowUpId]) -> frozenset[FollowUpId]:
    """Those of these that were planned as they are: only what their assignees wish changed."""
    same = row.planned_revision == -row.revision
    return frozenset(
        FollowUpId(number)
        for some in chunks(ids)
        for number in tx.execute(sa.select(row.id).where(row.id.in_(some), same)).scalars()
    )


def scheduled_at(tx: Tx, follow_up: FollowUp) -> datetime | None:
    """When it was given the time that it has: opened, moved or reopened."""
    if follow_up.schedule_version == 1:
        return follow_up.opened_at
    c = t.follow_up_change.c
    moves = sa.select(sa.func.max(c.at)).where(
        c.follow_up_id == follow_up.id, c.field == "schedule_version"
    )
    moved: datetime | None = tx.execute(moves).scalar()
    return moved or follow_up.opened_at


def planned(tx: Tx, several: Iterable[FollowUp]) -> None:
    """Their reminders, as of these values, stand in the ledger."""
    statement = sa.update(t.follow_up).where(row.id == sa.bindparam("which"))
    rows = [{"which": one.id, "planned_revision": one.revision} for one in several]
    if rows:
        tx.execute(statement, rows)


def query_of(*, deleted: bool = False) -> sa.Select[Any]:
    """All follow-ups, for `read_all`; with `deleted` those too."""
    e = element.c
    told = (
        e.type.label("element_type"),
        e.ref.label("element_ref"),
        e.date.label("element_date"),
        e.amount.label("element_amount"),
        e.state.label("element_state"),
    )
    query = sa.select(t.follow_up, *told).outerjoin(element, e.id == row.element_id)
    return query if deleted else query.where(row.deleted_at.is_(None))


def _one(tx: Tx, which: sa.ColumnElement[bool], *, deleted: bool = False) -> FollowUp | None:
    query = query_of(deleted=deleted).where(which).order_by(row.start_at, row.id).limit(1)
    return next(iter(read_all(tx, query)), None)


def read_all(tx: Tx, query: sa.Select[Any]) -> tuple[FollowUp, ...]:
    """What a query of `query_of` finds, with assignees and reminders."""
    rows = tx.execute(query).all()
    ids = [r.id for r in rows]
    a, m = t.follow_up_assignee.c, t.follow_up_reminder.c
    assigned = sa.select(a.follow_up_id, a.user_id, a.owner, a.busy).order_by(a.position)
    assignees = grouped(tx, assigned, a.follow_up_id, ids)
    reminded = sa.select(m.follow_up_id, m.before_seconds, m.channel, m.template, m.anchor, m.unit)
    reminders = grouped(tx, reminded.order_by(m.position), m.follow_up_id, ids)
    return tuple(_follow_up(r, assignees[r.id], reminders[r.id]) for r in rows)


def _follow_up(r: Any, assignees: list[Any], reminders: list[Any]) -> FollowUp:
    linked = None
    if r.element_id is not None:
        linked = LinkedElement(
            r.element_type, r.element_ref, r.element_date, r.element_amount, r.element_state
        )
    return FollowUp(
        id=FollowUpId(r.id),
        key=r.key,
        uid=r.uid,
        title=r.title,
        when=When(r.start_at, r.end_at, r.all_day, r.zone),
        assignees=tuple(Assignee(UserId(user), owner, busy) for user, owner, busy in assignees),
        third_party=None if r.third_party_id is None else ThirdPartyId(r.third_party_id),
        contact=None if r.contact_id is None else ContactId(r.contact_id),
        exchange=None if r.exchange_id is None else ExchangeId(r.exchange_id),
        creator=None if r.creator_id is None else UserId(r.creator_id),
        entity=None if r.entity_id is None else EntityId(r.entity_id),
        description=r.description,
        place=r.place,
        priority=r.priority,
        reminders=tuple(
            Reminder(None if before is None else timedelta(seconds=before), *rest)
            for before, *rest in reminders
        ),
        element=linked,
        origin=Origin(r.origin),
        component=Component(r.component),
        state=State(r.state),
        percent=r.percent,
        schedule_version=r.schedule_version,
        revision=r.revision,
        live=r.live,
        opened_at=r.created_at,
        project=r.project,
        deleted=r.deleted_at is not None,
        series=None if r.series_id is None else SeriesId(r.series_id),
        occurrence=r.occurrence,
    )
