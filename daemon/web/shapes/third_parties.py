"""Third parties as the API shows them."""

from collections.abc import Mapping

from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, StrictBool

from daemon.store.unlinking import Unlinked
from daemon.web.ids import LARGEST_ID
from daemon.web.shapes.common import Page, PartyRef
from daemon.web.shapes.people import Body, Contact, Entity
from daemon.web.shapes.strict import Whole
from rules.model import people
from rules.model.people import EntityId


class ThirdParty(PartyRef):
    """An organisation that we deal with."""

    kinds: list[people.PartyKind]
    former_names: list[str]
    domains: list[str]
    tags: list[str]
    entity: str | None
    active: bool
    revision: int


class ThirdParties(Page):
    """By id."""

    items: list[ThirdParty]


class Merge(Body):
    """Into which one another is merged."""

    into: Whole = Field(ge=1, le=LARGEST_ID)
    dry_run: StrictBool = Field(
        default=False, description="Say what would be done, and do nothing."
    )


class MergedParties(BaseModel):
    """What both third parties are, and how much moves with the first, by table."""

    kept: ThirdParty
    moved: dict[str, int]


class MergedContacts(BaseModel):
    """What both contacts are, and how much moves with the first, by table."""

    kept: Contact
    moved: dict[str, int]


class Moved(BaseModel):
    """Where one is that was merged: `Location` leads there."""

    id: int


class Unlinking(BaseModel):
    """What came by an address of a contact, and by no other of theirs."""

    exchanges: list[int] = Field(description="Unlinked from the contact.")
    leaving: list[int] = Field(description="Of these, what leaves the third party too.")
    deleted: list[int] = Field(description="Of those, what concerns nobody any more.")
    unknown: int = Field(description="Of the contact's, those of which no address is known.")
    contact: Contact


def moved(path: str, number: int) -> JSONResponse:
    """The answer for one that was merged into another."""
    headers = {"Location": f"{path}/{number}"}
    return JSONResponse(Moved(id=number).model_dump(), 308, headers=headers)


def unlinking(found: Unlinked, of: people.Contact) -> Unlinking:
    """What came by an address, as the API shows it."""
    return Unlinking(
        exchanges=list(found.exchanges),
        leaving=list(found.leaving),
        deleted=list(found.deleted),
        unknown=found.unknown,
        contact=contact(of),
    )


def third_party(value: people.ThirdParty, codes: Mapping[EntityId, str]) -> ThirdParty:
    """A third party as the API shows it; `codes` are those of entities."""
    return ThirdParty(
        id=value.id,
        code=value.code,
        name=value.name,
        kinds=sorted(value.kinds),
        former_names=list(value.former_names),
        domains=list(value.domains),
        tags=list(value.tags),
        entity=codes.get(value.entity) if value.entity is not None else None,
        active=value.active,
        revision=value.revision,
    )


def contact(value: people.Contact) -> Contact:
    """A contact as the API shows it."""
    return Contact(
        id=value.id,
        third_party=value.third_party,
        name=value.name,
        emails=list(value.emails),
        phones=list(value.phones),
        level=value.level.name.lower(),
        active=value.active,
        revision=value.revision,
    )


def entity(value: people.Entity) -> Entity:
    """An entity as the API shows it."""
    return Entity(
        id=value.id,
        code=value.code,
        name=value.name,
        active=value.active,
        revision=value.revision,
    )
