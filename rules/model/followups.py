"""Follow-ups, their reminders, and the ledger that sends each reminder once (spec §3, §8)."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NewType

from rules.model.exchanges import Exchange, ExchangeId, LinkedElement
from rules.model.people import ContactId, EntityId, ThirdPartyId, UserId
from rules.model.rules import Later
from rules.model.sightings import CalendarId, Component, When

FollowUpId = NewType("FollowUpId", int)
LedgerId = NewType("LedgerId", int)
SeriesId = NewType("SeriesId", int)


class State(StrEnum):
    """Progress of a follow-up; `percent` refines TO_DO."""

    TO_DO = "to_do"
    DONE = "done"
    NOT_NEEDED = "not_needed"


class Origin(StrEnum):
    """Who brought it into being; a PERSON's calendar object stays theirs."""

    SUIVI = "suivi"
    PERSON = "person"
    RULE = "rule"


@dataclass(frozen=True, slots=True)
class Assignee:
    """One who has to do it; exactly one is the owner."""

    user: UserId
    owner: bool = False
    busy: bool = True


START, END = "start", "end"
"""What a reminder is so long before."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """An email so long before the follow-up, or with `anchor` END before its end. What it leaves
    open, the length and the template, is for each assignee's options to say (spec §8). `unit` says
    how a person put the length, and nothing else."""

    before: timedelta | None = None
    channel: str = "email"
    template: str | None = None
    anchor: str = START
    unit: str = field(default="seconds", compare=False)

    def lead(self, when: When) -> timedelta | None:
        """How long before the start of what is then; negative is after it."""
        if self.before is None or self.anchor != END or when.end is None:
            return self.before
        return self.before - (when.end - when.start)


@dataclass(frozen=True, slots=True)
class FollowUpDraft:
    """A follow-up before it is stored. `key` is derived from what asks for it, so that asking
    twice plans one."""

    key: str
    title: str
    when: When
    assignees: tuple[Assignee, ...]
    third_party: ThirdPartyId | None = None
    contact: ContactId | None = None
    exchange: ExchangeId | None = None
    creator: UserId | None = None
    entity: EntityId | None = None
    description: str = ""
    place: str = ""
    priority: int = 0
    reminders: tuple[Reminder, ...] = (Reminder(),)
    element: LinkedElement | None = None
    origin: Origin = Origin.SUIVI
    component: Component = Component.VEVENT
    uid: str = ""
    state: State = State.TO_DO
    percent: int = 0
    project: str | None = None
    series: SeriesId | None = None
    occurrence: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """What repeats: each occurrence is a follow-up of its own, and one calendar object carries
    them all. `rule` (RRULE) and `draft` are of a series that suivi has made: what the first one
    says, at the first time."""

    id: SeriesId
    uid: str
    rule: str = ""
    draft: FollowUpDraft | None = None


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Something to do about a third party at a time, by someone.

    `uid` is the iCalendar UID; `schedule_version` moves with time and reopening only (schema 8),
    `revision` with every change; `live` is False when it is older than the installation went live:
    such a one is history, and reminds, writes and closes nothing. `opened_at` is when it was first
    stored: what happened before that can't have answered it. Of a `deleted` one nothing is left
    but its key. Of a `series`, `occurrence` says which it is, as RECURRENCE-ID does.
    """

    id: FollowUpId
    key: str
    uid: str
    title: str
    when: When
    assignees: tuple[Assignee, ...]
    third_party: ThirdPartyId | None = None
    contact: ContactId | None = None
    exchange: ExchangeId | None = None
    creator: UserId | None = None
    entity: EntityId | None = None
    description: str = ""
    place: str = ""
    priority: int = 0
    reminders: tuple[Reminder, ...] = ()
    element: LinkedElement | None = None
    origin: Origin = Origin.SUIVI
    component: Component = Component.VEVENT
    state: State = State.TO_DO
    percent: int = 0
    schedule_version: int = 1
    revision: int = 1
    live: bool = True
    opened_at: datetime | None = None
    project: str | None = None
    deleted: bool = False
    series: SeriesId | None = None
    occurrence: str = ""

    @property
    def ref(self) -> str:
        """How people name it: `FU-12`."""
        return f"FU-{self.id}"

    @property
    def owner(self) -> UserId | None:
        """The assignee whose calendar it lives in."""
        return next((a.user for a in self.assignees if a.owner), None)

    @property
    def busy(self) -> bool:
        """Whether its owner is busy meanwhile."""
        return self.busy_of(None)

    def busy_of(self, user: UserId | None) -> bool:
        """Whether this assignee is busy meanwhile; None: the owner."""
        who = self.owner if user is None else user
        return next((a.busy for a in self.assignees if a.user == who), True)


