"""What people did to a follow-up in their calendar comes back: adopt, merge, withdraw.

Called by the event arrow, inside its transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connectors import ical
from connectors.errors import Unreadable
from daemon.rulebook import Book
from daemon.store import Tx, exchanges, follow_ups
from rules import adopt, merge
from rules.model.decisions import Decision, Reason, Step, Verdict
from rules.model.followups import CalendarCopy, CopyState, FollowUp, FollowUpDraft, State
from rules.model.people import ThirdPartyId, UserId
from rules.model.reasons import Why
from rules.model.sightings import CalendarId, Event, EventPlace, Sighting
from rules.model.wire import CalendarObject

HORIZON = timedelta(days=366)
BY_CALENDAR = "calendar"


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
        ours = follow_ups.by_uid(tx, event.uid)
        if ours is not None:
            return self._merge(tx, book, ours, sighting.place, sighting.owner, obj, event, now)
        if follow_ups.was_deleted(tx, event.uid):
            return _decision(book, "follow-up", "deleted in suivi")
        sign = adopt.sign(book.ruleset, book.directory, sighting, book.around, now)
        if sign is None:
            return None
        return _adopt(tx, book, sighting, sighting.place, obj, sign, now)

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
            return _decision(book, "calendar copy", "a colleague's", Step("assigned?", "no"))
        is_back = copy.state is CopyState.GONE
        if copy.base == obj.data and copy.etag == obj.etag and not is_back:
            return _decision(book, "calendar copy", "as we know it")
        base = self._base(copy, now)
        merged = merge.merge(base, ours, theirs)
        after = merge.apply(ours, merged.apply)
        if is_back and after.state is State.NOT_NEEDED:
            # It was closed because its event had gone; the event is back.
            after = merge.reopen(after)
        if after != ours:
            after = follow_ups.change(tx, after, BY_CALENDAR, Why.CHANGED_THERE, now, ours.revision)
        follow_ups.put_copy(
            tx,
            replace(
                copy,
                calendar=place.calendar,
                href=obj.href,
                etag=obj.etag,
                schedule_tag=obj.schedule_tag,
                base=obj.data,
                pushed_revision=copy.pushed_revision if merged.push else after.revision,
                state=CopyState.PENDING if merged.push else CopyState.IN_STEP,
                reason="",
            ),
        )
        steps = tuple(Step("kept", s.answer, s.evidence) for s in merged.kept)
        return _decision(book, "calendar copy", "merged", *steps)

    def _base(self, copy: CalendarCopy, now: datetime) -> Event | None:
        if copy.base is None:
            return None
        try:
            events = ical.read(copy.base, self.zone, now - HORIZON, now + HORIZON)
        except Unreadable:
            # Ours or theirs, it was readable when it was stored; without it the merge is two-way.
            return None
        return events[0] if events else None


def withdraw(tx: Tx, calendar: CalendarId, href: str, now: datetime) -> None:
    """The object has gone: its follow-up is not needed, which can be undone (spec §3)."""
    copy = follow_ups.copy(tx, calendar, href)
    if copy is None or copy.state is CopyState.GONE:
        return
    ours = follow_ups.get(tx, copy.follow_up)
    follow_ups.put_copy(tx, replace(copy, state=CopyState.GONE, reason=Why.DELETED_THERE))
    if ours is None or ours.state is not State.TO_DO or ours.owner != copy.user:
        return
    after = merge.apply(ours, merge.deleted(ours))
    follow_ups.change(tx, after, BY_CALENDAR, Why.DELETED_THERE, now, ours.revision)


def _adopt(
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
    follow_up, new = follow_ups.open(tx, found, now, book.live_since)
    owner = follow_up.owner or UserId(0)
    follow_ups.put_copy(
        tx,
        CalendarCopy(
            follow_up=follow_up.id,
            user=owner,
            calendar=place.calendar,
            href=obj.href,
            etag=obj.etag,
            schedule_tag=obj.schedule_tag,
            base=obj.data,
            # The object is the person's: nothing is owed to it until suivi changes something.
            pushed_revision=follow_up.revision,
            state=CopyState.IN_STEP,
        ),
    )
    return _decision(book, "follow-up", "adopted" if new else "known", sign=sign)


def _by_reference(tx: Tx, event: Event) -> dict[str, ThirdPartyId]:
    """The third parties of the exchanges and elements that the event names."""
    named = adopt.references(event)
    return exchanges.parties_by_reference(tx, named) if named else {}


def _copy(tx: Tx, ours: FollowUp, place: EventPlace, owner: UserId | None) -> CalendarCopy | None:
    """Which copy this object is; None: it lies with a colleague who has no part in it."""
    known = follow_ups.copies(tx, ours.id)
    here = next((c for c in known if (c.calendar, c.href) == (place.calendar, place.href)), None)
    if here is not None:
        return here
    # Same UID, another place: moved there by the person, or a copy that was lost and is back.
    moved = next((c for c in known if c.user == owner), None)
    if moved is not None:
        return moved
    if not known:
        return CalendarCopy(ours.id, ours.owner or UserId(0), place.calendar, place.href)
    if owner is not None and any(a.user == owner for a in ours.assignees):
        # An assignee's own copy; what the others agreed on is what it should say.
        return CalendarCopy(ours.id, owner, place.calendar, place.href, base=known[0].base)
    return next((c for c in known if c.state is CopyState.GONE), None)


def _decision(book: Book, question: str, answer: str, *more: Step, sign: str = "") -> Decision:
    return Decision(
        Verdict.IGNORE,
        Reason.FOLLOW_UP,
        book.ruleset.fingerprint,
        (Step(question, answer, sign), *more),
    )
