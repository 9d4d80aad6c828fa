"""The follow-up arrow: what suivi knows of a follow-up appears in its owner's calendar.

    unpublished copies → bytes → conditional PUT → marked published; on Changed: read, merge, once
    more

Killed between the PUT and its mark, the next run finds its own object there and marks it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from connectors import ical
from connectors.errors import Changed, Refused, Unreadable
from daemon.clock import now
from daemon.followups import series
from daemon.followups.absorb import Absorb, withdraw
from daemon.ports import Calendars
from daemon.rulebook import Book, Rulebook
from daemon.steps import reached
from daemon.store import Lease, Store, Tx, accounts, follow_ups
from daemon.store import calendars as shelf
from daemon.store import series as stored_series
from rules import identity, match, schedule
from rules.model.followups import CalendarCopy, CopyState, FollowUp, Origin, Series
from rules.model.people import Level, UserId
from rules.model.reasons import Why
from rules.model.sightings import AccountId, Component, EventPlace, Sighting
from rules.model.wire import CalendarObject

OUTSIDERS = "has guests from outside: a server may mail them"
REWRITTEN = "the server writes it otherwise each time"
PUSHES = 2
"""So often the same is written, in a row, to a server that makes something else of it."""


@dataclass(frozen=True, slots=True)
class Publish:
    """What the arrow works with; `link` gives the address of a follow-up's page, or ""."""

    store: Store
    rulebook: Rulebook
    absorb: Absorb
    zone: str
    link: Callable[[FollowUp], str]


def publish(publish: Publish, account: AccountId, calendars: Calendars, lease: Lease) -> int:
    """Write every pending copy of this account's calendars; returns how many were written.

    Raises Unreachable from the server, and Refused after all others are written: what could not
    be written stays pending. An object that can't be read is left alone, with the reason.
    """
    book = publish.rulebook.in_force()
    if book.silent:
        return 0
    with publish.store.read() as tx:
        pending = follow_ups.unpublished(tx, account, limit=100)
    troubles: list[Refused] = []
    for follow_up, copy in pending:
        try:
            _write(publish, book, calendars, lease, follow_up, copy)
        except Unreadable as error:
            _mark(publish, lease, replace(copy, state=CopyState.PARKED, reason=str(error)))
        except Refused as error:
            troubles.append(error)
    if troubles:
        raise troubles[0]
    return len(pending)


def _write(
    publish: Publish,
    book: Book,
    calendars: Calendars,
    lease: Lease,
    follow_up: FollowUp,
    copy: CalendarCopy,
) -> None:
    assigned = {a.user for a in follow_up.assignees}
    if follow_up.series is not None:
        with publish.store.read() as tx:
            rows = stored_series.occurrences(tx, follow_up.series)
        whole_gone = all(one.deleted for one in rows)
        # Of a person's the deleted occurrences stay in the calendar, as a single one does.
        assigned = set()
        follow_up = replace(follow_up, deleted=whole_gone)
    if follow_up.deleted or (assigned and copy.user and copy.user not in assigned):
        _take_away(publish, book, calendars, lease, follow_up, copy)
        return
    try:
        _one(publish, book, calendars, lease, follow_up, copy)
    except Found as found:
        reached("follow-up.written")
        _absorb_and_retry(publish, book, calendars, lease, follow_up, copy, found.object)
    except Changed:
        _absorb_and_retry(publish, book, calendars, lease, follow_up, copy)


class Found(Exception):
    """What was to be created stands there already, and says something else."""

    def __init__(self, found: CalendarObject) -> None:
        super().__init__(found.href)
        self.object = found


