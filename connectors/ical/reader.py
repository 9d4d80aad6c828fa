"""Calendar objects read: single events, and series occurrence by occurrence within a horizon."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar, vBroken
from icalendar import Component as Parsed

from connectors.errors import Unreadable
from connectors.ical import recur
from connectors.ical.events import at, event, mailbox, moment, number, recurrence_id, uid
from connectors.ical.lines import parse
from connectors.ical.prune import EVENTS, TZID, prune
from connectors.ical.zones import Zones
from rules.model.sightings import Event

# What the libraries raise on broken data that they didn't foresee.
_BROKEN: Final = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    IndexError,
    ArithmeticError,
    RecursionError,
    AssertionError,
)
_TIMES: Final = ("DTSTART", "DTEND", "DUE", "RECURRENCE-ID", "EXDATE", "RDATE")
# What an occurrence's place in its series follows from.
_PLACING: Final = (*_TIMES, "DURATION", "RRULE", "UID", "SEQUENCE")
# What names occurrences, on the clock of their series.
_NAMING: Final = frozenset({"RECURRENCE-ID", "EXDATE", "RDATE"})
_SOURCE: Final = "X-SUIVI-SOURCE"
MAX_SERIES: Final = 100
# Each guest of each occurrence is looked at: 200 people who meet every day for two years.
MAX_GUESTS: Final = 200_000
# An occurrence may be moved into the horizon from so far outside of it.
_MARGIN: Final = timedelta(days=40)


Horizon = tuple[datetime, datetime]


def read(data: bytes, zone: str, since: datetime, until: datetime) -> tuple[Event, ...]:
    """The events and tasks of one object.

    A single one is one Event, whenever it is. A series gives its master (`recurs`) and every
    occurrence that touches [since, until), moved and cancelled ones as they were changed, at most
    1,000. `zone` is the zone of floating times and of all-day events. Free-busy data, journals
    and an empty calendar give nothing. Raises Unreadable with the reason.
    """
    default = ZoneInfo(zone)
    try:
        return tuple(_read(data, default, since, until))
    except _BROKEN as error:
        raise Unreadable(f"iCalendar that can't be read ({type(error).__name__})") from error


def outside_attendees(data: bytes, own: Callable[[str], bool]) -> bool:
    """Whether somebody that `own` doesn't know is invited or invites: a server may mail them when
    the object is written. An address that can't be read counts as outside."""
    return any(
        not own(mailbox(line.value, line.params.get("EMAIL", "")))
        for line in parse(data)
        if line.name in ("ATTENDEE", "ORGANIZER")
    )


def _read(data: bytes, zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[Event]:
    pruned = prune(data)
    zones = Zones(zone, pruned.definitions)
    series: dict[tuple[str, str], list[Parsed]] = defaultdict(list)
    for calendar in Calendar.from_ical(pruned.text, multiple=True):
        for parsed in calendar.subcomponents:
            if parsed.name in EVENTS:
                _localise(parsed, zones)
                series[parsed.name, uid(parsed)].append(parsed)
    if sum(any(map(_repeats, components)) for components in series.values()) > MAX_SERIES:
        raise Unreadable(f"more than {MAX_SERIES} series in one object")
    found = guests = 0
    budget = recur.Budget()
    for components in series.values():
        for one in _events(components, zones, (since, until), budget):
            found += one.recurrence_id is not None
            if found > recur.MAX_OCCURRENCES:
                raise Unreadable(f"more than {recur.MAX_OCCURRENCES} occurrences in the horizon")
            guests += len(one.attendees)
            if guests > MAX_GUESTS:
                raise Unreadable("too many occurrences with too many participants")
            yield one


def _localise(parsed: Parsed, zones: Zones) -> None:
    """Give every wall-clock time its zone (the parser saw none: see `prune`)."""
    for name in _TIMES:
        values = parsed.get(name)
        for value in values if isinstance(values, list) else (values,):
            if isinstance(value, vBroken):
                raise Unreadable(f"{name} that can't be read")
            tzid = getattr(value, "params", {}).get(TZID)
            zone = zones.of(tzid)
            if tzid is None and name in _NAMING:
                # Without a zone of its own, in that of the series.
                zone = _clock(parsed) or zone
            for one in getattr(value, "dts", (value,)):
                if isinstance(getattr(one, "dt", None), time):
                    raise Unreadable(f"{name} that can't be read")
                if hasattr(one, "dt"):
                    one.dt = _aware(one.dt, zone)


def _clock(parsed: Parsed) -> tzinfo | None:
    start = moment(parsed, "DTSTART")
    zone = start.tzinfo if isinstance(start, datetime) else None
    return None if zone is UTC else zone


def _aware(value: Any, zone: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_aware(part, zone) for part in value)
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=zone)
    return value


