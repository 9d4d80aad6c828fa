"""A follow-up as somebody writes it down, and what may stand in it: rights, options, directory and
lists decide."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from daemon.i18n import mark
from daemon.sheet.entry import party, reached_entity
from daemon.sheet.errors import NotTaken
from daemon.sheet.exchanges import named, sees
from daemon.sheet.writer import Writer
from daemon.store import people
from rules.model.exchanges import ExchangeId, LinkedElement
from rules.model.followups import END, START, Assignee, FollowUp, Reminder, State
from rules.model.people import ContactId, EntityId, User, UserId
from rules.model.sightings import When

UNITS: Mapping[str, timedelta] = {
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
    "weeks": timedelta(weeks=1),
}
CHANNELS = ("email", "display")
"""By mail; or only the alarm of the calendar."""
ANCHORS = (START, END)


@dataclass(frozen=True, slots=True)
class Remind:
    """A reminder, so many units before `anchor`; without a number as the assignee's options say."""

    before: int | None = None
    unit: str = "minutes"
    anchor: str = START
    channel: str = "email"
    template: str | None = None


@dataclass(frozen=True, slots=True)
class Whose:
    """An assignee by address; the first of several is the owner."""

    email: str
    busy: bool = True


@dataclass(frozen=True, slots=True)
class FollowUpEntry:
    """`start` is aware; of a whole day, any moment of it in `zone` (IANA). What is left open is
    filled in: it is the writer's own, in their zone, reminded of as their options say. With
    `repeats`, a rule as `rules.recurrence` reads it, it is the first of a series."""

    start: datetime
    title: str = ""
    end: datetime | None = None
    all_day: bool = False
    zone: str | None = None
    third_party: int | None = None
    contact: int | None = None
    exchange: str | None = None
    entity: str | None = None
    assignees: tuple[Whose, ...] = ()
    place: str = ""
    description: str = ""
    priority: int = 0
    element: LinkedElement | None = None
    project: str | None = None
    state: State = State.TO_DO
    percent: int = 0
    reminders: tuple[Remind, ...] | None = None
    repeats: str | None = None


FIELDS = frozenset(f.name for f in fields(FollowUpEntry)) - {"repeats"}
"""What can be changed later on."""

_PLAIN = ("title", "place", "description", "priority", "element", "project")
_TIMES = {"start", "end", "all_day", "zone"}


def values(
    writer: Writer, given: Mapping[str, Any], standing: FollowUp | None = None
) -> dict[str, Any]:
    """What was given, by names of FIELDS, as a FollowUp holds it. Raises NotTaken."""
    told: dict[str, Any] = {name: given[name] for name in _PLAIN if name in given}
    if "exchange" in given:
        told["exchange"] = _exchange(writer, given["exchange"], standing)
    if "third_party" in given or "contact" in given:
        told |= _party(writer, given, standing)
    if "entity" in given:
        told["entity"] = reached_entity(writer, given["entity"])
    if "assignees" in given:
        told["assignees"] = tuple(_assignees(writer, given["assignees"]))
    if not _TIMES.isdisjoint(given):
        told["when"] = _when(given, standing, writer.user)
    if "reminders" in given:
        told["reminders"] = _reminders(given["reminders"])
    if "state" in given or "percent" in given:
        told |= _progress(given, standing)
    return told


def assignable(writer: Writer, new: Iterable[UserId], entity: EntityId | None) -> bool:
    """Whether the option lets the writer assign something of `entity` to these."""
    whom = writer.option("assign_to", entity)
    mine = writer.user
    for number in new:
        other = writer.users.get(number)
        if other is None or (whom != "anyone" and not _is_near(mine, other, str(whom))):
            return False
    return True


def _is_near(mine: User, other: User, whom: str) -> bool:
    if mine.id == other.id:
        return True
    if whom == "entity":
        return not mine.entities.isdisjoint(other.entities)
    return whom == "group" and not mine.groups.isdisjoint(other.groups)


def _exchange(writer: Writer, name: str | None, standing: FollowUp | None) -> ExchangeId | None:
    if name is None:
        return None
    found = named(writer, name)
    known = standing is not None and found is not None and standing.exchange == found.id
    if found is None or not (known or sees(writer, found)):
        raise NotTaken("exchange", mark("there is no such exchange"))
    return found.id


def _party(writer: Writer, given: Mapping[str, Any], standing: FollowUp | None) -> dict[str, Any]:
    known = (standing.third_party,) if standing and standing.third_party is not None else ()
    number = given.get("third_party", standing.third_party if standing else None)
    about = None if number is None else party(writer, number, known, "third_party")
    whom = given.get("contact", standing.contact if standing else None)
    if whom is None:
        return {"third_party": about, "contact": None}
    contact = people.get_contact(writer.tx, ContactId(whom))
    if contact is None or (about is not None and contact.third_party != about):
        raise NotTaken("contact", mark("there is no such contact of these third parties"))
    about = party(writer, contact.third_party, known, "contact")
    return {"third_party": about, "contact": contact.id}


def _assignees(writer: Writer, several: Iterable[Whose]) -> Iterable[Assignee]:
    seen: set[UserId] = set()
    for one in several:
        user = writer.colleague("assignees", one.email).id
        if user not in seen:
            yield Assignee(user, owner=not seen, busy=one.busy)
        seen.add(user)
    if not seen:
        raise NotTaken("assignees", mark("a follow-up is somebody's: name an assignee"))


def _when(given: Mapping[str, Any], standing: FollowUp | None, user: User) -> When:
    before = standing.when if standing else None
    name = given.get("zone") or (before.zone if before else user.timezone)
    try:
        zone = ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise NotTaken("zone", mark("there is no such time zone")) from error
    start = given.get("start") or (before.start if before else None)
    if start is None:
        raise NotTaken("start", mark("say when"))
    all_day = given.get("all_day", before.all_day if before else False)
    # Moved without a new end, it lasts as long as before.
    length = before.end - before.start if before and before.end else None
    end = given["end"] if "end" in given else (start + length if length else None)
    if all_day:
        start, end = _midnight(start, zone), None if end is None else _midnight(end, zone)
        if end == start:
            end = None
    if end is not None and end < start:
        raise NotTaken("end", mark("it ends before it starts"))
    return When(start, end, all_day, name)


def _midnight(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)


def _reminders(several: Iterable[Remind] | None) -> tuple[Reminder, ...]:
    if several is None:
        return (Reminder(),)
    return tuple(dict.fromkeys(map(_reminder, several)))


def _reminder(one: Remind) -> Reminder:
    before = None if one.before is None else one.before * UNITS[one.unit]
    return Reminder(before, one.channel, one.template, one.anchor, one.unit)


def _progress(given: Mapping[str, Any], standing: FollowUp | None) -> dict[str, Any]:
    """State and percentage; all of it done is done."""
    state = given.get("state")
    percent = given.get("percent")
    if state is None:
        before = standing.state if standing else State.TO_DO
        state = State.DONE if percent == 100 else before
        if percent is not None and percent < 100 and before is State.DONE:
            state = State.TO_DO
    if percent is None:
        percent = standing.percent if standing and state is standing.state else 0
    if state is State.DONE:
        percent = 100
    elif state is State.TO_DO and percent == 100:
        state = State.DONE
    return {"state": state, "percent": percent}


def owned(assignees: tuple[Assignee, ...]) -> tuple[Assignee, ...]:
    """With the first of them as the owner."""
    return tuple(replace(a, owner=n == 0) for n, a in enumerate(assignees))
