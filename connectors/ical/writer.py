"""Follow-ups written: a fresh object, or the person's own with only our properties changed."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from connectors.ical import patch, rings, series
from connectors.ical.lines import content, escape
from connectors.ical.structure import OUR_ALARM
from connectors.ical.times import Times, ended
from rules.model.followups import FollowUp, Origin, State
from rules.model.sightings import Component

PRODID: Final = "-//suivi//suivi//EN"
# An all-day follow-up rings in the morning, not at midnight.
MORNING: Final = timedelta(hours=9)
# One that leaves the length open.
AN_HOUR: Final = timedelta(hours=1)


def write(
    follow_up: FollowUp,
    zone: str,
    *,
    base: bytes | None,
    url: str,
    now: datetime,
    alarm: bool = True,
    marked: bool = True,
    follows: str = "",
    rule: str = "",
    occurrence: str = "",
) -> bytes:
    """The calendar object of a follow-up for an assignee who lives in `zone`.

    Without `base` a new one. With it, `base` with only those of our properties replaced that say
    something else; all other bytes stay, line ends of CR alone apart, and where nothing
    differs the answer is `base`. `url` leads to the follow-up ("" for none); without `marked`,
    neither it nor our reference is put into `base`. `follows` is the UID of the meeting that it
    follows from. A new one repeats by `rule` (RRULE, without its name); of a series in `base`, the
    `occurrence` of this RECURRENCE-ID is changed, and set apart only for that. Never writes an
    ATTENDEE or ORGANIZER. Raises Unreadable for a base that can't be read.
    """
    if base is None:
        ring = _alarm(follow_up) if alarm else b""
        return _fresh(
            follow_up, zone, url, now, ring, {"RRULE": rule, "RELATED-TO": escape(follows)}
        )
    if b"\n" not in base:
        # Lines that end in CR alone, as old Notes wrote them: no line of ours would end like that.
        base = base.replace(b"\r", b"\r\n")
    # What stands there says what it is.
    follow_up = replace(follow_up, component=patch.kind(follow_up, base))
    ring = _alarm(follow_up) if alarm else b""
    # A person's alarms are their own business: they set them on their phone.
    own_alarm = None if follow_up.origin is Origin.PERSON else ring
    if not occurrence:
        return patch.patch(follow_up, zone, base, url, now, own_alarm, marked=marked)
    apart, is_new = series.override(base, follow_up.uid, occurrence, zone)
    data = patch.patch(
        follow_up, zone, apart, url, now, own_alarm, marked=marked, occurrence=occurrence
    )
    return base if is_new and data == apart else data


def _fresh(
    follow_up: FollowUp, zone: str, url: str, now: datetime, ring: bytes, more: Mapping[str, str]
) -> bytes:
    definition, body = _component(follow_up, zone, url, now, ring, more)
    head = [
        content("BEGIN", "VCALENDAR"),
        content("VERSION", "2.0"),
        content("PRODID", PRODID),
        definition,
    ]
    return b"".join([*head, body, content("END", "VCALENDAR")])


def component(follow_up: FollowUp, zone: str, url: str, now: datetime) -> tuple[bytes, bytes]:
    """The definition of the zone that it needs, and the event or task of a follow-up by itself."""
    return _component(follow_up, zone, url, now, _alarm(follow_up), {})


def _component(
    follow_up: FollowUp, zone: str, url: str, now: datetime, ring: bytes, more: Mapping[str, str]
) -> tuple[bytes, bytes]:
    stamp = patch.utc(now)
    kind = follow_up.component
    times = Times.fresh(ended(follow_up.when, kind), zone)
    body = [
        content("BEGIN", kind.value),
        content("UID", escape(follow_up.uid)),
        content("DTSTAMP", stamp),
        content("CREATED", stamp),
        content("LAST-MODIFIED", stamp),
        *times.properties(kind).values(),
        content("SUMMARY", escape(patch.title(follow_up))),
    ]
    optional = {
        "DESCRIPTION": escape(follow_up.description),
        "LOCATION": escape(follow_up.place),
        "PRIORITY": str(follow_up.priority) if follow_up.priority else "",
        "URL": patch.uri(url),
        "TRANSP": patch.free(follow_up),
        **more,
    }
    body += [content(name, value) for name, value in optional.items() if value]
    body.append(content("CATEGORIES", "Follow-up,Relance"))
    body += [content(name, value) for name, value in _progress(follow_up, stamp).items()]
    body.append(content("X-SUIVI-FOLLOW-UP", escape(follow_up.key)))
    body.append(content(rings.MARK, rings.trigger(ring)))
    return times.definition, b"".join([*body, ring, content("END", kind.value)])


def _progress(follow_up: FollowUp, stamp: str) -> dict[str, str]:
    """State in the component's own words (RFC 5545 §3.8.1.11); a VEVENT has none for done."""
    if follow_up.component is Component.VEVENT:
        told = {"STATUS": "CONFIRMED"}
        if follow_up.state is not State.TO_DO:
            told["X-SUIVI-STATE"] = follow_up.state.value
        return told
    told = {"STATUS": patch.status(follow_up)}
    if follow_up.state is State.DONE:
        told |= {"COMPLETED": stamp, "PERCENT-COMPLETE": "100"}
    elif follow_up.percent:
        told["PERCENT-COMPLETE"] = str(follow_up.percent)
    return told


def _alarm(follow_up: FollowUp) -> bytes:
    """A VALARM that rings with the first reminder; nothing once it is over."""
    if not follow_up.reminders or follow_up.state is not State.TO_DO:
        return b""
    leads = [r.lead(follow_up.when) for r in follow_up.reminders]
    before = max(AN_HOUR if lead is None else lead for lead in leads)
    if follow_up.when.all_day:
        before = timedelta(days=before.days) - MORNING
    # A task without start is placed by its due time.
    due = follow_up.component is Component.VTODO and follow_up.when.end is None
    return (
        content("BEGIN", "VALARM")
        + content("ACTION", "DISPLAY")
        + content("DESCRIPTION", escape(follow_up.title) or "-")
        + content("TRIGGER", _duration(-before), ";RELATED=END" if due else "")
        + content(OUR_ALARM, "1")
        + content("END", "VALARM")
    )


def _duration(length: timedelta) -> str:
    """RFC 5545 §3.3.6, in minutes, which every client reads."""
    minutes = int(length.total_seconds() // 60)
    return f"{'-' if minutes < 0 else ''}PT{abs(minutes)}M"