def _events(
    components: Sequence[Parsed], zones: Zones, horizon: Horizon, budget: recur.Budget
) -> Iterator[Event]:
    masters = [one for one in components if one.get("RECURRENCE-ID") is None]
    changed = [one for one in components if one.get("RECURRENCE-ID") is not None]
    # One object has one master; where a feed repeats it, the latest revision counts.
    master = max(masters, key=lambda one: number(one, "SEQUENCE") or 0, default=None)
    if master is not None and not changed and not _repeats(master):
        yield event(master, zones)
        return
    if master is None:
        # Of somebody's series only these are known here: each stands for itself, whenever it is.
        for one in _latest(changed):
            yield event(one, zones, recurrence_id=recurrence_id(_told(one)))
        return
    for one in changed:
        _rename(one, master)
    yield event(master, zones, recurs=True)
    _bound(master, changed, zones, horizon, budget)
    yield from _occurrences([master, *changed], zones, horizon)


def _latest(changed: Iterable[Parsed]) -> Iterable[Parsed]:
    """Of each occurrence its latest revision."""
    found = {}
    for one in sorted(changed, key=lambda one: number(one, "SEQUENCE") or 0):
        found[recurrence_id(_told(one))] = one
    return found.values()


def _told(changed: Parsed) -> date:
    told = moment(changed, "RECURRENCE-ID")
    if told is None:
        raise Unreadable("an occurrence without its original time")
    return told


def _rename(changed: Parsed, master: Parsed) -> None:
    """Name the occurrence as its series does: some write only the day of what has a time, some a
    time for a whole day."""
    start, told = moment(master, "DTSTART") or moment(master, "DUE"), _told(changed)
    if isinstance(start, datetime) and not isinstance(told, datetime):
        told = datetime.combine(told, start.timetz())
    elif isinstance(told, datetime) and start is not None and not isinstance(start, datetime):
        told = told.date()
    named: Any = changed["RECURRENCE-ID"]
    named.dt = told


def _occurrences(components: Sequence[Parsed], zones: Zones, horizon: Horizon) -> Iterator[Event]:
    """What stands in the horizon. Only times are multiplied: what else a component says is read
    once, however often it occurs."""
    moves = _moves(components)
    calendar = Calendar()
    calendar.subcomponents = [_bare(one, n) for n, one in enumerate(components)]
    query = recurring_ical_events.of(calendar, components=sorted(EVENTS))
    told: dict[int, Event] = {}
    for occurrence in query.between(*horizon):
        n = int(occurrence[_SOURCE])
        if n not in told:
            told[n] = event(components[n], zones)
        original = recurrence_id(_original(occurrence, moves))
        found = at(told[n], components[n], occurrence, zones, original)
        if found.when is not None and found.when.start < horizon[1]:
            yield found


def _bare(parsed: Parsed, number: int) -> Parsed:
    """A component that says nothing but when, and which one it was."""
    bare = type(parsed)()
    for name in _PLACING:
        if name in parsed:
            bare[name] = parsed[name]
    bare[_SOURCE] = str(number)
    return bare


def _repeats(parsed: Parsed) -> bool:
    return parsed.get("RRULE") is not None or parsed.get("RDATE") is not None


def _bound(
    master: Parsed,
    changed: Iterable[Parsed],
    zones: Zones,
    horizon: Horizon,
    budget: recur.Budget,
) -> None:
    start = moment(master, "DTSTART") or moment(master, "DUE")
    if start is None:
        raise Unreadable("a series without a start")
    zone = start.tzinfo if isinstance(start, datetime) else zones.default
    margin = max([_MARGIN, *(abs(move) for move in _moves(changed).values())])
    since, until = (recur.wall(at.astimezone(zone)) for at in horizon)
    recur.bound(master, start, (since, until), margin, budget)


def _moves(changed: Iterable[Parsed]) -> dict[str, timedelta]:
    """By how much each change of "this and all following" moves the series, by its own id."""
    moves = {}
    for parsed in changed:
        value = parsed.get("RECURRENCE-ID")
        if value is None:
            continue
        start, original = moment(parsed, "DTSTART"), moment(parsed, "RECURRENCE-ID")
        if start is None or original is None or "RANGE" not in value.params:
            continue
        moves[recurrence_id(original)] = recur.wall(start) - recur.wall(original)
    return moves


def _original(occurrence: Parsed, moves: dict[str, timedelta]) -> date:
    """The start that the series gave an occurrence before it was changed."""
    told = moment(occurrence, "RECURRENCE-ID")
    start = moment(occurrence, "DTSTART") or moment(occurrence, "DUE")
    if told is None or start is None:
        raise Unreadable("an occurrence without its original time")
    move = moves.get(recurrence_id(told))
    # The library copies the id of a "this and all following" onto all that follow.
    return told if move is None else start - move
