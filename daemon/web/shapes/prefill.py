"""A form that is filled in as far as can be known."""

from datetime import datetime

from pydantic import BaseModel, Field

from daemon.web.shapes.common import PartyRef
from daemon.web.shapes.exchange import ContactRef
from daemon.web.shapes.written import ElementGiven


class Offers(BaseModel):
    """What the form may offer, by rights and options."""

    author: bool = Field(description="Whether another author may be chosen.")
    collaborators: bool
    confidential: bool
    follow_up: bool
    assign: str = Field(description="To whom: anyone, entity, group, self.")


class ReminderPlanned(BaseModel):
    """How the caller is reminded where a follow-up says nothing."""

    on: bool
    before: int
    unit: str
    template: str | None


class Prefilled(BaseModel):
    """What a new exchange and its follow-up begin with; what is not known is empty."""

    third_parties: list[PartyRef]
    contacts: list[ContactRef]
    elements: list[ElementGiven]
    happened_at: datetime
    author: str | None
    mode: str | None
    purpose: str | None
    products: list[str]
    project: str | None
    entity: str | None
    exchange: str | None = Field(description="The one that it was made from.")
    assignee: str | None
    zone: str
    reminder: ReminderPlanned
    offers: Offers