@dataclass(frozen=True, slots=True)
class Awaited:
    """A reply that a rule waits for: without one to this exchange within so many working days,
    `draft` is opened, at a time that `later` counts from then."""

    exchange: ExchangeId
    rule: str
    within: int
    later: Later
    draft: FollowUpDraft


class How(StrEnum):
    """In which way an exchange answers a follow-up."""

    ANSWERED = "answered"
    SPOKEN = "spoken"


@dataclass(frozen=True, slots=True)
class Answered:
    """Why an exchange closes a follow-up, as facts: each reader gets them in their own language.
    `ref` names the exchange when it may be gone; `mode` is that of what was spoken about."""

    how: How
    ref: str
    mode: str = ""

    @property
    def facts(self) -> dict[str, str]:
        """All but how."""
        return {"ref": self.ref, "mode": self.mode} if self.mode else {"ref": self.ref}


@dataclass(frozen=True, slots=True)
class Closed:
    """A follow-up that an exchange closed; `withdrawn`: it only waited for that."""

    follow_up: FollowUp
    exchange: Exchange
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class Away:
    """A follow-up that waits for somebody who, as an automatic reply says, is `back` on that day;
    `day` is the working day after it."""

    follow_up: FollowUp
    exchange: Exchange
    back: date
    day: date


class CopyState(StrEnum):
    """Where a calendar copy stands: to be written, in step, gone, left alone for good, or lying in
    the calendar of a colleague who has no part in it."""

    PENDING = "pending"
    IN_STEP = "in_step"
    GONE = "gone"
    PARKED = "parked"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class CalendarCopy:
    """The calendar object that carries a follow-up for one assignee (schema 8).

    `base` is the object as both sides last agreed on it, `pushed_revision` the follow-up's
    revision that it shows; `pushed` names what was written last, and `pushes` how often in a row.
    `sent` is what suivi set out to write, until it knows what became of that.
    """

    follow_up: FollowUpId
    user: UserId
    calendar: CalendarId
    href: str
    etag: str | None = None
    schedule_tag: str | None = None
    base: bytes | None = None
    pushed_revision: int = 0
    state: CopyState = CopyState.PENDING
    reason: str = ""
    pushed: str = ""
    pushes: int = 0
    sent: bytes | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """One email to be sent: unique by all but `at` and `title` (schema 9). `at` is UTC."""

    follow_up: FollowUpId
    occurrence: str
    before: timedelta
    recipient: UserId
    schedule_version: int
    at: datetime
    template: str | None = None


class LedgerState(StrEnum):
    """Life of a reminder; SENDING is the only one after which a second copy can arrive."""

    DUE = "due"
    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    RETRY = "retry"
    FAILED = "failed"
    UNKNOWN = "unknown"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A reminder in the ledger; `mail` holds the bytes rendered at the first claim until sent,
    `handed_over` says that a server may have had them."""

    id: LedgerId
    due: Due
    state: LedgerState
    attempts: int = 0
    message_id: str = ""
    mail: bytes | None = field(default=None, repr=False)
    last_error: str = ""
    next_try: datetime | None = None
    handed_over: bool = False


class Verb(StrEnum):
    """What a reply or a signed link asks for."""

    DONE = "done"
    POSTPONE = "postpone"
    REOPEN = "reopen"
    NOT_NEEDED = "not_needed"


@dataclass(frozen=True, slots=True)
class Command:
    """An answer from a reminder mail; `to` is the new time when it postpones."""

    verb: Verb
    to: When | None = None


class Why(StrEnum):
    """Why a line was not understood."""

    WORDS = "words"
    """It is no command and no time that we know."""
    PAST = "past"
    """It names a time that is over."""
    CONTRADICTION = "contradiction"
    """It names a day of the week that its date does not fall on."""


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """What was written instead of a command, shortened for the answer mail, and why it is none."""

    line: str
    why: Why = Why.WORDS
