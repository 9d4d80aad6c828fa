"""The follow-up arrow: what suivi knows of a follow-up appears in its owner's calendar.

    unpublished copies → bytes → conditional PUT → marked published; on Changed: read, merge, once
    more

Killed between the PUT and its mark, the next run finds its own object there and marks it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from connectors import ical
from connectors.errors import Changed, Refused, Unreadable
from daemon.clock import now
from daemon.followups.absorb import Absorb, withdraw
from daemon.ports import Calendars
from daemon.rulebook import Book, Rulebook
from daemon.steps import reached
from daemon.store import Lease, Store, accounts, follow_ups
from daemon.store import calendars as shelf
from rules import identity, match
from rules.model.followups import CalendarCopy, CopyState, FollowUp
from rules.model.people import Level, UserId
from rules.model.reasons import Why
from rules.model.sightings import AccountId, EventPlace, Sighting

OUTSIDERS = "has guests from outside: a server may mail them"


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
    if follow_up.deleted:
        _take_away(publish, book, calendars, lease, follow_up, copy)
        return
    try:
        _one(publish, book, calendars, lease, follow_up, copy)
    except Changed:
        _absorb_and_retry(publish, book, calendars, lease, follow_up, copy)


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
    rung = _rung(book, follow_up)
    data = ical.write(rung, publish.zone, base=copy.base, url=publish.link(rung), now=moment)
    with publish.store.read() as tx:
        calendar = shelf.get(tx, copy.calendar)
    shown = copy
    # Without an etag there is no object: one that was deleted comes back as it was.
    if data != copy.base or copy.etag is None:
        written = calendars.put(calendar.href, copy.href, data, copy.etag)
        # A server may have an earlier object of ours under another name: then that one counts.
        shown = replace(copy, href=written.href, etag=written.etag, base=written.data)
        reached("follow-up.written")
    mark = replace(shown, pushed_revision=follow_up.revision, state=CopyState.IN_STEP, reason="")
    with publish.store.write() as tx:
        accounts.fence(tx, lease)
        follow_ups.put_copy(tx, mark)
        if mark.etag is not None:
            shelf.written(tx, calendar.id, mark.href, mark.etag)


def _take_away(
    publish: Publish,
    book: Book,
    calendars: Calendars,
    lease: Lease,
    follow_up: FollowUp,
    copy: CalendarCopy,
) -> None:
    """The object of a deleted follow-up goes, as it stands now: a PUT that nobody marked may have
    written it. One with guests from outside is left alone, for its server may mail them."""
    with publish.store.read() as tx:
        calendar = shelf.get(tx, copy.calendar)
    gone = replace(
        copy,
        etag=None,
        schedule_tag=None,
        base=None,
        pushed_revision=follow_up.revision,
        state=CopyState.GONE,
        reason=Why.DELETED,
    )
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


def _rung(book: Book, follow_up: FollowUp) -> FollowUp:
    """With the length of the owner's reminders spelled out, for the alarm that rings with them."""
    owner = None if follow_up.owner is None else book.directory.users.get(follow_up.owner)
    if owner is None:
        return follow_up
    before = book.wishes(owner, follow_up.entity).before
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
) -> None:
    """Somebody changed the object first: take their change in, then write once more."""
    with publish.store.read() as tx:
        calendar = shelf.get(tx, copy.calendar)
    found = calendars.fetch(calendar.href, [copy.href])
    moment = now()
    if not found:
        with publish.store.write() as tx:
            accounts.fence(tx, lease)
            withdraw(tx, copy.calendar, copy.href, moment)
        return
    events = ical.read(found[0].data, publish.zone, moment, moment)
    if not events:
        raise Unreadable(f"{copy.href}: holds no event any more")
    place = EventPlace(calendar.id, calendar.name, copy.href, found[0].etag or "")
    sighting = Sighting(calendar.account, copy.user, place, events[0], Level.EVERYTHING)
    with publish.store.write() as tx:
        accounts.fence(tx, lease)
        publish.absorb(tx, book, sighting, found[0], events, moment)
        merged = follow_ups.get(tx, follow_up.id)
        fresh = follow_ups.copy(tx, copy.calendar, copy.href)
    if merged is None or fresh is None or fresh.state is not CopyState.PENDING:
        return
    try:
        _one(publish, book, calendars, lease, merged, fresh)
    except Changed as error:
        # It changed twice under our hands: the next run starts from what it is then.
        raise Refused(f"{copy.href}: changes faster than it can be written") from error


def _mark(publish: Publish, lease: Lease, copy: CalendarCopy) -> None:
    with publish.store.write() as tx:
        accounts.fence(tx, lease)
        follow_ups.put_copy(tx, copy)


def _own(book: Book) -> Callable[[str], bool]:
    return lambda email: match.is_internal(book.directory, identity.key(email))


def carry(store: Store, account: AccountId, owner: UserId | None) -> int:
    """Give every follow-up of `owner` that has no calendar yet a copy to be written here."""
    if owner is None:
        return 0
    with store.read() as tx:
        waiting = follow_ups.without_copy(tx, owner)
        target = shelf.target(tx, account)
    if not waiting or target is None:
        return 0
    with store.write() as tx:
        for follow_up in waiting:
            follow_ups.put_copy(
                tx, CalendarCopy(follow_up.id, owner, target.id, shelf.href(target, follow_up.uid))
            )
    return len(waiting)
