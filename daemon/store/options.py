"""What was set: the history of each option is its state, the newest change decides (schema 2)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.rows import count, counted
from daemon.store.tables import follow_ups as f
from daemon.store.tables.installation import counter
from daemon.store.tables.installation import option_change as table
from daemon.store.tables.people import staff_entity
from rules.model.followups import State
from rules.model.people import EntityId, UserId
from rules.options import ALL, Scope, Value

c = table.c

_VERSION = "wishes"
_BUILTIN = "options_builtin"


@dataclass(frozen=True, slots=True)
class Change:
    """One change; a `value` of None takes the option back. `by` None: whoever runs suivi."""

    key: str
    scope: Scope
    value: Value | None
    by: UserId | None
    at: datetime


def put(
    tx: Tx,
    key: str,
    scope: Scope,
    value: Value | None,
    *,
    by: UserId | None,
    now: datetime,
    plans: bool,
) -> bool:
    """Set an option, or take it back with None; False when it stood like that already.

    With `plans` it decides when reminders fall due: those it concerns are planned again.
    """
    # Of two at a time one sees what the other did.
    moved(tx)
    latest = tx.execute(_latest(key, scope)).first()
    if (None if latest is None else latest.value) == value:
        return False
    tx.execute(
        sa.insert(table).values(
            entity_id=scope.entity, user_id=scope.user, key=key, value=value, by_id=by, at=now
        )
    )
    if plans:
        plan_again(tx, scope)
    return True


def _latest(key: str, scope: Scope) -> sa.Select[tuple[object]]:
    this = sa.and_(c.key == key, *_is(scope))
    return sa.select(c.value).where(this).order_by(c.id.desc()).limit(1)


def _is(scope: Scope) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        c.entity_id.is_(None) if scope.entity is None else c.entity_id == scope.entity,
        c.user_id.is_(None) if scope.user is None else c.user_id == scope.user,
    )


def version(tx: Tx, *, lock: bool = False) -> int:
    """Moves with every change of an option or a user; with `lock` there is none till commit."""
    return counted(tx, _VERSION, lock=lock)


def moved(tx: Tx) -> None:
    """An option or a user changes."""
    count(tx, _VERSION)


def in_force(tx: Tx) -> Mapping[tuple[str, Scope], object]:
    """What is set where, as it was stored: this version may not know it any more."""
    newest = sa.select(sa.func.max(c.id)).group_by(c.key, c.entity_id, c.user_id)
    rows = tx.execute(sa.select(table).where(c.id.in_(newest)))
    return {(r.key, _scope(r)): r.value for r in rows if r.value is not None}


def history(tx: Tx, key: str | None = None, limit: int = 100) -> tuple[Change, ...]:
    """Who changed what, the newest first; of one option, or of all."""
    query = sa.select(table).order_by(c.id.desc()).limit(limit)
    rows = tx.execute(query if key is None else query.where(c.key == key))
    return tuple(
        Change(r.key, _scope(r), r.value, None if r.by_id is None else UserId(r.by_id), r.at)
        for r in rows
    )


def _scope(r: sa.Row[tuple[object]]) -> Scope:
    return Scope(
        None if r.entity_id is None else EntityId(r.entity_id),
        None if r.user_id is None else UserId(r.user_id),
    )


def plan_again(tx: Tx, scope: Scope = ALL) -> None:
    """The reminders of the open follow-ups of `scope` are to be looked at again; call `moved`
    first.

    Only marks them, each by its own revision with a minus: what the planner finds marked like
    that has not changed itself.
    """
    row, assigned = f.follow_up.c, f.follow_up_assignee.c
    which = [row.state == State.TO_DO, row.live.is_(True), row.planned_revision > 0]
    if scope.user is not None:
        theirs = sa.select(assigned.follow_up_id).where(assigned.user_id == scope.user)
        which.append(row.id.in_(theirs))
    elif scope.entity is not None:
        member = staff_entity.c
        staff = sa.select(member.user_id).where(member.entity_id == scope.entity)
        theirs = sa.select(assigned.follow_up_id).where(assigned.user_id.in_(staff))
        shared = sa.and_(row.entity_id.is_(None), row.id.in_(theirs))
        which.append(sa.or_(row.entity_id == scope.entity, shared))
    marked = sa.update(f.follow_up).where(*which)
    tx.execute(marked.values(planned_revision=-row.planned_revision))


def built_in(tx: Tx, values: Mapping[str, Value]) -> bool:
    """Say what holds where nobody set anything; True when that is news, for the configuration or
    the program changed: then all is planned again."""
    text = repr(sorted(values.items()))
    print_ = int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")
    if counted(tx, _BUILTIN, lock=True) == print_:
        return False
    moved(tx)
    tx.execute(sa.update(counter).where(counter.c.name == _BUILTIN).values(value=print_))
    plan_again(tx)
    return True
