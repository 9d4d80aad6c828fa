"""A series of follow-ups: each occurrence is a follow-up of its own, one calendar object carries
them all, as the copy of the first (docs/decisions/0017).

What an object says of each occurrence is merged with that one; the next ones are opened as time
goes by.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from connectors import ical
from connectors.errors import Unreadable
from daemon.followups import copies
from daemon.followups.copies import BY_CALENDAR
from daemon.rulebook import Book
from daemon.store import Store, Tx, follow_ups
from daemon.store import series as stored
from daemon.store.database import alone
from daemon.store.errors import Unstorable
from rules import merge
from rules.model.followups import (
    CalendarCopy,
    CopyState,
    FollowUp,
    FollowUpDraft,
    FollowUpId,
    Origin,
    Series,
    State,
)
from rules.model.people import UserId
from rules.model.reasons import Why
from rules.model.sightings import Component, Event, EventPlace
from rules.model.wire import CalendarObject

log = structlog.stdlib.get_logger(__name__)

BEHIND: Final = timedelta(days=60)
"""What was longer ago is history: nobody's calendar changes it any more."""
AHEAD: Final = timedelta(days=366)
MOST: Final = 12
"""So many occurrences are open ahead of time."""

Occurrences = Mapping[str, Event]


def read(data: bytes | None, zone: str, now: datetime) -> Occurrences:
    """The occurrences that an object shows, by their RECURRENCE-ID; what can't be read shows
    none."""
    if data is None:
        return {}
    try:
        events = ical.read(data, zone, now - BEHIND, now + AHEAD)
    except Unreadable:
        return {}
    return {e.recurrence_id: e for e in events if e.recurrence_id is not None}


def absorb(
    tx: Tx,
    book: Book,
    zone: str,
    known: Series,
    place: EventPlace,
    owner: UserId | None,
    obj: CalendarObject,
    now: datetime,
) -> str:
    """Take in what the object of a series says; what was done, for the trace."""
    rows = stored.occurrences(tx, known.id)
    copy = _copy(tx, rows[0], place, owner)
    if copy is None:
        return "a colleague's"
    is_back = copy.state is CopyState.GONE
    theirs = read(obj.data, zone, now)
    base = {} if is_back else read(copy.base, zone, now)
    sent = read(copy.sent, zone, now)
    push = copy.state is CopyState.PENDING
    was_known = copy.base is not None
    for ours in rows:
        if not ours.deleted:
            key = ours.occurrence
            sides = base.get(key), theirs.get(key), sent.get(key)
            push |= _one(tx, ours, *sides, theirs, was_known=was_known, now=now)
    _open(tx, book, known, rows, theirs, now)
    head = follow_ups.by_key(tx, rows[0].key)
    here = copies.seen(copy, obj, place)
    if head is not None:
        here = replace(here, pushed_revision=head.revision)
    follow_ups.put_copy(tx, replace(here, state=CopyState.PENDING) if push else here)
    return "merged"


def _one(
    tx: Tx,
    ours: FollowUp,
    base: Event | None,
    theirs: Event | None,
    sent: Event | None,
    shown: Occurrences,
    *,
    was_known: bool,
    now: datetime,
) -> bool:
    """Merge one occurrence; whether the calendar lacks something of ours."""
    if theirs is None:
        if base is not None and ours.state is State.TO_DO:
            after = merge.apply(ours, merge.Changes(state=_gone_as(base, shown)))
            _change(tx, ours, after, Why.DELETED_THERE, now)
        return False
    if base is None and was_known and ours.state is State.NOT_NEEDED:
        # It was struck out, or all of them were gone; it is back.
        again = merge.apply(ours, merge.Changes(state=merge.told(theirs, ours)[1]))
        ours = _change(tx, ours, again, Why.CHANGED_THERE, now)
    merged = merge.merge(base, ours, theirs, None, sent)
    _change(tx, ours, merge.apply(ours, merged.apply), Why.CHANGED_THERE, now)
    return merged.push


def _gone_as(base: Event, shown: Occurrences) -> State:
    """What became of an occurrence that the object holds no longer. Programs tick off a task that
    repeats by moving it on to its next time."""
    first = min((e.when.start for e in shown.values() if e.when is not None), default=None)
    is_ticked = (
        base.component is Component.VTODO
        and base.when is not None
        and first is not None
        and base.when.start < first
    )
    return State.DONE if is_ticked else State.NOT_NEEDED


def _change(tx: Tx, ours: FollowUp, after: FollowUp, why: Why, now: datetime) -> FollowUp:
    if after == ours:
        return ours
    return follow_ups.change(tx, after, BY_CALENDAR, why, now, ours.revision)


def withdraw(tx: Tx, known: Sequence[FollowUp], now: datetime) -> None:
    """The object of a series has gone: no occurrence that is to be done is needed."""
    for ours in known:
        if not ours.deleted and ours.state is State.TO_DO:
            after = merge.apply(ours, merge.deleted(ours))
            follow_ups.change(tx, after, BY_CALENDAR, Why.DELETED_THERE, now, ours.revision)


def begin(
    tx: Tx,
    book: Book,
    zone: str,
    draft: FollowUpDraft,
    obj: CalendarObject,
    place: EventPlace,
    now: datetime,
) -> FollowUp:
    """A person's series becomes one of follow-ups; `draft` is its next occurrence."""
    theirs = read(obj.data, zone, now)
    uid = next((e.uid for e in theirs.values()), draft.uid)
    made = stored.put(tx, uid, now)
    which = next((k for k, e in theirs.items() if e.when == draft.when), "")
    first, _ = follow_ups.open(
        tx, replace(draft, series=made.id, occurrence=which), now, book.live_since
    )
    copies.of_a_person(tx, first, obj, place)
    _open(tx, book, made, (first,), theirs, now)
    return first


