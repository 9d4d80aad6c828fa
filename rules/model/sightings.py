"""What suivi reads: messages, events, and the places where copies of them were seen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from rules.model.people import Address, Level, UserId
from rules.model.quick import quick

AccountId = NewType("AccountId", int)
FolderId = NewType("FolderId", int)
CalendarId = NewType("CalendarId", int)


class FolderRole(StrEnum):
    """The SPECIAL-USE role of a folder (RFC 6154 §2); INBOX by its reserved name."""

    INBOX = "inbox"
    SENT = "sent"
    ARCHIVE = "archive"
    ALL = "all"
    DRAFTS = "drafts"
    JUNK = "junk"
    TRASH = "trash"
    OTHER = "other"


class MailKind(StrEnum):
    """What sort of message it is (spec §5); kinds classify and are counted, never drop."""

    HUMAN = "human"
    AUTO_REPLY = "auto-reply"
    BOUNCE = "bounce"
    NEWSLETTER = "newsletter"
    LIST = "list"
    INVITATION = "invitation"
    READ_RECEIPT = "read-receipt"
    MACHINE = "machine"


@dataclass(frozen=True, slots=True)
class Attachment:
    """Name, media type and size in octets; the bytes are never read (spec §5)."""

    name: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Undelivered:
    """Somebody whom a mail did not reach, and why (RFC 3463, `5.1.1`); "" where nothing says."""

    recipient: str
    status: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What a bounce says (RFC 3464): the bare Message-ID of the mail that came back, and whom it
    did not reach."""

    about: str
    undelivered: tuple[Undelivered, ...] = ()


@quick
@dataclass(frozen=True, slots=True)
class Body:
    """The text of a message; `quoted_from` is the character offset where quoted text starts."""

    text: str
    quoted_from: int | None = None


@quick
@dataclass(frozen=True, slots=True)
class Message:
    """One mail as its headers tell it (RFC 5322 §3.6); `body` comes only after a match.

    Message ids are bare, without angle brackets, and as written; `headers` holds the other
    fields that deciding reads, by lower-case name, unfolded.
    """

    message_id: str | None = None
    subject: str = ""
    date: datetime | None = None
    from_: tuple[Address, ...] = ()
    sender: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    size: int = 0
    body: Body | None = None
    attachments: tuple[Attachment, ...] = ()
    invites: "EventRef | None" = None
    report: Report | None = None


@dataclass(frozen=True, slots=True)
class EventRef:
    """Which meeting an invitation mail is about (RFC 5546): UID, RECURRENCE-ID, METHOD."""

    uid: str
    recurrence_id: str | None = None
    method: str = ""


class Component(StrEnum):
    """The iCalendar component that carries an event (RFC 5545 §3.6)."""

    VEVENT = "VEVENT"
    VTODO = "VTODO"


class Answer(StrEnum):
    """PARTSTAT (RFC 5545 §3.2.12), as far as it decides anything."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    TENTATIVE = "tentative"
    NEEDS_ACTION = "needs-action"


@dataclass(frozen=True, slots=True)
class Attendee:
    """A participant of a meeting and what they answered."""

    address: Address
    answer: Answer = Answer.NEEDS_ACTION


@dataclass(frozen=True, slots=True)
class Alarm:
    """A VALARM (RFC 5545 §3.6.6): its action and how long before the start (negative: after)."""

    action: str
    before: timedelta


@dataclass(frozen=True, slots=True)
class When:
    """A time of an event. `start` and `end` are aware; an all-day one starts at midnight in
    `zone`, an IANA name."""

    start: datetime
    end: datetime | None = None
    all_day: bool = False
    zone: str = "UTC"


@quick
@dataclass(frozen=True, slots=True)
class Event:
    """One occurrence of a calendar object (RFC 5545 §3.6.1–2).

    `recurrence_id` is the UTC basic form of the original start, None for a single event;
    `recurs` is True for the master of a series. `busy` is what TRANSP says (RFC 5545 §3.8.2.7).
    `follow_up_key` is suivi's own mark, if any.
    """

    uid: str
    component: Component
    summary: str
    when: When | None
    recurrence_id: str | None = None
    recurs: bool = False
    sequence: int = 0
    description: str = ""
    location: str = ""
    status: str = ""
    class_: str = "PUBLIC"
    free_busy_only: bool = False
    categories: tuple[str, ...] = ()
    organizer: Address | None = None
    attendees: tuple[Attendee, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    url: str = ""
    percent: int | None = None
    completed: datetime | None = None
    priority: int = 0
    busy: bool = True
    modified: datetime | None = None
    follow_up_key: str | None = None


@quick
@dataclass(frozen=True, slots=True)
class MailPlace:
    """Where a message was seen: UIDs ascend within one UIDVALIDITY (RFC 9051 §2.3.1.1)."""

    folder: FolderId
    role: FolderRole
    name: str
    uidvalidity: int
    uid: int
    keywords: frozenset[str] = frozenset()
    emailid: str | None = None
    received: datetime | None = None


@dataclass(frozen=True, slots=True)
class EventPlace:
    """Where an event was seen: its object in one calendar."""

    calendar: CalendarId
    name: str
    href: str
    etag: str
    dedicated: bool = False


@quick
@dataclass(frozen=True, slots=True)
class Sighting:
    """One copy of a message or event, in one folder or calendar of one account.

    `owner` is None for a shared mailbox (`info@…`); `level` is the account's privacy level.
    """

    account: AccountId
    owner: UserId | None
    place: MailPlace | EventPlace
    what: Message | Event
    level: Level = Level.EVERYTHING
