"""What people did to a follow-up in their calendar comes back: adopt, merge, withdraw.

Called by the event arrow, inside its transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connectors import ical
from connectors.errors import Unreadable
from daemon.followups import copies, series
from daemon.followups.copies import BY_CALENDAR
from daemon.rulebook import Book
from daemon.store import Tx, exchanges, follow_ups, ledger
from daemon.store import series as stored_series
from rules import adopt, merge
from rules.model.decisions import Decision, Reason, Step, Verdict
from rules.model.followups import (
    Assignee,
    CalendarCopy,
    CopyState,
    FollowUp,
    FollowUpDraft,
    LedgerState,
    Series,
    State,
)
from rules.model.people import ThirdPartyId, UserId
from rules.model.reasons import Why
from rules.model.sightings import CalendarId, Event, EventPlace, Sighting
from rules.model.wire import CalendarObject

HORIZON = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Absorb:
    """Takes an object of a calendar that is, or becomes, a follow-up."""

    zone: str

    def __call__(
        self,
        tx: Tx,
        book: Book,
        sighting: Sighting,
        obj: CalendarObject,
        events: Sequence[Event],
        now: datetime,
    ) -> Decision | None:
        """Merge or adopt, and say so; None when the object is no follow-up."""
        event = events[0]
        if not isinstance(sighting.place, EventPlace):
            return None
        if (known := self._series(tx, event.uid, events, now)) is not None:
            args = (book, self.zone, known, sighting.place, sighting.owner, obj, now)
            return _decision(book, "calendar copy of a series", series.absorb(tx, *args))
        ours = follow_ups.by_uid(tx, event.uid)
        if ours is not None:
            return self._merge(tx, book, ours, sighting.place, sighting.owner, obj, event, now)
        if follow_ups.was_deleted(tx, event.uid):
            return _decision(book, "follow-up", "deleted in suivi")
        sign = adopt.sign(book.ruleset, book.directory, sighting, book.around, now)
        if sign is None:
            return None
        place = sighting.place
        if repeats(events):
            sighting = replace(sighting, what=_next(events, now))
        return self._adopt(tx, book, sighting, place, obj, sign, now)

    def _series(self, tx: Tx, uid: str, events: Sequence[Event], now: datetime) -> Series | None:
        """The series that an object carries; what was one follow-up may have become one."""
        known = stored_series.of_uid(tx, uid)
        if known is not None or not repeats(events):
            return known
        ours = follow_ups.by_uid(tx, uid)
        if ours is None:
            return None
        copy = next(iter(follow_ups.copies(tx, ours.id)), None)
        return series.join(tx, ours, copy, self.zone, now)

    def _merge(
        self,
        tx: Tx,
        book: Book,
        ours: FollowUp,
        place: EventPlace,
        owner: UserId | None,
        obj: CalendarObject,
        theirs: Event,
        now: datetime,
    ) -> Decision:
        copy = _copy(tx, ours, place, owner)
        if copy is None:
            return self._at_a_colleagues(tx, book, ours, place, owner, obj, theirs, now)
        is_back = copy.state is CopyState.GONE
        is_moved = (copy.calendar, copy.href) != (place.calendar, obj.href)
        as_known = copy.base == obj.data and copy.etag == obj.etag
        if as_known and not is_moved and not is_back:
            return _decision(book, "calendar copy", "as we know it")
        user = copy.user if copy.user in {a.user for a in ours.assignees} else None
        base, sent = self._read(copy.base, now), self._read(copy.sent, now)
        merged = merge.merge(base, ours, theirs, user, sent)
        after = merge.apply(ours, merged.apply, user)
        if is_back and after.state is State.NOT_NEEDED and copy.user in (ours.owner, UserId(0)):
            # It was closed because its event had gone; the event is back.
            after = _restored(tx, ours, after)
        if after != ours:
            after = follow_ups.change(tx, after, BY_CALENDAR, Why.CHANGED_THERE, now, ours.revision)
        # What was to be written before still is: not all of it is told by the merge.
        owed = copy.state is CopyState.PENDING or copy.pushed_revision < ours.revision
        here = copies.seen(copy, obj, place)
        if merged.push or owed:
            here = replace(here, state=CopyState.PENDING)
        else:
            here = replace(here, pushed_revision=after.revision)
        follow_ups.put_copy(tx, here)
        steps = tuple(Step("kept", s.answer, s.evidence) for s in merged.kept)
        return _decision(book, "calendar copy", "merged", *steps)

    def _at_a_colleagues(
        self,
        tx: Tx,
        book: Book,
        ours: FollowUp,
        place: EventPlace,
        owner: UserId | None,
        obj: CalendarObject,
        theirs: Event,
        now: datetime,
    ) -> Decision:
        """The object lies in the calendar of somebody who has no part in it: moved there, it is
        theirs from then on; beside the owner's own it is known, and nothing more."""
        known = {c.user: c for c in follow_ups.copies(tx, ours.id)}
        if owner is None or (owner in known and _was_theirs(known[owner])):
            # What it was before somebody else got it is no move. What is to go from there still is.
            if owner in known and known[owner].state is CopyState.PENDING:
                here = replace(known[owner], calendar=place.calendar, href=obj.href)
                follow_ups.put_copy(tx, here)
            return _decision(book, "calendar copy", "a colleague's", Step("assigned?", "no"))
        theirs_now = CalendarCopy(
            ours.id, owner, place.calendar, obj.href, pushed_revision=ours.revision
        )
        here = replace(copies.seen(theirs_now, obj, place), state=CopyState.ELSEWHERE)
        follow_ups.put_copy(tx, here)
        lost = known.get(ours.owner or UserId(0))
        if lost is None or lost.state is not CopyState.GONE or ours.state is not State.NOT_NEEDED:
            return _decision(book, "calendar copy", "a colleague's", Step("assigned?", "no"))
        was = self._read(lost.base, now)
        after = _restored(tx, ours, merge.apply(ours, merge.merge(was, ours, theirs).apply))
        _hand_over(tx, replace(after, revision=ours.revision), here, now)
        return _decision(book, "calendar copy", "moved to a colleague's")

    def _adopt(
        self,
        tx: Tx,
        book: Book,
        sighting: Sighting,
        place: EventPlace,
        obj: CalendarObject,
        sign: str,
        now: datetime,
    ) -> Decision:
        event = sighting.what
        assert isinstance(event, Event)  # noqa: S101  the event arrow sends nothing else
        found = adopt.adopt(
            book.ruleset,
            book.directory,
            sighting,
            now,
            book.live_since,
            by_reference=_by_reference(tx, event),
            around=book.around,
            restored=book.recalls(now),
        )
        if not isinstance(found, FollowUpDraft):
            return found
        if book.observing:
            return _decision(book, "follow-up", "would be adopted", sign=sign)
        if event.recurrence_id is not None:
            series.begin(tx, book, self.zone, found, obj, place, now)
            return _decision(book, "series of follow-ups", "adopted", sign=sign)
        follow_up, new = follow_ups.open(tx, found, now, book.live_since)
        copies.of_a_person(tx, follow_up, obj, place)
        return _decision(book, "follow-up", "adopted" if new else "known", sign=sign)

    def _read(self, data: bytes | None, now: datetime) -> Event | None:
        if data is None:
            return None
        try:
            events = ical.read(data, self.zone, now - HORIZON, now + HORIZON)
        except Unreadable:
            # Ours or theirs, it was readable when it was stored; without it the merge is two-way.
            return None
        return events[0] if events else None