def _one(
    publish: Publish,
    book: Book,
    calendars: Calendars,
    lease: Lease,
    follow_up: FollowUp,
    copy: CalendarCopy,
) -> None:
    moment = now()
    if copy.base is not None and ical.outside_attendees(copy.base, _own(book)):
        _mark(publish, lease, replace(copy, state=CopyState.PARKED, reason=OUTSIDERS))
        return
    with publish.store.read() as tx:
        calendar = shelf.get(tx, copy.calendar)
        met = "" if follow_up.exchange is None else follow_ups.met_at(tx, follow_up.exchange)
        rows, known = _rows(tx, follow_up)

    def write(one: FollowUp, base: bytes | None, rule: str = "") -> bytes:
        told = _told(book, calendar, one, copy)
        return ical.write(
            told,
            publish.zone,
            base=base,
            url=publish.link(told),
            now=moment,
            marked=_may_mark(book, one),
            follows=met,
            rule=rule,
            occurrence="" if base is None or known is None else one.occurrence,
        )

    if known is None:
        data = write(follow_up, copy.base)
    elif copy.base is not None:
        data = series.compose(rows, copy.base, publish.zone, moment, write)
    elif known.draft is not None:
        data = write(series.master(known.draft), None, known.rule)
        data = series.compose(rows, data, publish.zone, moment, write)
    else:
        raise Unreadable(f"{copy.href}: a series that nothing tells of")
    shown = replace(copy, reason="")
    # Without an etag there is no object: one that was deleted comes back as it was.
    if data != copy.base or copy.etag is None:
        pushed = f"{sum(one.revision for one in rows)}:{ical.semantics(data)}"
        pushes = copy.pushes + 1 if copy.etag is not None and copy.pushed == pushed else 1
        if pushes > PUSHES:
            shown = replace(copy, reason=REWRITTEN)
        else:
            # A death between here and the mark leaves what was written to be told from a change.
            _mark(publish, lease, replace(copy, sent=data))
            written = calendars.put(calendar.href, copy.href, data, copy.etag)
            if copy.etag is None and ical.semantics(written.data) != ical.semantics(data):
                # An earlier object of ours, which a person may have changed since.
                raise Found(written)
            # A server may have an earlier object of ours under another name: that one counts then.
            shown = replace(
                shown,
                href=written.href,
                etag=written.etag,
                schedule_tag=written.schedule_tag,
                base=written.data,
                sent=None,
                pushed=pushed,
                pushes=pushes,
            )
            reached("follow-up.written")
    mark = replace(shown, pushed_revision=follow_up.revision, state=CopyState.IN_STEP)
    with publish.store.write() as tx:
        accounts.fence(tx, lease)
        if known is not None and _rows(tx, follow_up)[0] != rows:
            # Another occurrence changed meanwhile.
            mark = replace(mark, state=CopyState.PENDING)
        follow_ups.put_copy(tx, mark)
        if mark.etag is not None:
            shelf.written(tx, calendar.id, mark.href, mark.etag)


def _rows(tx: Tx, follow_up: FollowUp) -> tuple[tuple[FollowUp, ...], Series | None]:
    """All that the object of a follow-up carries, and the series that it is, if any."""
    if follow_up.series is None:
        return (follow_up,), None
    return stored_series.occurrences(tx, follow_up.series), stored_series.get(tx, follow_up.series)


def _told(
    book: Book, calendar: shelf.Calendar, follow_up: FollowUp, copy: CalendarCopy
) -> FollowUp:
    """The follow-up as this assignee's calendar shows it: as the kind of object that it takes or
    that they prefer, with their own busy flag, and their reminders spelled out for the alarm."""
    user = book.directory.users.get(copy.user)
    kind = follow_up.component
    if user is not None and book.prefers_tasks(user, follow_up.entity):
        kind = Component.VTODO
    if kind.value not in calendar.components and calendar.components:
        kind = next((k for k in Component if k.value in calendar.components), kind)
    others = tuple(replace(a, owner=False) for a in follow_up.assignees if a.user != copy.user)
    mine = tuple(replace(a, owner=True) for a in follow_up.assignees if a.user == copy.user)
    theirs = (*mine, *others) if mine else follow_up.assignees
    rung = _rung(follow_up, None if user is None else book.wishes(user, follow_up.entity).before)
    return replace(rung, component=kind, assignees=theirs)


def _may_mark(book: Book, follow_up: FollowUp) -> bool:
    """Whether the object may carry suivi's link and reference: a person's own only where that is
    configured (spec §3)."""
    owner = None if follow_up.owner is None else book.directory.users.get(follow_up.owner)
    return follow_up.origin is not Origin.PERSON or book.marks_own(owner, follow_up.entity)


def _take_away(
    publish: Publish,
    book: Book,
    calendars: Calendars,
    lease: Lease,
    follow_up: FollowUp,
    copy: CalendarCopy,
) -> None:
    """The object of a follow-up that is deleted, or another's now, goes as it stands: a PUT that
    nobody marked may have written it. One with guests from outside is left alone, for its server
    may mail them, and so is a person's own."""
    with publish.store.read() as tx:
        calendar = shelf.get(tx, copy.calendar)
    gone = replace(
        copy,
        etag=None,
        schedule_tag=None,
        base=None,
        pushed_revision=follow_up.revision,
        state=CopyState.GONE,
        reason=Why.DELETED if follow_up.deleted else Why.REASSIGNED,
    )
    if follow_up.origin is Origin.PERSON:
        _mark(publish, lease, gone)
        return
    for found in calendars.fetch(calendar.href, [copy.href]):
        if ical.outside_attendees(found.data, _own(book)):
            gone = replace(gone, state=CopyState.PARKED, reason=OUTSIDERS)
            continue
        try:
            calendars.delete(calendar.href, copy.href, found.etag or "*")
        except Changed as error:
            raise Refused(f"{copy.href}: changes faster than it can be deleted") from error
        reached("follow-up.deleted")
    _mark(publish, lease, gone)


