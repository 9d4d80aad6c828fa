"""What a caller may see, as conditions of queries: the one place where rights become SQL.

A `rules.access.Scope` says it as a value, and each function here makes of it the condition on rows
of one table. Lists, counts, search, histories, exports and neighbours all ask with these; nothing
is filtered after it was read, so what is hidden leaves no gap, counts nowhere and ranks nothing.
`tests/daemon/store/test_sight.py` holds them against `rules.access.may`.
"""

import sqlalchemy as sa

from daemon.store.tables import exchanges as t
from daemon.store.tables import follow_ups as f
from daemon.store.tables.people import third_party
from rules.access import Reach, Scope
from rules.model.exchanges import Role
from rules.model.people import EntityId, Level

Condition = sa.ColumnElement[bool]


def exchanges(scope: Scope) -> Condition:
    """The rows of `exchange` that the caller may see, in part at least."""
    row = t.exchange.c
    if not scope.exchanges.own:
        return sa.false()
    ways = [took_part(scope)]
    if scope.exchanges.others:
        shown = row.level > Level.NOTHING
        # First, for it asks the row alone.
        ways.insert(0, sa.and_(shown, _in(scope.exchanges.entities, row.entity_id)))
    return sa.true() if scope.whole else sa.or_(*ways)


def took_part(scope: Scope, *roles: Role) -> Condition:
    """The exchanges that the caller had, recorded, helped with, or has in their mailbox."""
    if scope.user is None:
        return sa.false()
    c = t.exchange_user.c
    mine = sa.exists().where(c.exchange_id == t.exchange.c.id, own(scope))
    mine = mine.where(c.role.in_(roles)) if roles else mine
    # Said aloud, for within another EXISTS nothing is correlated by itself, and it would hold of
    # everything.
    return mine.correlate(t.exchange)


def own(scope: Scope) -> Condition:
    """The rows of `exchange_user` by which an exchange is the caller's own: all that is seen by who
    doesn't see those of others."""
    return t.exchange_user.c.user_id == scope.user


def whole_texts(scope: Scope) -> Condition:
    """Of the rows that may be seen, those of which nothing is hidden: only their words are
    searched, or a word of a hidden text would tell that it is in there. A level hides nothing
    where there is nothing, as in what was recorded under it."""
    row = t.exchange.c
    if scope.whole:
        return sa.true()
    silent = sa.and_(row.level == Level.SUBJECT, row.comment == "")
    mute = sa.and_(row.level == Level.HAPPENED, row.comment == "", row.subject == "")
    return sa.or_(row.level == Level.EVERYTHING, silent, mute, took_part(scope))


def confidential(scope: Scope) -> Condition:
    """The rows of `confidential_comment` that the caller may read, where `exchange` is the row
    that they belong to and may be seen."""
    if scope.whole:
        return sa.true()
    comment, group = t.confidential_comment.c, t.confidential_group.c
    sees_whole = sa.or_(t.exchange.c.level == Level.EVERYTHING, took_part(scope))
    if scope.confidential:
        return sees_whole
    ways = [took_part(scope, Role.AUTHOR, Role.RECORDER)]
    if scope.user is not None:
        ways.append(comment.author_id == scope.user)
    if scope.groups:
        shared = group.exchange_id == comment.exchange_id
        among = sa.exists().where(shared, group.group_id.in_(sorted(scope.groups)))
        ways.append(among.correlate(t.confidential_comment))
    return sa.and_(sees_whole, sa.or_(*ways))


def follow_ups(scope: Scope) -> Condition:
    """The rows of `follow_up` that the caller may see; what was deleted, nobody does."""
    row, assigned = f.follow_up.c, f.follow_up_assignee.c
    there = row.deleted_at.is_(None)
    if scope.whole:
        return there
    ways = []
    if scope.follow_ups.own and scope.user is not None:
        mine = sa.exists().where(assigned.follow_up_id == row.id, assigned.user_id == scope.user)
        ways += [row.creator_id == scope.user, mine.correlate(f.follow_up)]
    if scope.follow_ups.others:
        ways.append(_in(scope.follow_ups.entities, row.entity_id))
    return sa.and_(there, sa.or_(sa.false(), *ways))


def events(scope: Scope) -> Condition:
    """The rows of `external_event` that the caller may see: what happened in the ERP is nobody's
    own, so it is for those who see the exchanges of others, with that third party."""
    if not scope.exchanges.others:
        return sa.false()
    party = t.external_event.c.third_party_id
    if scope.exchanges.entities is None:
        return sa.true()
    theirs = sa.select(third_party.c.id).where(
        _in(scope.exchanges.entities, third_party.c.entity_id)
    )
    return sa.or_(party.is_(None), party.in_(theirs))


def parties(scope: Scope) -> Condition:
    """The rows of `third_party` that are of the caller's entities, or shared by all."""
    return _reached(scope.parties, third_party.c.entity_id)


def _reached(reach: Reach, entity: sa.ColumnElement[int]) -> Condition:
    return _in(reach.entities, entity) if reach.others else sa.false()


def _in(entities: frozenset[EntityId] | None, entity: sa.ColumnElement[int]) -> Condition:
    """Whether a thing of this entity is in these; one of no entity is in all."""
    if entities is None:
        return sa.true()
    shared = entity.is_(None)
    return sa.or_(shared, entity.in_(sorted(entities))) if entities else shared