def repeats(events: Sequence[Event]) -> bool:
    """Whether an object is a series, or some occurrences of one."""
    return any(e.recurs or e.recurrence_id is not None for e in events)


def _next(events: Sequence[Event], now: datetime) -> Event:
    """The occurrence that is next, else the last one; what a series is adopted by."""
    those = sorted(
        (e for e in events if e.recurrence_id is not None and e.when is not None),
        key=lambda e: (e.when is None, e.when and e.when.start),
    )
    coming = (e for e in those if e.when is not None and e.when.start >= now)
    return next(coming, those[-1] if those else events[0])


def withdraw(tx: Tx, calendar: CalendarId, href: str, now: datetime) -> None:
    """The object has gone: its follow-up is not needed, which can be undone (spec §3). Where the
    same lies in a colleague's calendar, it was moved there, and is theirs."""
    copy = follow_ups.copy(tx, calendar, href)
    if copy is None or copy.state is CopyState.GONE:
        return
    ours = follow_ups.get(tx, copy.follow_up)
    theirs = ours is None or copy.user in {UserId(0), *(a.user for a in ours.assignees)}
    reason = Why.DELETED_THERE if theirs else Why.REASSIGNED
    follow_ups.put_copy(tx, replace(copy, state=CopyState.GONE, reason=reason))
    if ours is not None and ours.series is not None:
        series.withdraw(tx, stored_series.occurrences(tx, ours.series), now)
        return
    if ours is None or ours.state is not State.TO_DO or (ours.owner or UserId(0)) != copy.user:
        return
    others = follow_ups.copies(tx, ours.id)
    moved = next((c for c in others if c.state is CopyState.ELSEWHERE), None)
    if moved is not None:
        # What both last agreed on stands in its old place; what is there now is merged with that.
        place = replace(copy, user=moved.user, calendar=moved.calendar, href=moved.href)
        _hand_over(tx, ours, place, now)
        return
    after = merge.apply(ours, merge.deleted(ours))
    follow_ups.change(tx, after, BY_CALENDAR, Why.DELETED_THERE, now, ours.revision)


