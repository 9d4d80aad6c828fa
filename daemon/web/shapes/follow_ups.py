"""Follow-ups as the API shows them."""

from datetime import datetime

from pydantic import BaseModel, Field

from daemon.web.shapes.common import Names, Page, PartyRef
from rules.model import followups


class FollowUp(BaseModel):
    """Something to do. An all-day one starts at midnight in `zone`."""

    id: int
    uid: str
    title: str
    start: datetime
    end: datetime | None
    all_day: bool
    zone: str
    third_party: PartyRef | None
    owner: str | None
    assignees: list[str]
    description: str
    place: str
    priority: int
    state: followups.State
    percent: int
    origin: followups.Origin
    live: bool
    revision: int
    series: int | None = Field(description="What it is an occurrence of, if it repeats.")
    occurrence: str = Field(description="Which one, as RECURRENCE-ID of RFC 5545 tells it.")


class FollowUps(Page):
    """By time."""

    items: list[FollowUp]


class Coming(BaseModel):
    """What should have been done, and what is next; each by time."""

    overdue: list[FollowUp]
    coming: list[FollowUp]


def follow_up(value: followups.FollowUp, names: Names) -> FollowUp:
    """A follow-up as the API shows it."""
    return FollowUp(
        id=value.id,
        uid=value.uid,
        title=value.title,
        start=value.when.start,
        end=value.when.end,
        all_day=value.when.all_day,
        zone=value.when.zone,
        third_party=names.party(value.third_party),
        owner=names.email(value.owner),
        assignees=names.emails(tuple(assignee.user for assignee in value.assignees)),
        description=value.description,
        place=value.place,
        priority=value.priority,
        state=value.state,
        percent=value.percent,
        origin=value.origin,
        live=value.live,
        revision=value.revision,
        series=value.series,
        occurrence=value.occurrence,
    )
