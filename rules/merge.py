"""A follow-up and its calendar object, changed on both sides: field by field, three ways.

Where both changed one field, the person's calendar wins and ours is kept in the trace.
"""

from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any, Final

from rules.model import marks
from rules.model.decisions import Step
from rules.model.followups import START, FollowUp, Origin, Reminder, State
from rules.model.people import UserId
from rules.model.sightings import Component, Event, When
from rules.zones import local_date


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to change in a follow-up; None leaves a field as it is."""

    when: When | None = None
    title: str | None = None
    description: str | None = None
    place: str | None = None
    priority: int | None = None
    state: State | None = None
    percent: int | None = None
    busy: bool | None = None
    reminders: tuple[Reminder, ...] | None = None


@dataclass(frozen=True, slots=True)
class Merge:
    """`apply` is for us, `push` says that the calendar lacks something of ours, and `kept` holds
    what the calendar overruled."""

    apply: Changes
    push: bool
    kept: tuple[Step, ...]


def merge(
    base: Event | None,
    ours: FollowUp,
    theirs: Event,
    user: UserId | None = None,
    sent: Event | None = None,
) -> Merge:
    """Three-way, with `base` as both last agreed on it; `user` is whose copy it is, None: the
    owner's. `sent` is what suivi tried to write since: what says the same is no change of theirs.

    Without a base, what they say is right, and what they leave empty says nothing.
    """
    apply: dict[str, Any] = {}
    kept: list[Step] = []
    push = False
    agreed = _view(base, ours) if base is not None else {}
    written = _view(sent, ours) if sent is not None else {}
    for name, value in _view(theirs, ours).items():
        mine = ours.busy_of(user) if name == "busy" else getattr(ours, name)
        before = agreed.get(name, _EMPTY[name])
        they_changed = (
            value is not None
            and not _same(value, before)
            and not (name in written and _same(value, written[name]))
        )
        we_changed = not _same(mine, before)
        if they_changed and not _same(value, mine):
            apply[name] = value
            if we_changed and base is not None:
                kept.append(Step(name, "the calendar wins", f"ours was {_shown(mine)}"))
        elif we_changed and not they_changed and name != "reminders":
            # Mails are our business: no calendar is told of them.
            push = True
    if base is not None and "reminders" not in apply:
        rung = _rung(base, ours, theirs)
        if rung != ours.reminders:
            apply["reminders"] = rung
    return Merge(Changes(**apply), push, tuple(kept))


def deleted(ours: FollowUp) -> Changes:
    """Deleted in the calendar: not needed, unless it was done already (spec §3)."""
    return Changes(state=State.NOT_NEEDED) if ours.state is State.TO_DO else Changes()


def apply(follow_up: FollowUp, changes: Changes, user: UserId | None = None) -> FollowUp:
    """The follow-up as changed, one revision on; the same one when nothing changes. Whether `user`
    (None: the owner) is busy meanwhile is theirs alone.

    `schedule_version` moves with time and reopening only: a new one is reminded of anew.
    """
    new: dict[str, Any] = {
        f.name: value
        for f in fields(changes)
        if f.name != "busy"
        and (value := getattr(changes, f.name)) is not None
        and not _same(value, getattr(follow_up, f.name))
    }
    if changes.busy is not None and changes.busy != follow_up.busy_of(user):
        who = follow_up.owner if user is None else user
        new["assignees"] = tuple(
            replace(a, busy=changes.busy) if a.user == who else a for a in follow_up.assignees
        )
    if not new:
        return follow_up
    state = new.get("state")
    if state is State.DONE:
        new["percent"] = 100
    elif state is State.TO_DO and new.get("percent", follow_up.percent) == 100:
        new["percent"] = 0
    reopened = state is State.TO_DO
    version = follow_up.schedule_version + ("when" in new or reopened)
    return replace(follow_up, **new, schedule_version=version, revision=follow_up.revision + 1)


def reopen(follow_up: FollowUp) -> FollowUp:
    """To do again, as after its event came back or its closing was undone."""
    return apply(follow_up, Changes(state=State.TO_DO))


def state_of(event: Event) -> State:
    """Progress as iCalendar tells it (RFC 5545 §3.8.1.11, §3.8.2.1)."""
    status = event.status.upper()
    if status == "CANCELLED":
        return State.NOT_NEEDED
    if status == "COMPLETED" or event.completed is not None or event.percent == 100:
        return State.DONE
    return State.TO_DO


def reminders_of(event: Event) -> tuple[Reminder, ...]:
    """Alarms of action EMAIL are reminders; others ring on the phone and are the person's."""
    emails = {a.before for a in event.alarms if a.action.upper() == "EMAIL"}
    return tuple(map(Reminder, sorted(emails)))


