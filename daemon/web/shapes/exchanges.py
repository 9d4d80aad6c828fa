"""Exchanges as the API shows them."""

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, Field

from daemon.web.shapes.common import Names, Page, PartyRef
from rules.model import exchanges


class Element(BaseModel):
    """A quote, order, invoice, ticket…, as last known."""

    type: str
    ref: str
    date: str | None
    amount: Decimal | None
    state: str | None


class Undelivered(BaseModel):
    """Somebody whom a mail of ours did not reach, by a bounce that came back."""

    recipient: str = Field(description="Empty where the bounce does not say, or may not be seen.")
    status: str = Field(description="Why, as RFC 3463 has it: `5.1.1`; empty where nothing says.")


class Exchange(BaseModel):
    """One dealing with a third party. Times are UTC, people are email addresses."""

    id: int
    ref: str
    third_parties: list[PartyRef]
    direction: exchanges.Direction
    mode: str
    purpose: str | None
    happened_at: datetime
    recorded_at: datetime
    source: exchanges.Source
    kind: str | None
    undelivered: list[Undelivered]
    subject: str
    comment: str
    quoted_from: int | None = Field(description="Where quoted text starts in `comment`.")
    author: str | None
    recorder: str | None
    collaborators: list[str]
    elements: list[Element]
    products: list[str]
    project: str | None
    status: str
    level: str = Field(description="How much of it may be seen: happened, subject, everything.")
    revision: int


class Exchanges(Page):
    """Newest first."""

    items: list[Exchange]


class Count(BaseModel):
    """`more`: the list goes on beyond what was counted."""

    count: int
    more: bool


class Neighbours(BaseModel):
    """References of what stands before and behind in a list, newest first; null at its ends."""

    previous: str | None
    next: str | None


def exchange(value: exchanges.Exchange, names: Names) -> Exchange:
    """An exchange as the API shows it."""
    return Exchange(
        id=value.id,
        ref=value.ref,
        third_parties=[ref for party in value.third_parties if (ref := names.party(party))],
        direction=value.direction,
        mode=value.mode,
        purpose=value.purpose,
        happened_at=value.happened_at,
        recorded_at=value.recorded_at,
        source=value.source,
        kind=value.kind,
        undelivered=[
            Undelivered(recipient=one.recipient, status=one.status) for one in value.undelivered
        ],
        subject=value.subject,
        comment=value.comment,
        quoted_from=value.quoted_from,
        author=names.email(value.author),
        recorder=names.email(value.recorder),
        collaborators=names.emails(value.collaborators),
        elements=[
            Element(
                type=element.type,
                ref=element.ref,
                date=element.date.isoformat() if element.date else None,
                amount=element.amount,
                state=element.state,
            )
            for element in value.elements
        ],
        products=list(value.products),
        project=value.project,
        status=value.status,
        level=value.level.name.lower(),
        revision=value.revision,
    )
