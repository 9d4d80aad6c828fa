"""Ambiguous participants and what is remembered of addresses, as the API shows them."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from daemon.config.kinds import Email
from daemon.directory.questions import Asked
from daemon.store.ambiguities import Answer
from daemon.web.ids import LARGEST_ID
from daemon.web.shapes.common import Page, PartyRef
from daemon.web.shapes.people import Body
from daemon.web.shapes.strict import Whole
from rules.model.people import ThirdParty


class ContactRef(BaseModel):
    """A contact in short."""

    id: int
    name: str
    third_party: int


class Decided(BaseModel):
    """What a person decided."""

    third_party: int | None = Field(description="null: none of the candidates.")
    remember: bool
    at: datetime


class Ambiguity(BaseModel):
    """A participant whom several third parties claim. The address is kept nowhere: the message
    itself has it."""

    id: int
    account: str
    place: str = Field(description="The folder and number of the message, or the event.")
    by: str = Field(description="What they claim the participant by: address, thread, domain.")
    candidates: list[PartyRef]
    contacts: list[ContactRef]
    asked_at: datetime
    decided: Decided | None


class Ambiguities(Page):
    """Oldest first."""

    items: list[Ambiguity]


class Decision(Body):
    """Whose the participant is."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"third_party": {"type": "null"}}},
            "then": {"properties": {"remember": {"const": False}}},
        }
    )

    third_party: Whole | None = Field(
        ge=1, le=LARGEST_ID, description="One of the candidates; null: none of them."
    )
    remember: StrictBool = Field(
        default=False, description="So is all of that address from now on."
    )


class NewIdentityRule(Body):
    """From now on this address is the third party's."""

    email: Email
    third_party: Whole = Field(ge=1, le=LARGEST_ID)


class IdentityRule(BaseModel):
    """An address of which a person decided whose it is."""

    email: str
    third_party: PartyRef
    at: datetime


class IdentityRules(BaseModel):
    """All, by address."""

    items: list[IdentityRule]


def ambiguity(value: Asked) -> Ambiguity:
    """A question as the API shows it."""
    return Ambiguity(
        id=value.id,
        account=value.account,
        place=value.place,
        by=value.by,
        candidates=[party(one) for one in value.candidates],
        contacts=[
            ContactRef(id=one.id, name=one.name, third_party=one.third_party)
            for one in value.contacts
        ],
        asked_at=value.asked_at,
        decided=_decided(value.answer),
    )


def _decided(answer: Answer | None) -> Decided | None:
    if answer is None:
        return None
    return Decided(third_party=answer.chosen, remember=answer.remember, at=answer.at)


def party(one: ThirdParty) -> PartyRef:
    """A third party in short."""
    return PartyRef(id=one.id, code=one.code, name=one.name)
