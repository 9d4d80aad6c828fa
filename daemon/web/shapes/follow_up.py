"""One follow-up as the API takes it and shows it whole."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from daemon.sheet.follow_up_entry import FollowUpEntry, Remind, Whose
from daemon.web.shapes import follow_ups as listed
from daemon.web.shapes.strict import Flag, Moment, Whole
from daemon.web.shapes.written import Code, ElementGiven, Email, Given, Id, Line, Text
from rules.model.followups import State

ExchangeName = Annotated[
    str, Field(min_length=1, max_length=120, description="By reference or number.")
]
Template = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Priority = Annotated[Whole, Field(ge=0, le=9, description="As iCalendar has it: 1 is the highest.")]
Percent = Annotated[Whole, Field(ge=0, le=100)]


class ReminderGiven(Given):
    """So many units before `anchor`; without a number, as each assignee's options say."""

    before: Annotated[Whole | None, Field(ge=0, le=100_000)] = None
    unit: Literal["minutes", "hours", "days", "weeks"] = "minutes"
    anchor: Literal["start", "end"] = "start"
    channel: Literal["email", "display"] = "email"
    template: Template | None = None


class AssigneeGiven(Given):
    """Whose it is, and whether they are busy meanwhile."""

    email: Email
    busy: Flag = True


Assignees = Annotated[
    tuple[AssigneeGiven, ...],
    Field(max_length=50, description="The owner first; none: the caller."),
]
Reminders = Annotated[
    tuple[ReminderGiven, ...],
    Field(max_length=20, description="None: one, as options say; an empty list: not reminded of."),
]


Rule = Annotated[
    str,
    Field(
        min_length=1,
        max_length=300,
        description="How it repeats, as RRULE of RFC 5545 tells it, by days or more. Each"
        " occurrence is a follow-up of its own; the first is at or after `start`.",
        examples=["FREQ=MONTHLY;BYDAY=1MO"],
    ),
]


class FollowUpPlanned(Given):
    """What is to be done, when and by whom. Of a whole day `start` is any moment in `zone`."""

    start: Moment
    title: Line = ""
    end: Moment | None = None
    all_day: Flag = False
    zone: Annotated[str, Field(max_length=64, examples=["Europe/Paris"])] | None = None
    third_party: Id | None = None
    contact: Id | None = None
    entity: Code | None = None
    assignees: Assignees = ()
    place: Line = ""
    description: Text = ""
    priority: Priority = 0
    element: ElementGiven | None = None
    project: Line | None = None
    state: State = State.TO_DO
    percent: Percent = 0
    reminders: Reminders | None = None
    repeats: Rule | None = None

    def entry(self, exchange: str | None = None) -> FollowUpEntry:
        """As it is written down; it follows from `exchange`."""
        given = {name: held(value) for name, value in self if name != "exchange"}
        return FollowUpEntry(**given, exchange=exchange)


class FollowUpGiven(FollowUpPlanned):
    """A follow-up to be opened."""

    exchange: ExchangeName | None = None


class FollowUpChanged(Given):
    """What is to change; what is not named stays as it is. Moved without a new `end`, it lasts as
    long as before."""

    start: Moment | None = None
    title: Annotated[str, Field(min_length=1, max_length=1_000)] | None = None
    end: Moment | None = None
    all_day: Flag | None = None
    zone: Annotated[str, Field(max_length=64)] | None = None
    third_party: Id | None = None
    contact: Id | None = None
    exchange: ExchangeName | None = None
    entity: Code | None = None
    assignees: Annotated[tuple[AssigneeGiven, ...], Field(min_length=1, max_length=50)] | None = (
        None
    )
    place: Line | None = None
    description: Text | None = None
    priority: Priority | None = None
    element: ElementGiven | None = None
    project: Line | None = None
    state: State | None = None
    percent: Percent | None = None
    reminders: Reminders | None = None

    def given(self) -> dict[str, Any]:
        """What was named. Null empties what may be empty, and says nothing of the others."""
        named = {name: held(getattr(self, name)) for name in self.model_fields_set}
        return {k: v for k, v in named.items() if v is not None or k in _MAY_BE_EMPTY}


_MAY_BE_EMPTY = frozenset(
    {"end", "third_party", "contact", "exchange", "entity", "element", "project", "reminders"}
)


def held(value: Any) -> Any:
    """A part of a request as the sheet takes it."""
    if isinstance(value, tuple):
        return tuple(map(held, value))
    if isinstance(value, ElementGiven):
        return value.linked()
    if isinstance(value, AssigneeGiven):
        return Whose(value.email, value.busy)
    if isinstance(value, ReminderGiven):
        return Remind(value.before, value.unit, value.anchor, value.channel, value.template)
    return value


class Asked(Given):
    """What is to become of it. `to` is when it is put off to: a time (`2026-12-01T10:00:00+01:00`)
    or words (`mardi 10h`, `+3d`)."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"action": {"const": "postpone"}}, "required": ["action"]},
            "then": {"properties": {"to": {"type": "string"}}, "required": ["to"]},
        }
    )

    action: Literal["done", "not_needed", "reopen", "undo", "postpone"]
    to: Annotated[str, Field(min_length=1, max_length=100)] | None = None


class ReminderShown(BaseModel):
    """An email so many units before."""

    before: int | None
    unit: str
    anchor: str
    channel: str
    template: str | None


class AssigneeShown(BaseModel):
    """Whose it is."""

    email: str
    owner: bool
    busy: bool


class CopyShown(BaseModel):
    """Where the calendar object of an assignee stands."""

    user: str | None
    state: str
    reason: str


class MayDoFollowUp(BaseModel):
    """What the caller may do with it."""

    edit: bool
    delete: bool
    assign: bool


class FollowUpShown(listed.FollowUp):
    """One follow-up with all that hangs on it."""

    ref: str
    contact: int | None
    exchange: str | None = Field(description="What it follows from, where the caller may see that.")
    creator: str | None
    entity: str | None
    element: ElementGiven | None
    project: str | None
    whose: list[AssigneeShown]
    reminders: list[ReminderShown]
    calendars: list[CopyShown]
    may: MayDoFollowUp


class ChangeShown(BaseModel):
    """One field as it was and as it became."""

    at: datetime
    by: str
    why: str = Field(description="In the language of the answer.")
    field: str
    old: Any
    new: Any
    revision: int


class HistoryShown(BaseModel):
    """All changes of a follow-up, the oldest first."""

    items: list[ChangeShown]


class FollowUpNamed(Given):
    """One of several; with a revision, only if it still has that one."""

    follow_up: Annotated[str, Field(min_length=1, max_length=40, examples=["FU-12"])]
    revision: Annotated[int | None, Field(ge=1, le=10**18)] = None


class FollowUpsNamed(Given):
    """Which follow-ups."""

    follow_ups: Annotated[tuple[FollowUpNamed, ...], Field(min_length=1, max_length=500)]