def join(
    tx: Tx, ours: FollowUp, copy: CalendarCopy | None, zone: str, now: datetime
) -> Series | None:
    """A follow-up whose event was made to repeat is the first occurrence of a series; None where
    nothing says which."""
    start = ours.when.start
    if copy is not None and copy.base is not None:
        try:
            (agreed, *_) = ical.read(copy.base, zone, now, now)
        except (Unreadable, ValueError):
            return None
        start = agreed.when.start if agreed.when is not None else start
    made = stored.put(tx, ours.uid, now)
    stored.join(tx, ours.id, made.id, ical.occurrence(start, all_day=ours.when.all_day))
    return made


def extend_all(store: Store, book: Book, zone: str, now: datetime) -> int:
    """Open the next occurrences of every series whose time has come; how many there are. One that
    can't be stored keeps no other from it, and is tried again a day later."""
    with store.read() as tx:
        if not stored.to_extend(tx, now, 1):
            return 0
    opened = 0
    with store.write() as tx:
        for one in stored.to_extend(tx, now):
            try:
                with alone(tx):
                    opened += extend(tx, book, zone, one, now)
            except Unstorable as error:
                log.warning("series: put off", series=one.id, why=str(error))
                stored.extended(tx, one.id, now + timedelta(days=1))
    return opened


def extend(tx: Tx, book: Book, zone: str, known: Series, now: datetime) -> int:
    """Open the next occurrences of a series; how many there are."""
    rows = stored.occurrences(tx, known.id)
    carried = follow_ups.copies(tx, rows[0].id) if rows else ()
    if any(c.state is CopyState.GONE for c in carried):
        stored.extended(tx, known.id, now + timedelta(days=1))
        return 0
    data = next((c.base for c in carried if c.base is not None), None)
    if data is None and known.draft is not None:
        data = fresh(known, known.draft, zone, now)
    return _open(tx, book, known, rows, read(data, zone, now), now)


def fresh(known: Series, draft: FollowUpDraft, zone: str, now: datetime) -> bytes:
    """The object of a series that suivi has made, before anything happened to it."""
    return ical.write(master(draft), zone, base=None, url="", now=now, rule=known.rule)


def master(draft: FollowUpDraft) -> FollowUp:
    """What the first occurrence said at the beginning."""
    return FollowUp(
        id=FollowUpId(0),
        key=draft.key,
        uid=draft.uid,
        title=draft.title,
        when=draft.when,
        assignees=draft.assignees,
        description=draft.description,
        place=draft.place,
        priority=draft.priority,
        reminders=draft.reminders,
        exchange=draft.exchange,
        entity=draft.entity,
        origin=draft.origin,
        component=draft.component,
    )


def _open(
    tx: Tx,
    book: Book,
    known: Series,
    rows: Sequence[FollowUp],
    theirs: Occurrences,
    now: datetime,
) -> int:
    """Open the nearest occurrences that are to come and are no follow-ups yet."""
    coming = sorted(
        (e.when.start, name, e)
        for name, e in theirs.items()
        if e.when is not None and e.when.start >= now
    )
    there = {one.occurrence for one in rows}
    opened = 0
    for _, name, event in coming[:MOST]:
        if name not in there and (draft := _draft(known, rows, name, event)) is not None:
            opened += follow_ups.open(tx, draft, now, book.live_since)[1]
    half = [start for start, _, _ in coming[:MOST]][MOST // 2 :]
    stored.extended(tx, known.id, half[0] if half else now + timedelta(days=1))
    return opened


def _draft(
    known: Series, rows: Sequence[FollowUp], name: str, event: Event
) -> FollowUpDraft | None:
    """An occurrence as the object shows it, about what the latest of the others is about; None
    where all of them were deleted."""
    like = next((one for one in reversed(rows) if not one.deleted), None)
    if like is None or event.when is None:
        return None
    title, state = merge.told(event)
    return FollowUpDraft(
        key=f"{like.key.removesuffix(f'/{like.occurrence}')}/{name}",
        uid=known.uid,
        title=title,
        when=event.when,
        description=event.description,
        place=event.location,
        priority=event.priority,
        state=state,
        assignees=like.assignees,
        third_party=like.third_party,
        contact=like.contact,
        exchange=like.exchange,
        creator=like.creator,
        entity=like.entity,
        reminders=like.reminders,
        element=like.element,
        origin=like.origin,
        component=like.component,
        project=like.project,
        series=known.id,
        occurrence=name,
    )


def _copy(tx: Tx, head: FollowUp, place: EventPlace, owner: UserId | None) -> CalendarCopy | None:
    known = follow_ups.copies(tx, head.id)
    here = next((c for c in known if (c.calendar, c.href) == (place.calendar, place.href)), None)
    if here is not None:
        return here
    if not known:
        return CalendarCopy(head.id, head.owner or UserId(0), place.calendar, place.href)
    return next((c for c in known if c.user == (owner or UserId(0))), None)


def compose(
    rows: Iterable[FollowUp],
    data: bytes,
    zone: str,
    now: datetime,
    write: Callable[[FollowUp, bytes], bytes],
) -> bytes:
    """The object saying of each occurrence what is known of it. One that was struck out stays so;
    one that was deleted in suivi is struck out of what suivi has made."""
    shown = read(data, zone, now)
    for one in rows:
        if one.occurrence not in shown:
            continue
        if one.deleted and one.origin is not Origin.PERSON:
            data = ical.without(data, one.uid, one.occurrence, zone)
        elif not one.deleted and (one.revision > 1 or one.state is not State.TO_DO):
            data = write(one, data)
    return data
