"""What the objects of calendars become, one after another, inside the event arrow's transaction.

Ours or a follow-up: absorbed │ a meeting: decided, occurrence by occurrence. One that can't be read
or stored is quarantined with its reason, and its neighbours go on. A meeting that is still to come
leaves a piece of work that looks again when it is over.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog

from connectors import ical
from connectors.errors import ConnectorError, Unreadable
from daemon.capture import record, standing, telling
from daemon.capture.aside import unforeseen
from daemon.clock import now
from daemon.rulebook import Book, Rulebook
from daemon.store import Store, Tx, ambiguities, decisions, quarantine, vetoes, work
from daemon.store import calendars as shelf
from daemon.store import standing as store_standing
from daemon.store.calendars import LOOK_AGAIN, key_of
from daemon.store.database import alone
from daemon.store.errors import StoreError, Unstorable
from rules import decide, schedule
from rules.model.decisions import Decision, Reason, Verdict
from rules.model.people import Level, UserId
from rules.model.sightings import AccountId, CalendarId, Event, EventPlace, Sighting
from rules.model.wire import CalendarObject

log = structlog.stdlib.get_logger(__name__)

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


def judge_all(
    capture: CalendarCapture,
    tx: Tx,
    book: Book,
    account: CalendarAccount,
    calendar: shelf.Calendar,
    objects: Sequence[CalendarObject],
) -> Counts:
    """Several objects of which nothing is known yet, exactly as one after another: what they record
    goes in together, in a third of the statements. Where anything goes wrong with that, each is
    judged by itself instead, and then it shows of which it is true."""
    counts: Counts = Counter()
    try:
        with alone(tx):
            kept: list[tuple[Sighting, Decision]] = []
            for obj in objects:
                counts += _judge_one(capture, tx, book, account, calendar, obj, kept)
            _independent(kept)
            _keep(capture, tx, book, kept, now())
            return counts
    except (_NotTogether, Unstorable):
        # Of which object it is true shows below.
        log.debug("objects are judged one by one", calendar=calendar.name)
    except (ConnectorError, StoreError):
        raise
    except Exception as error:  # noqa: BLE001  a mistake of ours, about one of them or all; logged
        unforeseen(error)
    each = (judge(capture, tx, book, account, calendar, obj) for obj in objects)
    return sum(each, Counter())


class _NotTogether(Exception):
    """These objects depend on each other."""


def _independent(kept: Sequence[tuple[Sighting, Decision]]) -> None:
    """Raises _NotTogether for two copies of one event: what is said of the first counts for the
    second."""
    uids = {s.what.uid for s, _ in kept if isinstance(s.what, Event)}
    hrefs = {s.place.href for s, _ in kept if isinstance(s.place, EventPlace)}
    if len(uids) != len(hrefs):
        raise _NotTogether


def judge(
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
            return _judge_one(capture, tx, book, account, calendar, obj)
    except Unstorable as error:
        return _put_aside(tx, account, calendar, obj, str(error), "store")
    except (ConnectorError, StoreError):
        raise
    except Exception as error:  # noqa: BLE001  a mistake of ours about one object; it is logged
        return _put_aside(tx, account, calendar, obj, unforeseen(error), "judge")


def _put_aside(
    tx: Tx,
    account: CalendarAccount,
    calendar: shelf.Calendar,
    obj: CalendarObject,
    reason: str,
    step: str,
) -> Counts:
    """Into quarantine, to be looked at again: later versions and settings may read it."""
    moment = now()
    again = quarantine.put(tx, account.id, _place(calendar, obj), reason, moment, step=step)
    work.put(tx, LOOK_AGAIN, key_of(calendar.id, obj.href), again)
    return Counter({(Verdict.WAIT, Reason.UNREADABLE): 1})


def _judge_one(
    capture: CalendarCapture,
    tx: Tx,
    book: Book,
    account: CalendarAccount,
    calendar: shelf.Calendar,
    obj: CalendarObject,
    kept: list[tuple[Sighting, Decision]] | None = None,
) -> Counts:
    """What becomes of one object; with `kept` what it records is added there instead."""
    moment = now()
    place = _place(calendar, obj)
    key = key_of(calendar.id, obj.href)
    work.clear(tx, LOOK_AGAIN, key)
    quarantine.settle_event(tx, place, moment)
    try:
        events = ical.read(obj.data, account.zone, moment - capture.past, moment + capture.future)
    except Unreadable as error:
        return _put_aside(tx, account, calendar, obj, str(error), "read")
    if not events:
        # Nothing in it happens: a journal, or who is busy when.
        return Counter({(Verdict.IGNORE, Reason.NO_TIME): 1})
    first = Sighting(account.id, account.owner, place, events[0], account.level)
    absorbed = capture.absorb(tx, book, first, obj, events, moment)
    if absorbed is not None:
        _keep(capture, tx, book, [(first, absorbed)], moment)
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
            if kept is None:
                _keep(capture, tx, book, [(sighting, decision)], moment)
            else:
                kept.append((sighting, decision))
    if any(event.recurs for event in events):
        # What is beyond the horizon now comes into it, though the object stays as it is.
        look_again.append(moment + capture.future / 2)
    if look_again:
        work.put(tx, LOOK_AGAIN, key, min(look_again))
    if not book.observing:
        # What touches the edge of the horizon may be listed or not.
        since = moment - capture.past + timedelta(days=2)
        missing = standing.judged(tx, place, decided, since, moment)
        _deleted(capture, tx, book, account, place, missing)
    _settle_questions(tx, book, place, decided)
    record.remember(tx, book, capture.secret, decided, moment)
    return counts


def gone(
    capture: CalendarCapture,
    tx: Tx,
    book: Book,
    account: CalendarAccount,
    calendar: shelf.Calendar,
    href: str,
) -> None:
    """An object is in the calendar no more: what it recorded did not take place."""
    place = EventPlace(calendar.id, calendar.name, href, "", calendar.dedicated)
    _deleted(capture, tx, book, account, place, store_standing.of(tx, calendar.id, href))


def _deleted(
    capture: CalendarCapture,
    tx: Tx,
    book: Book,
    account: CalendarAccount,
    place: EventPlace,
    copies: Sequence[store_standing.Copy],
) -> None:
    who = (account.id, account.name, account.owner)
    mark = partial(record.key_hash, capture.secret)
    standing.deleted(tx, who, place, copies, mark, book.ruleset.fingerprint, now())


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
    kept: Sequence[tuple[Sighting, Decision]],
    moment: datetime,
) -> None:
    keeping = record.Keeping(book, capture.secret, capture.log_for, moment)
    decisions.append_all(tx, record.keep(tx, keeping, kept), moment)


def _place(calendar: shelf.Calendar, obj: CalendarObject) -> EventPlace:
    return EventPlace(calendar.id, calendar.name, obj.href, obj.etag or "", calendar.dedicated)