def _hand_over(tx: Tx, ours: FollowUp, copy: CalendarCopy, now: datetime) -> None:
    """The follow-up is that of `copy`'s user from now on, and no longer its owner's; what suivi
    has changed meanwhile is still to be written."""
    rest = tuple(a for a in ours.assignees if not a.owner and a.user != copy.user)
    assignees = (Assignee(copy.user, owner=True, busy=ours.busy), *rest)
    after = replace(ours, assignees=assignees, revision=ours.revision + 1)
    follow_ups.change(tx, after, BY_CALENDAR, Why.MOVED_THERE, now, ours.revision)
    follow_ups.put_copy(tx, replace(copy, state=CopyState.PENDING, reason=""))


def _restored(tx: Tx, ours: FollowUp, after: FollowUp) -> FollowUp:
    """To do again. At the time that it had, of which somebody was reminded, nobody is again."""
    again = merge.reopen(after)
    told = any(
        e.state is LedgerState.SENT and e.due.schedule_version == ours.schedule_version
        for e in ledger.of(tx, ours.id)
    )
    is_moved = after.schedule_version != ours.schedule_version
    return (
        replace(again, schedule_version=ours.schedule_version) if told and not is_moved else again
    )


def _by_reference(tx: Tx, event: Event) -> dict[str, ThirdPartyId]:
    """The third parties of the exchanges and elements that the event names."""
    named = adopt.references(event)
    return exchanges.parties_by_reference(tx, named) if named else {}


def _was_theirs(copy: CalendarCopy) -> bool:
    """Whether somebody else was given the follow-up in suivi, and this is what it was before."""
    return copy.reason == Why.REASSIGNED or copy.state in (CopyState.PENDING, CopyState.IN_STEP)


def _copy(tx: Tx, ours: FollowUp, place: EventPlace, owner: UserId | None) -> CalendarCopy | None:
    """Which copy this object is; None: it lies with a colleague who has no part in it."""
    known = follow_ups.copies(tx, ours.id)
    assigned = {a.user for a in ours.assignees}
    mine = [c for c in known if c.user in assigned or c.user == UserId(0)]
    here = next((c for c in mine if (c.calendar, c.href) == (place.calendar, place.href)), None)
    if here is not None:
        return here
    # Same UID, another place: moved there by the person, or a copy that was lost and is back.
    moved = next((c for c in mine if c.user == (owner or UserId(0))), None)
    if moved is not None:
        return moved
    if not known and owner in (None, ours.owner):
        return CalendarCopy(ours.id, ours.owner or UserId(0), place.calendar, place.href)
    if owner is not None and owner in assigned:
        # An assignee's own copy; what the others agreed on is what it should say.
        base = known[0].base if known else None
        return CalendarCopy(ours.id, owner, place.calendar, place.href, base=base)
    if owner is None:
        return next((c for c in mine if c.state is CopyState.GONE), None)
    return None


def _decision(book: Book, question: str, answer: str, *more: Step, sign: str = "") -> Decision:
    return Decision(
        Verdict.IGNORE,
        Reason.FOLLOW_UP,
        book.ruleset.fingerprint,
        (Step(question, answer, sign), *more),
    )
