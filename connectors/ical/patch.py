"""Ours changed in an object that may be a person's: property by property, on the raw lines.

What differs is decided on the Event as `reader.read` sees it, so that a value which only looks
different is left alone.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from connectors.errors import Unreadable
from connectors.ical import rings, series
from connectors.ical.lines import Line, clean, content, escape, parse
from connectors.ical.reader import read
from connectors.ical.structure import Edits, Place, apply, find
from connectors.ical.times import Times, ended, sayable
from connectors.ical.zones import named
from rules.model import marks
from rules.model.followups import FollowUp, Origin, State
from rules.model.sightings import Component, Event, When


def patch(
    follow_up: FollowUp,
    zone: str,
    base: bytes,
    url: str,
    now: datetime,
    alarm: bytes | None,
    *,
    marked: bool = True,
    occurrence: str = "",
) -> bytes:
    """`base` saying what the follow-up says. `alarm` is our VALARM as it should be, empty for
    none, None to leave all alarms alone. With `marked`, it carries our key and link. Of a
    series, the `occurrence` that `series.override` has set apart is changed."""
    lines = parse(base)
    if occurrence:
        place = series.place_of(base, lines, follow_up.uid, occurrence, zone)
        standing = _standing(series.alone(lines, place), place, zone, now)
    else:
        place = find(lines, follow_up.uid)
        standing = _standing(base, place, zone, now)
    edits = _marks(follow_up, place, url) if marked else {}
    definition = b""
    if standing.recurs:
        # A follow-up is one date: the series of a person is not moved or closed by it.
        alarm = None
    else:
        edits |= _words(follow_up, standing, place)
        edits |= _state(follow_up, standing, place, utc(now))
        when = ended(follow_up.when, standing.component, standing.when)
        if not _same_time(when, standing.when):
            times = _times(when, zone, lines, place)
            edits |= _moved(times, standing, place)
            definition = times.definition
    if alarm is not None:
        alarm, more = rings.change(alarm, lines, place)
        edits |= more
    if not edits and alarm is None:
        return base
    for name in ("DTSTAMP", "LAST-MODIFIED"):
        edits[name] = content(name, utc(now))
    return apply(lines, place, edits, definition, alarm)


def kind(follow_up: FollowUp, base: bytes) -> Component:
    """As what it stands in an object."""
    lines = parse(base)
    return Component(lines[find(lines, follow_up.uid).begin].value.strip().upper())


def title(follow_up: FollowUp) -> str:
    """The summary: a VEVENT can only say in words that it is over."""
    over = follow_up.component is Component.VEVENT and follow_up.state is not State.TO_DO
    return (marks.OURS if over else "") + follow_up.title


def _is_titled(follow_up: FollowUp, summary: str) -> bool:
    """Whether a summary says so already; a person ticks off in their own way."""
    wanted = title(follow_up)
    if _alike(wanted, summary):
        return True
    marked, rest = marks.done(summary)
    return marked and wanted != follow_up.title and _alike(rest, follow_up.title)


def free(follow_up: FollowUp) -> str:
    """TRANSP of an event whose owner is not busy meanwhile (RFC 5545 §3.8.2.7); else nothing."""
    is_free = follow_up.component is Component.VEVENT and not follow_up.busy
    return "TRANSPARENT" if is_free else ""


def status(follow_up: FollowUp) -> str:
    """STATUS of a task (RFC 5545 §3.8.1.11)."""
    if follow_up.state is State.DONE:
        return "COMPLETED"
    if follow_up.state is State.NOT_NEEDED:
        return "CANCELLED"
    return "IN-PROCESS" if follow_up.percent else "NEEDS-ACTION"


def utc(moment: datetime) -> str:
    """The instant in UTC basic form."""
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def uri(url: str) -> str:
    """A URI as it can stand in a value: whatever may not stand in one is encoded."""
    return quote(clean(url).strip(), safe=":/?#[]@!$&'()*+,;=%-._~")


def _standing(base: bytes, place: Place, zone: str, now: datetime) -> Event:
    """What the object says now."""
    uid = place.value("UID")
    for event in read(base, zone, now, now + timedelta(minutes=1)):
        if event.uid == uid and event.recurrence_id is None:
            return event
    raise Unreadable("a changed occurrence without its series")


def _marks(follow_up: FollowUp, place: Place, url: str) -> Edits:
    """Our key, and the link, but never over a link of the person's (a video call)."""
    edits: Edits = {}
    if place.value("X-SUIVI-FOLLOW-UP") != clean(follow_up.key).strip():
        edits["X-SUIVI-FOLLOW-UP"] = content("X-SUIVI-FOLLOW-UP", escape(follow_up.key))
    standing = place.first("URL")
    ours = standing is None or urlsplit(standing.value.strip())[:2] == urlsplit(url)[:2]
    if url and ours and (standing is None or standing.value.strip() != uri(url)):
        edits["URL"] = content("URL", uri(url))
    return edits


