"""Lists of follow-ups: what is asked for, as far as the caller may see it, page by page."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from daemon.store import search, sight
from daemon.store.database import Tx
from daemon.store.rows import chunks
from daemon.store.tables import follow_ups as f
from daemon.store.tables.exchanges import element as element_table
from rules.access import Scope
from rules.model.exchanges import ExchangeId
from rules.model.followups import FollowUpId, State
from rules.model.people import ContactId, EntityId, ThirdPartyId, UserId

Key = tuple[datetime, FollowUpId]
"""Where a follow-up stands in a list: its start, and its id where these are equal."""

Condition = sa.ColumnElement[bool]
row = f.follow_up.c


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is asked for; None asks nothing. `user` has to do it, `element` is a reference in
    any letter case; it starts from `since`, before `until`."""

    third_party: ThirdPartyId | None = None
    contact: ContactId | None = None
    exchange: ExchangeId | None = None
    user: UserId | None = None
    element: str | None = None
    entity: EntityId | None = None
    state: State | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None


def page(
    tx: Tx,
    scope: Scope,
    wanted: Wanted,
    *,
    after: Key | None = None,
    limit: int | None = 50,
    newest_first: bool = False,
) -> tuple[Key, ...]:
    """The keys of the first follow-ups of the list after that one, by their start."""
    query = sa.select(row.start_at, row.id).where(sight.follow_ups(scope), *_asked(tx, wanted))
    if not scope.whole and not scope.follow_ups.others and scope.user is not None:
        query = query.where(row.id.in_(_mine(scope.user)))
    if after is not None:
        here = sa.tuple_(row.start_at, row.id)
        at, number = after
        there = sa.tuple_(sa.literal(at, row.start_at.type), sa.literal(number, row.id.type))
        query = query.where(here < there if newest_first else here > there)
    order = (row.start_at, row.id)
    order_by = tuple(c.desc() for c in order) if newest_first else order
    found = tx.execute(query.order_by(*order_by).limit(limit))
    return tuple((at, FollowUpId(number)) for at, number in found)


def coming(
    tx: Tx,
    scope: Scope,
    wanted: Wanted,
    now: datetime,
    *,
    overdue_days: int | None = None,
    ahead: int = 5,
    most: int | None = None,
) -> tuple[Key, ...]:
    """The overdue ones of the last `overdue_days` (None: all of them), the latest `most`, then the
    next ones; by their start."""
    since = None if overdue_days is None else now - timedelta(days=overdue_days)
    late = replace(wanted, since=since, until=now)
    behind = page(tx, scope, late, limit=most, newest_first=True)
    to_come = page(tx, scope, replace(wanted, since=now), limit=ahead)
    return (*reversed(behind), *to_come)


def count(tx: Tx, scope: Scope, wanted: Wanted, most: int) -> int:
    """How many follow-ups the list has; `most` + 1 for more than that."""
    return len(page(tx, scope, wanted, limit=most + 1))


def changed_at(tx: Tx, several: Iterable[FollowUpId]) -> dict[FollowUpId, datetime]:
    """When each of these was changed last."""
    found: dict[FollowUpId, datetime] = {}
    for some in chunks(several):
        query = sa.select(row.id, row.changed_at).where(row.id.in_(some))
        found |= {FollowUpId(number): at for number, at in tx.execute(query)}
    return found


def last_changed(tx: Tx) -> datetime | None:
    """When any follow-up was changed last."""
    found: datetime | None = tx.execute(sa.select(sa.func.max(row.changed_at))).scalar()
    return found


def _mine(user: UserId) -> sa.CompoundSelect[int]:
    """What sight says already, so that it is found by an index and not by looking through all."""
    assigned = f.follow_up_assignee.c
    return sa.union(
        sa.select(assigned.follow_up_id).where(assigned.user_id == user),
        sa.select(row.id).where(row.creator_id == user),
    )


def _asked(tx: Tx, wanted: Wanted) -> Iterator[Condition]:
    for column, value in (
        (row.third_party_id, wanted.third_party),
        (row.contact_id, wanted.contact),
        (row.exchange_id, wanted.exchange),
        (row.entity_id, wanted.entity),
        (row.state, wanted.state),
    ):
        if value is not None:
            yield column == value
    if wanted.user is not None:
        assigned = f.follow_up_assignee.c
        theirs = sa.select(assigned.follow_up_id).where(assigned.user_id == wanted.user)
        yield row.id.in_(theirs)
    if wanted.element is not None:
        c = element_table.c
        named = sa.select(c.id).where(sa.func.upper(c.ref) == wanted.element.upper())
        yield row.element_id.in_(named)
    if wanted.since is not None:
        yield row.start_at >= wanted.since
    if wanted.until is not None:
        yield row.start_at < wanted.until
    if wanted.text is not None:
        yield search.said(tx, row.words, search.sought(wanted.text))
