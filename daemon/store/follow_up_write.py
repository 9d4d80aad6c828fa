"""Opening, changing and closing follow-ups; `daemon.store.follow_ups` is the door."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from daemon.store import elements
from daemon.store.database import Tx
from daemon.store.errors import Stale
from daemon.store.follow_up_read import by_key, get
from daemon.store.rows import inserting, replace_rows
from daemon.store.tables import follow_ups as t
from daemon.store.text import words
from rules import identity, merge
from rules.model.decisions import CloseFollowUp, WithdrawFollowUp
from rules.model.followups import (
    START,
    Assignee,
    CalendarCopy,
    CopyState,
    FollowUp,
    FollowUpDraft,
    FollowUpId,
    Reminder,
    State,
)
from rules.model.people import UserId
from rules.model.reasons import Why

SUIVI = "suivi"
"""Who changed it when no person did."""

RULES = "rules"
"""Who changed it when rules did: that may be taken back when others do."""

row = t.follow_up.c

# What may change, and how the history shows it.
_FIELDS: Mapping[str, Callable[[Any], Any]] = {
    "title": str,
    "when": lambda w: [_instant(w.start), _instant(w.end), w.all_day, w.zone],
    "assignees": lambda several: [[a.user, a.owner, a.busy] for a in several],
    "third_party": lambda number: number,
    "contact": lambda number: number,
    "exchange": lambda number: number,
    "entity": lambda number: number,
    "description": str,
    "place": str,
    "priority": int,
    "reminders": lambda several: [_reminder(r) for r in several],
    "project": lambda name: name,
    "element": lambda e: None if e is None else [e.type, e.ref],
    "state": str,
    "percent": int,
    "schedule_version": int,
}


def open(  # noqa: A001  read as `follow_ups.open`
    tx: Tx,
    draft: FollowUpDraft,
    now: datetime,
    live_since: datetime | None,
    occurrence: str = "",
) -> tuple[FollowUp, bool]:
    """The follow-up of this draft, and whether it is new: asking twice opens one.

    One that starts before the installation went live, or while it only observes, is not live.
    """
    statement = (
        inserting(tx, t.follow_up)
        .values(
            key=draft.key,
            uid=draft.uid or identity.follow_up_uid(draft.key),
            series_id=draft.series,
            occurrence=draft.occurrence or occurrence,
            creator_id=draft.creator,
            origin=draft.origin,
            component=draft.component,
            schedule_version=1,
            revision=1,
            planned_revision=0,
            live=live_since is not None and draft.when.start >= live_since,
            created_at=now,
            changed_at=now,
            **_columns(tx, draft),
        )
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(row.id)
    )
    number = tx.execute(statement).scalar()
    if number is not None:
        _put_rows(tx, FollowUpId(number), draft.assignees, draft.reminders)
    stored = by_key(tx, draft.key)
    if stored is None:
        raise Stale(f"follow-up {draft.key} is gone")
    return stored, number is not None


def change(
    tx: Tx,
    follow_up: FollowUp,
    by: str,
    reason: str,
    now: datetime,
    expected_revision: int,
    facts: Mapping[str, str] | None = None,
) -> FollowUp:
    """Make it this value, with the history of each field; its calendar copies are owed the news.
    Reopened, it is owed the copies too that were deleted, and assigned again to somebody, theirs.

    `by` names a user, or what acted; `reason` is one of `daemon.reasons`, with its facts. The same
    value again changes nothing. Raises Stale when it has another revision than expected: read
    again, then decide again.
    """
    stored = locked(tx, follow_up.id)
    if stored.revision != expected_revision:
        raise Stale(f"follow-up {follow_up.key} changed meanwhile")
    changes = [
        {"field": name, "old": shown(before), "new": shown(after)}
        for name, shown in _FIELDS.items()
        if (before := getattr(stored, name)) != (after := getattr(follow_up, name))
    ]
    if not changes:
        return stored
    revision = expected_revision + 1
    tx.execute(
        sa.update(t.follow_up)
        .where(row.id == follow_up.id)
        .values(
            **_columns(tx, follow_up),
            schedule_version=follow_up.schedule_version,
            revision=revision,
            changed_at=now,
        )
    )
    _put_rows(tx, follow_up.id, follow_up.assignees, follow_up.reminders)
    same = {
        "follow_up_id": follow_up.id,
        "at": now,
        "by": by,
        "reason": reason,
        "facts": facts,
        "revision": revision,
    }
    tx.execute(sa.insert(t.follow_up_change), [{**same, **c} for c in changes])
    owe(tx, stored)
    assigned = {a.user for a in follow_up.assignees}
    back = assigned - {a.user for a in stored.assignees}
    if stored.state is not State.TO_DO and follow_up.state is State.TO_DO:
        _undo_closings(tx, follow_up.id, by, now)
        back = assigned
    if stored.series is None:
        _bring_back(tx, follow_up.id, back)
    return replace(follow_up, revision=revision, live=stored.live, opened_at=stored.opened_at)


def close(tx: Tx, effect: CloseFollowUp | WithdrawFollowUp, now: datetime) -> FollowUp | None:
    """An exchange answered it, or made waiting needless; the reason is kept for undoing.

    None when there was nothing to close any more.
    """
    stored = get(tx, effect.follow_up)
    if stored is None or stored.state is not State.TO_DO:
        return None
    state = State.DONE if isinstance(effect, CloseFollowUp) else State.NOT_NEEDED
    after = merge.apply(stored, merge.Changes(state=state))
    why = effect.reason
    closed = change(tx, after, SUIVI, why.how, now, stored.revision, why.facts)
    tx.execute(
        sa.insert(t.follow_up_closing).values(
            follow_up_id=stored.id,
            exchange_id=effect.exchange,
            state=state,
            reason=why.how,
            facts=why.facts,
            at=now,
        )
    )
    return closed


def reopen(tx: Tx, follow_up: FollowUpId, by: str, now: datetime) -> FollowUp:
    """To do again; a closing by an exchange counts as undone. Raises Stale when it is gone."""
    stored = locked(tx, follow_up)
    if stored.state is State.TO_DO:
        return stored
    return change(tx, merge.reopen(stored), by, Why.REOPENED, now, stored.revision)


def owe(tx: Tx, follow_up: FollowUp) -> None:
    """The calendar copies that carry it are owed the news."""
    copy = t.calendar_copy
    whose = copy.c.follow_up_id == follow_up.id
    if follow_up.series is not None:
        whole = sa.select(row.id).where(row.series_id == follow_up.series)
        whose = copy.c.follow_up_id.in_(whole)
    carried = sa.and_(whose, copy.c.state == CopyState.IN_STEP)
    tx.execute(sa.update(copy).where(carried).values(state=CopyState.PENDING))


def _bring_back(tx: Tx, follow_up: FollowUpId, users: set[UserId]) -> None:
    """What is gone from the calendars of these users is to be written there again."""
    copy = t.calendar_copy
    # 0 is a calendar that is nobody's own.
    theirs = copy.c.user_id.in_([*users, 0]) if users else sa.false()
    gone = sa.and_(copy.c.follow_up_id == follow_up, copy.c.state == CopyState.GONE, theirs)
    anew = {"state": CopyState.PENDING, "etag": None, "schedule_tag": None, "reason": ""}
    tx.execute(sa.update(copy).where(gone).values(**anew))


def _undo_closings(tx: Tx, follow_up: FollowUpId, by: str, now: datetime) -> None:
    """Whoever opens it again, in whatever way, takes back that an exchange has closed it."""
    closing = t.follow_up_closing
    standing = sa.and_(closing.c.follow_up_id == follow_up, closing.c.undone_at.is_(None))
    tx.execute(sa.update(closing).where(standing).values(undone_at=now, undone_by=by))


def put_copy(tx: Tx, copy: CalendarCopy) -> None:
    """Where the copy of one assignee stands now."""
    facts = {
        "calendar_id": copy.calendar,
        "href": copy.href,
        "etag": copy.etag,
        "schedule_tag": copy.schedule_tag,
        "base": copy.base,
        "pushed_revision": copy.pushed_revision,
        "state": copy.state,
        "reason": copy.reason,
        "pushed": copy.pushed,
        "pushes": copy.pushes,
        "sent": copy.sent,
    }
    statement = inserting(tx, t.calendar_copy).values(
        follow_up_id=copy.follow_up, user_id=copy.user, **facts
    )
    tx.execute(
        statement.on_conflict_do_update(index_elements=["follow_up_id", "user_id"], set_=facts)
    )


def locked(tx: Tx, follow_up: FollowUpId) -> FollowUp:
    """The follow-up as it stays until the commit. Raises Stale when it is gone."""
    tx.execute(sa.select(row.id).where(row.id == follow_up).with_for_update())
    stored = get(tx, follow_up)
    if stored is None:
        raise Stale(f"follow-up {follow_up} is gone")
    return stored


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def _seconds(length: timedelta | None) -> int | None:
    return None if length is None else int(length.total_seconds())


def _reminder(one: Reminder) -> list[Any]:
    told = [_seconds(one.before), one.channel, one.template]
    return told if one.anchor == START else [*told, one.anchor]


def _columns(tx: Tx, value: FollowUp | FollowUpDraft) -> dict[str, Any]:
    return {
        "title": value.title,
        "start_at": value.when.start,
        "end_at": value.when.end,
        "all_day": value.when.all_day,
        "zone": value.when.zone,
        "third_party_id": value.third_party,
        "contact_id": value.contact,
        "exchange_id": value.exchange,
        "entity_id": value.entity,
        "description": value.description,
        "place": value.place,
        "priority": value.priority,
        "element_id": None if value.element is None else elements.put(tx, value.element),
        "state": value.state,
        "percent": value.percent,
        "project": value.project,
        "words": words(value.title, value.description),
    }


def _put_rows(
    tx: Tx,
    follow_up: FollowUpId,
    assignees: tuple[Assignee, ...],
    reminders: tuple[Reminder, ...],
) -> None:
    assigned, reminded = t.follow_up_assignee, t.follow_up_reminder
    users = [
        {
            "follow_up_id": follow_up,
            "user_id": a.user,
            "position": n,
            "owner": a.owner,
            "busy": a.busy,
        }
        for n, a in enumerate({a.user: a for a in assignees}.values())
    ]
    replace_rows(tx, assigned.c.follow_up_id == follow_up, assigned, users)
    rows = [
        {
            "follow_up_id": follow_up,
            "position": n,
            "before_seconds": _seconds(r.before),
            "unit": r.unit,
            "anchor": r.anchor,
            "channel": r.channel,
            "template": r.template,
        }
        for n, r in enumerate(reminders)
    ]
    replace_rows(tx, reminded.c.follow_up_id == follow_up, reminded, rows)