def _rung(follow_up: FollowUp, before: timedelta | None) -> FollowUp:
    """With the length of the assignee's reminders spelled out, for the alarm that rings with
    them."""
    if before is None:
        return follow_up
    spelled = tuple(
        replace(r, before=before) if r.before is None else r for r in follow_up.reminders
    )
    return replace(follow_up, reminders=spelled)


def _absorb_and_retry(
    publish: Publish,
    book: Book,
    calendars: Calendars,
    lease: Lease,
    follow_up: FollowUp,
    copy: CalendarCopy,
    standing: CalendarObject | None = None,
) -> None:
    """Somebody changed the object first: take their change in, then write once more."""
    with publish.store.read() as tx:
        calendar = shelf.get(tx, copy.calendar)
    found = (standing,) if standing else calendars.fetch(calendar.href, [copy.href])
    moment = now()
    if not found:
        _check_emptied(publish, calendars, calendar)
        with publish.store.write() as tx:
            accounts.fence(tx, lease)
            withdraw(tx, copy.calendar, copy.href, moment)
        return
    events = ical.read(found[0].data, publish.zone, moment, moment)
    if not events:
        raise Unreadable(f"{copy.href}: holds no event any more")
    place = EventPlace(calendar.id, calendar.name, found[0].href, found[0].etag or "")
    sighting = Sighting(calendar.account, copy.user, place, events[0], Level.EVERYTHING)
    with publish.store.write() as tx:
        accounts.fence(tx, lease)
        publish.absorb(tx, book, sighting, found[0], events, moment)
        merged = follow_ups.get(tx, follow_up.id)
        fresh = follow_ups.copy(tx, copy.calendar, found[0].href)
    if merged is None and follow_up.series is not None:
        merged = follow_up
    if merged is None or fresh is None or fresh.state is not CopyState.PENDING:
        return
    try:
        _one(publish, book, calendars, lease, merged, fresh)
    except Changed as error:
        # It changed twice under our hands: the next run starts from what it is then.
        raise Refused(f"{copy.href}: changes faster than it can be written") from error


def _check_emptied(publish: Publish, calendars: Calendars, calendar: shelf.Calendar) -> None:
    """Raises Refused where not one object is gone but all of a calendar, or the calendar."""
    with publish.store.read() as tx:
        known = shelf.etags(tx, calendar.id)
    delta = calendars.changes(calendar.href, None, known)
    if schedule.looks_emptied(len(known), len(delta.removed)):
        raise Refused(f"calendar '{calendar.name}' shows none of its {len(known)} objects any more")


def _mark(publish: Publish, lease: Lease, copy: CalendarCopy) -> None:
    with publish.store.write() as tx:
        accounts.fence(tx, lease)
        follow_ups.put_copy(tx, copy)


def _own(book: Book) -> Callable[[str], bool]:
    return lambda email: match.is_internal(book.directory, identity.key(email))


def carry(store: Store, book: Book, account: AccountId, owner: UserId | None) -> int:
    """Give every follow-up of `owner` that has no calendar yet a copy to be written here; and where
    that is configured those in which they have a further part."""
    user = None if owner is None else book.directory.users.get(owner)
    if owner is None or user is None:
        return 0
    with store.read() as tx:
        assigned = book.copies_for_assignees(user)
        waiting = follow_ups.without_copy(tx, owner, assigned=assigned)
        tasks = [f for f in waiting if book.prefers_tasks(user, f.entity)]
        places = {f.id: shelf.target(tx, account, Component.VTODO) for f in tasks}
        target = shelf.target(tx, account)
    placed = [(f, place) for f in waiting if (place := places.get(f.id) or target) is not None]
    if not placed:
        return 0
    with store.write() as tx:
        for follow_up, place in placed:
            href = shelf.href(place, follow_up.uid)
            follow_ups.put_copy(tx, CalendarCopy(follow_up.id, owner, place.id, href))
    return len(placed)