DAY: Final = timedelta(days=1)
_RINGS: Final = frozenset({"DISPLAY", "AUDIO"})


def _rung(base: Event, ours: FollowUp, theirs: Event) -> tuple[Reminder, ...]:
    """The reminders, after a person moved the alarm that suivi had set; one that they took away
    rings no more, and is mailed all the same. The alarms of a person's own object are theirs."""
    before, now = (
        {a.before for a in event.alarms if a.action.upper() in _RINGS} for event in (base, theirs)
    )
    if ours.origin is Origin.PERSON or not (before - now and now - before) or not ours.reminders:
        return ours.reminders
    was, becomes = max(before - now), max(now - before)
    if ours.when.all_day:
        # It rings at an hour of some day, and the mail comes on that day.
        becomes = max(-(-becomes // DAY), 0) * DAY
    leads = [r.lead(ours.when) for r in ours.reminders]
    # What rings is the first of them; one that leaves the length open was spelled out for it.
    moved = next((n for n, lead in enumerate(leads) if lead == was), None)
    if moved is None:
        moved = leads.index(None) if None in leads else 0
    fresh = replace(ours.reminders[moved], before=becomes, anchor=START)
    return (*ours.reminders[:moved], fresh, *ours.reminders[moved + 1 :])


_EMPTY: dict[str, object] = {
    "when": None,
    "title": "",
    "description": "",
    "place": "",
    "priority": 0,
    "busy": True,
    "state": State.TO_DO,
    "percent": 0,
    "reminders": (),
}


def _view(event: Event, ours: FollowUp) -> dict[str, object]:
    """The event's fields in our words; only a task tells its percentage, and only an event whether
    one is busy meanwhile."""
    title, state = told(event, ours)
    view: dict[str, object] = {
        "when": event.when,
        "title": title,
        "description": event.description,
        "place": event.location,
        "priority": event.priority,
        "state": state,
        "reminders": reminders_of(event),
    }
    if event.component is Component.VTODO:
        view["percent"] = event.percent or 0
    else:
        view["busy"] = event.busy
    return view


def told(event: Event, ours: FollowUp | None = None) -> tuple[str, State]:
    """Title and progress: for an event has no other way, people tick its title off. A title that
    suivi itself gave is no tick, whatever it starts with."""
    state = state_of(event)
    is_open_event = event.component is Component.VEVENT and state is State.TO_DO
    marked, title = marks.done(event.summary)
    if not is_open_event or not marked or (ours is not None and marks.done(ours.title)[0]):
        return event.summary, state
    return title, State.DONE


def _same(one: object, other: object) -> bool:
    if isinstance(one, When) and isinstance(other, When):
        return _same_time(one, other)
    return one == other


def _same_time(one: When, other: When) -> bool:
    """Equal instants, or equal days. An end that one side leaves open is no difference: a
    follow-up has none, and a calendar object always shows one."""
    if one.all_day or other.all_day:
        return one.all_day and other.all_day and local_date(one) == local_date(other)
    ends_differ = one.end is not None and other.end is not None and one.end != other.end
    return one.start == other.start and not ends_differ


def _shown(value: object) -> str:
    text = value.start.isoformat() if isinstance(value, When) else str(value)
    return text[:200]
