"""The event arrow: what a calendar shows becomes follow-ups and, once over, exchanges.

    changed etags → objects → ours or a follow-up: absorb │ a meeting: decide → rows and the
    calendar's new token in one transaction

A calendar that was judged under another directory or other rules is compared in full (schema 4).
A meeting that is still to come leaves a piece of work that looks again when it is over.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors import ical
from connectors.errors import Refused, Unreadable
from daemon.capture import record, telling
from daemon.clock import now
from daemon.ports import Calendars
from daemon.rulebook import Book, Rulebook
from daemon.steps import reached
from daemon.store import (
    Lease,
    Store,
    Tx,
    accounts,
    ambiguities,
    decisions,
    folders,
    quarantine,
    vetoes,
    work,
)
from daemon.store import calendars as shelf
from daemon.store.calendars import LOOK_AGAIN, key_of
from daemon.store.database import alone
from daemon.store.errors import Unstorable
from rules import decide, schedule
from rules.model.decisions import Decision, Reason, Verdict
from rules.model.people import Level, UserId
from rules.model.sightings import AccountId, CalendarId, Event, EventPlace, Sighting
from rules.model.wire import CalendarInfo, CalendarObject

CHUNK = 50

Counts = Counter[tuple[Verdict, Reason]]
"""How many were judged how."""

Absorb = Callable[[Tx, Book, Sighting, CalendarObject, Sequence[Event], datetime], Decision | None]
"""Takes an object that is, or becomes, a follow-up, and says so; None: it is none."""

Withdraw = Callable[[Tx, CalendarId, str, datetime], None]
"""Told of an object that is gone from a calendar."""


@dataclass(frozen=True, slots=True)
class CalendarAccount:
    """A calendar account to read. `watched` (empty: all), `ignored` and `dedicated` hold display
    names or hrefs; `writes` names the calendar in which suivi writes, None the first writable."""

    id: AccountId
    name: str
    owner: UserId | None
    zone: str
    level: Level = Level.EVERYTHING
    writes: str | None = None
    watched: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()
    dedicated: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CalendarCapture:
    """What the arrow works with; `past` and `future` bound the horizon of occurrences."""

    store: Store
    rulebook: Rulebook
    secret: bytes
    absorb: Absorb
    withdraw: Withdraw
    past: timedelta = timedelta(days=365)
    future: timedelta = timedelta(days=366)
    log_for: timedelta = timedelta(days=14)


def sync(
    capture: CalendarCapture, account: CalendarAccount, calendars: Calendars, lease: Lease
) -> Counts:
    """Judge what changed in every watched calendar; returns counts by reason.

    Raises Unreachable from the server, and Refused for a calendar that an admin must look at,
    after all others are done.
    """
    counts: Counts = Counter()
    troubles: list[Refused] = []
    for calendar, info in _watched(capture, account, calendars.discover(), lease):
        try:
            counts += _sync_one(capture, account, calendars, lease, calendar, info)
        except Refused as error:
            troubles.append(error)
    if troubles:
        raise troubles[0]
    return counts


def _watched(
    capture: CalendarCapture,
    account: CalendarAccount,
    found: tuple[CalendarInfo, ...],
    lease: Lease,
) -> Iterator[tuple[shelf.Calendar, CalendarInfo]]:
    writable = [i for i in found if i.writable and "VEVENT" in i.components]
    target = next((i for i in writable if account.writes in (None, i.name, i.href)), None)
    for info in found:
        names = {info.name, info.href}
        if account.ignored & names or (account.watched and not account.watched & names):
            continue
        dedicated = bool(account.dedicated & names)
        with capture.store.write() as tx:
            accounts.fence(tx, lease, now())
            calendar = shelf.declare(tx, account.id, info, info == target, dedicated)
        yield calendar, info


def _sync_one(
    capture: CalendarCapture,
    account: CalendarAccount,
    calendars: Calendars,
    lease: Lease,
    calendar: shelf.Calendar,
    info: CalendarInfo,
) -> Counts:
    book = capture.rulebook.in_force()
    with capture.store.read() as tx:
        state = shelf.state(tx, calendar.id)
        again = [w.key for w in work.due(tx, LOOK_AGAIN, now()) if _is_in(w.key, calendar.id)]
    judged_as = f"{book.judged_as}:{book.directory.version}"
    same_book = state.judged_as == judged_as
    unchanged = same_book and info.ctag is not None and info.ctag == state.ctag
    counts: Counts = Counter()
    if unchanged and not again:
        return counts
    token = state.token if same_book else None
    delta = calendars.changes(info.href, token, state.etags)
    if schedule.looks_emptied(len(state.etags), len(delta.removed)):
        # A server that lost a calendar must not close every follow-up in it (spec §6).
        raise Refused(
            f"calendar '{info.name}' shows none of its {len(state.etags)} objects any more; "
            "nothing was changed: restore it, or remove it from the configuration"
        )
    changed = [
        h for h, etag in delta.changed.items() if not same_book or state.etags.get(h) != etag
    ]
    hrefs = sorted({*changed, *(_href(key) for key in again)} - delta.removed)
    for start in range(0, len(hrefs), CHUNK):
        chunk = hrefs[start : start + CHUNK]
        objects = calendars.fetch(info.href, chunk)
        reached("event.fetched")
        with capture.store.write() as tx:
            accounts.fence(tx, lease, now())
            moment = now()
            judged: Counts = Counter()
            for obj in objects:
                judged += _judge_alone(capture, tx, book, account, calendar, obj)
            folders.add_tally(tx, "calendar", calendar.id, moment.date(), judged)
            counts += judged
            etags = {o.href: o.etag or delta.changed.get(o.href, "") for o in objects}
            # A listed object that is not served any more has gone between the two answers.
            missing = frozenset(chunk) - etags.keys()
            _gone(capture, tx, calendar, missing)
            shelf.commit(tx, calendar.id, etags, missing)
    with capture.store.write() as tx:
        accounts.fence(tx, lease, now())
        _gone(capture, tx, calendar, delta.removed)
        shelf.commit(tx, calendar.id, {}, delta.removed)
        shelf.caught_up(tx, calendar.id, delta.token, info.ctag, judged_as)
        reached("event.recorded")
    return counts


def _gone(capture: CalendarCapture, tx: Tx, calendar: shelf.Calendar, hrefs: Iterable[str]) -> None:
    moment = now()
    for href in hrefs:
        work.clear(tx, LOOK_AGAIN, key_of(calendar.id, href))
        capture.withdraw(tx, calendar.id, href, moment)


def _judge_alone(
    capture: CalendarCapture,
    tx: Tx,
    book: Book,
    account: CalendarAccount,
    calendar: shelf.Calendar,
    obj: CalendarObject,
) -> Counts:
    """One object; one that the database refuses is quarantined, and its neighbours go on."""
    try:
        with alone(tx):
            return _judge(capture, tx, book, account, calendar, obj)
    except Unstorable as error:
        place = _place(calendar, obj)
        quarantine.put(tx, account.id, place, str(error), now(), step="store")
        return Counter({(Verdict.WAIT, Reason.UNREADABLE): 1})


def _judge(
    capture: CalendarCapture,
    tx: Tx,
    book: Book,
    account: CalendarAccount,
    calendar: shelf.Calendar,
    obj: CalendarObject,
) -> Counts:
    moment = now()
    place = _place(calendar, obj)
    key = key_of(calendar.id, obj.href)
    work.clear(tx, LOOK_AGAIN, key)
    quarantine.settle_event(tx, place, moment)
    try:
        events = ical.read(obj.data, account.zone, moment - capture.past, moment + capture.future)
    except Unreadable as error:
        quarantine.put(tx, account.id, place, str(error), moment, step="read")
        return Counter({(Verdict.WAIT, Reason.UNREADABLE): 1})
    if not events:
        return Counter()
    first = Sighting(account.id, account.owner, place, events[0], account.level)
    absorbed = capture.absorb(tx, book, first, obj, events, moment)
    if absorbed is not None:
        _keep(capture, tx, book, first, absorbed, moment)
        telling.told(account.name, [(first, absorbed)])
        return Counter({(absorbed.verdict, absorbed.reason): 1})
    counts: Counts = Counter()
    look_again: list[datetime] = []
    decided: list[tuple[Sighting, Decision]] = []
    marks = {event.uid: record.key_hash(capture.secret, event) for event in events}
    answers = ambiguities.answers(tx, marks.values())
    for event in events:
        sighting = Sighting(account.id, account.owner, place, event, account.level)
        mark = marks[event.uid]
        veto = vetoes.level(tx, [mark]).get(mark, Level.EVERYTHING)
        decision = decide.event(
            book.ruleset,
            book.directory,
            sighting,
            moment,
            veto=veto,
            around=book.around,
            answers=answers.get(mark, ()),
        )
        decided.append((sighting, decision))
        counts[decision.verdict, decision.reason] += 1
        telling.told(account.name, [(sighting, decision)])
        if decision.verdict is Verdict.WAIT and (at := schedule.looks_again(event, moment)):
            look_again.append(at)
            continue
        if decision.reason is not Reason.SERIES:
            _keep(capture, tx, book, sighting, decision, moment)
    if look_again:
        work.put(tx, LOOK_AGAIN, key, min(look_again))
    _settle_questions(tx, book, place, decided)
    record.remember(tx, book, capture.secret, decided, moment)
    return counts


def _settle_questions(
    tx: Tx, book: Book, place: EventPlace, decided: Sequence[tuple[Sighting, Decision]]
) -> None:
    """Of what was judged again, only what is asked still waits for a person."""
    if book.observing:
        return
    asked = {
        (sighting.what.recurrence_id or "", name)
        for sighting, name in record.asked(decided)
        if isinstance(sighting.what, Event)
    }
    ambiguities.asked_still_of(tx, place.calendar, place.href, asked)


def _keep(
    capture: CalendarCapture,
    tx: Tx,
    book: Book,
    sighting: Sighting,
    decision: Decision,
    moment: datetime,
) -> None:
    keeping = record.Keeping(book, capture.secret, capture.log_for, moment)
    decisions.append_all(tx, record.keep(tx, keeping, [(sighting, decision)]), moment)


def _place(calendar: shelf.Calendar, obj: CalendarObject) -> EventPlace:
    return EventPlace(calendar.id, calendar.name, obj.href, obj.etag or "", calendar.dedicated)


def _is_in(key: str, calendar: CalendarId) -> bool:
    return key.split(":", 1)[0] == str(calendar)


def _href(key: str) -> str:
    return key.split(":", 1)[1]