def _words(follow_up: FollowUp, standing: Event, place: Place) -> Edits:
    """Title, description, place, priority. Nothing of a person's is emptied: a follow-up that
    was adopted doesn't carry all that their event says."""
    edits: Edits = {}
    theirs = follow_up.origin is Origin.PERSON
    if not _is_titled(follow_up, place.value("SUMMARY")):
        edits["SUMMARY"] = _text(place, "SUMMARY", title(follow_up))
    if not _alike(follow_up.description, standing.description):
        if follow_up.description:
            edits["DESCRIPTION"] = _text(place, "DESCRIPTION", follow_up.description)
        elif not theirs:
            edits["DESCRIPTION"] = None
    if follow_up.place and not _alike(follow_up.place, standing.location):
        edits["LOCATION"] = _text(place, "LOCATION", follow_up.place)
    if follow_up.priority and follow_up.priority != standing.priority:
        edits["PRIORITY"] = content("PRIORITY", str(follow_up.priority))
    if not theirs and standing.component is Component.VEVENT and standing.busy != follow_up.busy:
        edits["TRANSP"] = content("TRANSP", free(follow_up) or "OPAQUE")
    return edits


def _text(place: Place, name: str, value: str) -> bytes:
    """A text property with the parameters it had, but for another representation of the old
    text (ALTREP, RFC 5545 §3.2.1)."""
    line = place.first(name)
    params = line.head[len(name) :] if line is not None and "ALTREP" not in line.params else ""
    return content(name, escape(value), params)


def _alike(one: str, other: str) -> bool:
    return clean(one).strip() == clean(other).strip()


def _state(follow_up: FollowUp, standing: Event, place: Place, stamp: str) -> Edits:
    if standing.component is Component.VEVENT:
        return _event_state(follow_up, place)
    edits: Edits = {}
    wanted = status(follow_up)
    if wanted != (standing.status or "NEEDS-ACTION"):
        edits["STATUS"] = content("STATUS", wanted)
    percent = 100 if follow_up.state is State.DONE else follow_up.percent
    if follow_up.state is not State.NOT_NEEDED and percent != (standing.percent or 0):
        edits["PERCENT-COMPLETE"] = content("PERCENT-COMPLETE", str(percent)) if percent else None
    if follow_up.state is State.DONE and standing.completed is None:
        edits["COMPLETED"] = content("COMPLETED", stamp)
    elif follow_up.state is not State.DONE and place.first("COMPLETED") is not None:
        edits["COMPLETED"] = None
    return edits


def _event_state(follow_up: FollowUp, place: Place) -> Edits:
    told = "" if follow_up.state is State.TO_DO else follow_up.state.value
    edits: Edits = {}
    if place.value("X-SUIVI-STATE").lower() != told:
        edits["X-SUIVI-STATE"] = content("X-SUIVI-STATE", told) if told else None
    if follow_up.state is State.TO_DO and place.value("STATUS").upper() == "CANCELLED":
        edits["STATUS"] = content("STATUS", "CONFIRMED")
    return edits


def _same_time(ours: When, theirs: When | None) -> bool:
    if theirs is None or ours.all_day != theirs.all_day:
        return False
    if not ours.all_day:
        return (ours.start, ours.end) == (theirs.start, theirs.end)
    mine, other = Times(ours, None), Times(theirs, None)
    return (mine.start, mine.end) == (other.start, other.end)


def _times(when: When, zone: str, lines: Sequence[Line], place: Place) -> Times:
    """The new time on the clock that the object uses; on the assignee's where that one can't
    say it, has an invented name, or shows days only."""
    line = place.first("DTSTART") or place.first("DUE")
    if line is not None and not when.all_day and "T" in line.value.upper():
        tzid = line.params.get("TZID")
        if line.value.strip().upper().endswith("Z"):
            return Times(when, None)
        clock = ZoneInfo(zone) if tzid is None else named(tzid)
        if clock is not None and sayable(when, clock):
            return Times(when, clock, line.head[len(line.name) :])
    times = Times.fresh(when, zone)
    defined = any(each.name == "TZID" and each.value.strip() == zone for each in lines)
    return replace(times, definition=b"") if defined else times


def _moved(times: Times, standing: Event, place: Place) -> Edits:
    """New times, and the other ways to say them taken out."""
    edits: Edits = {
        name: None for name in ("DTSTART", "DTEND", "DUE", "DURATION") if place.first(name)
    }
    if standing.component is Component.VTODO and times.end is None and "DUE" not in edits:
        written = {"DTSTART": times.property("DTSTART", times.start)}
    else:
        written = times.properties(standing.component)
    if "DURATION" in edits and _length(times.when) == _length(standing.when):
        # As long as before: the person's DURATION still says it.
        del edits["DURATION"]
        written = {name: text for name, text in written.items() if name == "DTSTART"}
    edits |= written
    edits["SEQUENCE"] = content("SEQUENCE", str(standing.sequence + 1))
    return edits


def _length(when: When | None) -> timedelta | None:
    return None if when is None or when.end is None else when.end - when.start
