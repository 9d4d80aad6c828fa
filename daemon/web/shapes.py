"""What the API answers with (JSON), from our values; the OpenAPI document is made of these."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, Field

from rules.model import exchanges, followups, people
from rules.model.people import ThirdPartyId, UserId


class PartyRef(BaseModel):
    """A third party in short."""

    id: int
    code: str
    name: str


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


class ThirdParty(PartyRef):
    """An organisation that we deal with."""

    kinds: list[people.PartyKind]
    former_names: list[str]
    domains: list[str]
    active: bool
    revision: int


class Page(BaseModel):
    """`next` is the `cursor` of the page after this one, null on the last."""

    next: str | None


class Exchanges(Page):
    """Newest first."""

    items: list[Exchange]


class FollowUps(Page):
    """Open ones, by time."""

    items: list[FollowUp]


class ThirdParties(Page):
    """By id."""

    items: list[ThirdParty]


class Names:
    """Who is behind an id."""

    def __init__(
        self,
        users: Mapping[UserId, people.User],
        parties: Mapping[ThirdPartyId, people.ThirdParty],
    ) -> None:
        self._users = users
        self._parties = parties

    def email(self, user: UserId | None) -> str | None:
        """A user's address; None when there is none any more."""
        known = self._users.get(user) if user is not None else None
        return known.email if known else None

    def emails(self, users: tuple[UserId, ...]) -> list[str]:
        """Addresses of those who are known."""
        return [email for user in users if (email := self.email(user))]

    def party(self, party: ThirdPartyId | None) -> PartyRef | None:
        """A third party in short."""
        known = self._parties.get(party) if party is not None else None
        return PartyRef(id=known.id, code=known.code, name=known.name) if known else None


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
    )


def third_party(value: people.ThirdParty) -> ThirdParty:
    """A third party as the API shows it."""
    return ThirdParty(
        id=value.id,
        code=value.code,
        name=value.name,
        kinds=sorted(value.kinds),
        former_names=list(value.former_names),
        domains=list(value.domains),
        active=value.active,
        revision=value.revision,
    )
