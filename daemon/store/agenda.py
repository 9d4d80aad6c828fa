"""What a digest tells of one user, and that each of their days has one digest at most."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.exchange_read import get
from daemon.store.follow_up_read import Closing, closing_of
from daemon.store.rows import inserting
from daemon.store.tables import exchanges as t
from daemon.store.tables.follow_ups import digest as table
from daemon.store.tables.follow_ups import follow_up, follow_up_assignee, follow_up_closing
from daemon.store.tables.people import third_party
from rules.model.exchanges import Direction, Exchange, ExchangeId, Role
from rules.model.followups import FollowUpId, State
from rules.model.people import ThirdPartyId, UserId

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Some(Generic[Found]):
    """The first of them, and how many more there are."""

    found: tuple[Found, ...]
    more: int


def told(tx: Tx) -> dict[UserId, date]:
    """The last day of each user that was seen to."""
    return {UserId(r.user_id): date.fromisoformat(r.day) for r in tx.execute(sa.select(table))}


def begin(tx: Tx, user: UserId, day: date) -> bool:
    """See to a day of a user; False when that one, or a later one, was seen to already. Whoever
    is told True puts the digest into the post before the commit."""
    statement = inserting(tx, table).values(user_id=user, day=day.isoformat())
    newer = statement.on_conflict_do_update(
        index_elements=["user_id"],
        set_={"day": statement.excluded.day},
        where=table.c.day < statement.excluded.day,
    )
    return tx.execute(newer.returning(table.c.user_id)).first() is not None


def unanswered(
    tx: Tx, user: UserId, since: datetime, until: datetime, limit: int
) -> Some[Exchange]:
    """What this user wrote in that time and is the last of its thread, newest first."""
    row, later = t.exchange.c, t.exchange.alias("later")
    answered = sa.exists().where(
        later.c.thread == row.thread,
        sa.or_(
            later.c.happened_at > row.happened_at,
            sa.and_(later.c.happened_at == row.happened_at, later.c.id > row.id),
        ),
    )
    query = (
        sa.select(row.id, _NUMBER)
        .where(
            row.id.in_(_of(user, Role.AUTHOR)),
            row.direction == Direction.OUTBOUND,
            row.thread.is_not(None),
            row.happened_at >= since,
            row.happened_at < until,
            ~answered,
        )
        .order_by(row.happened_at.desc(), row.id.desc())
        .limit(limit)
    )
    rows = tx.execute(query).all()
    read = (get(tx, ExchangeId(r.id)) for r in rows)
    return Some(tuple(one for one in read if one is not None), _more(rows))


def resting(
    tx: Tx, user: UserId, since: datetime, until: datetime, limit: int
) -> Some[tuple[ThirdPartyId, datetime]]:
    """Third parties that this user last dealt with in that time, that nobody has dealt with
    since, and about whom nothing is to be done; with that last time, latest first."""
    row, party, role = t.exchange.c, t.exchange_party.c, t.exchange_user.c
    last = sa.func.max(row.happened_at)
    joined = t.exchange.join(t.exchange_party).join(t.exchange_user)
    theirs = (
        sa.select(party.third_party_id, last.label("last"))
        .select_from(joined)
        .where(role.user_id == user, row.happened_at >= since)
        .group_by(party.third_party_id)
        .subquery()
    )
    other, whose = t.exchange.alias("other"), t.exchange_party.alias("whose")
    since_then = sa.exists().where(
        whose.c.third_party_id == theirs.c.third_party_id,
        other.c.id == whose.c.exchange_id,
        other.c.happened_at >= until,
    )
    planned = sa.exists().where(
        follow_up.c.third_party_id == theirs.c.third_party_id,
        follow_up.c.state == State.TO_DO,
    )
    query = (
        sa.select(theirs.c.third_party_id, theirs.c.last, _NUMBER)
        .join(third_party, third_party.c.id == theirs.c.third_party_id)
        .where(third_party.c.active.is_(True), theirs.c.last < until, ~since_then, ~planned)
        .order_by(theirs.c.last.desc(), theirs.c.third_party_id)
        .limit(limit)
    )
    rows = tx.execute(query).all()
    return Some(tuple((ThirdPartyId(r.third_party_id), r.last) for r in rows), _more(rows))


def closings(tx: Tx, user: UserId, since: datetime, limit: int) -> Some[tuple[FollowUpId, Closing]]:
    """What exchanges closed of this user's follow-ups since then and nobody took back, oldest
    first; the follow-up with each."""
    c = follow_up_closing.c
    mine = sa.select(follow_up_assignee.c.follow_up_id).where(follow_up_assignee.c.user_id == user)
    query = (
        sa.select(follow_up_closing, _NUMBER)
        .where(c.follow_up_id.in_(mine), c.at >= since, c.undone_at.is_(None))
        .order_by(c.id)
        .limit(limit)
    )
    rows = tx.execute(query).all()
    return Some(tuple((FollowUpId(r.follow_up_id), closing_of(r)) for r in rows), _more(rows))


# Of all that a query finds, whatever its limit.
_NUMBER = sa.func.count().over().label("in_all")


def _more(rows: Sequence[sa.Row[Any]]) -> int:
    return rows[0].in_all - len(rows) if rows else 0


def _of(user: UserId, role: Role) -> sa.Select[Any]:
    c = t.exchange_user.c
    return sa.select(c.exchange_id).where(c.user_id == user, c.role == role)
