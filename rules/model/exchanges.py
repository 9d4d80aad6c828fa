"""Exchanges: one dealing with a third party, and what hangs on it (spec §2)."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NewType

from rules.model.people import AddressKey, ContactId, EntityId, GroupId, Level, ThirdPartyId, UserId
from rules.model.quick import quick
from rules.model.sightings import MailKind, Report, Undelivered

ExchangeId = NewType("ExchangeId", int)

ACTIVE = "active"
"""The status of an exchange that nobody gave another."""

WITHDRAWN = "withdrawn"
"""That of a meeting which did not take place after all."""

# A field of the same name would hide the type in the class body.
Day = date


class Direction(StrEnum):
    """Seen from the company."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Source(StrEnum):
    """How an exchange became known."""

    MAIL = "mail"
    CALENDAR = "calendar"
    PERSON = "person"
    API = "api"


class Role(StrEnum):
    """How a user hangs on an exchange (schema 1)."""

    AUTHOR = "author"
    RECORDER = "recorder"
    COLLABORATOR = "collaborator"
    MAILBOX_OWNER = "mailbox_owner"


class KeyKind(StrEnum):
    """What identifies an exchange (schema 3); several keys may lead to one exchange."""

    MESSAGE = "message"
    EMAILID = "emailid"
    OCCURRENCE = "occurrence"
    FOLLOW_UP_SENT = "sent"
    API = "api"


@quick
@dataclass(frozen=True, slots=True)
class ExchangeKey:
    """One identity; made by `rules.identity`."""

    kind: KeyKind
    key: str


@dataclass(frozen=True, slots=True)
class LinkedElement:
    """A quote, order, invoice, ticket… by type and reference, as last known from the ERP."""

    type: str
    ref: str
    date: Day | None = None
    amount: Decimal | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class ConfidentialComment:
    """Seen by author, recorder, the groups it is shared with, and holders of the right. `html` as
    that of an exchange."""

    text: str
    author: UserId | None
    groups: frozenset[GroupId] = frozenset()
    revision: int = 1
    html: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What a rule said about a single-valued field (`mode`, `purpose`, `author`, `answers`) of one
    copy.

    Of several copies the highest rank counts, which is where the rule stands in its set: the
    order in which copies are read changes nothing.
    """

    field: str
    rank: int
    value: str | UserId | bool


@quick
@dataclass(frozen=True, slots=True)
class Draft:
    """An exchange before it has a reference: what a decision, a person or the API proposes.

    `mode` and `purpose` are codes of the editable lists; `happened_at` is aware. `answers`: whether
    rules let it close follow-ups; None leaves that to the rule set's default. `html` is the comment
    as a person formatted it, of which `comment` is the plain text. What the text or an
    attachment names is in `elements_in_text`, apart from `elements`: it goes where the text goes.
    `report` is what a bounce says; `addresses` by which of theirs contacts take part.
    """

    keys: tuple[ExchangeKey, ...]
    third_parties: tuple[ThirdPartyId, ...]
    contacts: tuple[ContactId, ...]
    direction: Direction
    mode: str
    happened_at: datetime
    source: Source
    subject: str = ""
    comment: str = ""
    quoted_from: int | None = None
    kind: MailKind | None = None
    purpose: str | None = None
    entity: EntityId | None = None
    author: UserId | None = None
    recorder: UserId | None = None
    collaborators: tuple[UserId, ...] = ()
    mailbox_owner: UserId | None = None
    elements: tuple[LinkedElement, ...] = ()
    products: tuple[str, ...] = ()
    project: str | None = None
    message_id: str | None = None
    parents: tuple[str, ...] = ()
    level: Level = Level.EVERYTHING
    confidential: ConfidentialComment | None = None
    attachments: tuple[str, ...] = ()
    answers: bool | None = None
    tags: tuple[str, ...] = ()
    elements_in_text: tuple[LinkedElement, ...] = ()
    said: tuple[Said, ...] = ()
    report: Report | None = None
    html: str | None = None
    status: str = ACTIVE
    addresses: tuple[tuple[ContactId, AddressKey], ...] = ()


@quick
@dataclass(frozen=True, slots=True)
class Exchange:
    """One dealing with a third party, reference `EXC-12`. Confidential text is not in here:
    it is read by a call of its own (schema 10). `html` is the comment as a person formatted it, a
    sanitised subset, of which `comment` is the plain text; None where nobody did. `undelivered`:
    whom it did not reach, by the bounces that came back."""

    id: ExchangeId
    ref: str
    entity: EntityId | None
    third_parties: tuple[ThirdPartyId, ...]
    contacts: tuple[ContactId, ...]
    direction: Direction
    mode: str
    happened_at: datetime
    recorded_at: datetime
    source: Source
    subject: str = ""
    comment: str = ""
    quoted_from: int | None = None
    kind: MailKind | None = None
    purpose: str | None = None
    author: UserId | None = None
    recorder: UserId | None = None
    collaborators: tuple[UserId, ...] = ()
    mailbox_owners: tuple[UserId, ...] = ()
    elements: tuple[LinkedElement, ...] = ()
    products: tuple[str, ...] = ()
    project: str | None = None
    status: str = ACTIVE
    thread: str | None = None
    level: Level = Level.EVERYTHING
    revision: int = 1
    answers: bool | None = None
    tags: tuple[str, ...] = ()
    undelivered: tuple[Undelivered, ...] = ()
    html: str | None = None
