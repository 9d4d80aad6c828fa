"""Calendar copies as the arrows write them down: how an object stands, and what it is owed."""

from dataclasses import replace

from daemon.store import Tx, follow_ups
from rules.model.followups import CalendarCopy, CopyState, FollowUp
from rules.model.people import UserId
from rules.model.sightings import EventPlace
from rules.model.wire import CalendarObject

BY_CALENDAR = "calendar"
"""Who changed a follow-up, where a calendar did."""


def of_a_person(tx: Tx, follow_up: FollowUp, obj: CalendarObject, place: EventPlace) -> None:
    """The object is a person's, and carries this follow-up: nothing is owed to it until suivi
    changes something."""
    copy = CalendarCopy(
        follow_up.id,
        follow_up.owner or UserId(0),
        place.calendar,
        obj.href,
        pushed_revision=follow_up.revision,
    )
    follow_ups.put_copy(tx, seen(copy, obj, place))


def seen(copy: CalendarCopy, obj: CalendarObject, place: EventPlace) -> CalendarCopy:
    """The copy with the object as it stands there now: what both agree on, and owed nothing."""
    return replace(
        copy,
        calendar=place.calendar,
        href=obj.href,
        etag=obj.etag,
        schedule_tag=obj.schedule_tag,
        base=obj.data,
        sent=None,
        state=CopyState.IN_STEP,
        reason="",
    )
