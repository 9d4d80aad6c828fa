"""What the ERP tells, as the API takes and shows it."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, Field

from daemon.sheet.erp import Told
from daemon.store.elements import Element
from daemon.web.shapes.common import Names, PartyRef
from daemon.web.shapes.strict import Moment
from daemon.web.shapes.written import Code, ElementGiven, Given, Id, Line

Day = date
Url = Annotated[
    str, Field(pattern=r"^https?://", max_length=2_000, description="The page that shows it.")
]


class ElementTold(ElementGiven):
    """An element as the ERP has it now; what is left open stays as it was told before."""

    third_party: Annotated[Id | None, Field(description="Whose it is.")] = None
    third_party_code: Annotated[Code | None, Field(description="The same, by code.")] = None
    url: Url | None = None

    def told(self) -> Told:
        """As it is written down."""
        return Told(self.linked(), self.third_party, self.third_party_code, self.url)


class EventTold(Given):
    """Something that happened in the ERP: `Proposition PR2303-0107 validée`. The same `external`
    name of the same `system` is the same event."""

    system: Annotated[str, Field(min_length=1, max_length=100, examples=["dolibarr"])]
    external: Annotated[str, Field(min_length=1, max_length=200)]
    label: Annotated[Line, Field(min_length=1)]
    at: Moment
    element: ElementTold | None = None
    third_party: Annotated[Id | None, Field(description="Whom it concerns.")] = None
    third_party_code: Annotated[Code | None, Field(description="The same, by code.")] = None


class ElementShown(BaseModel):
    """A quote, order, invoice, ticket…, as last told."""

    id: int
    type: str
    ref: str
    date: Day | None
    amount: Decimal | None
    state: str | None
    third_party: PartyRef | None
    url: str | None


class ElementsShown(BaseModel):
    """All of one reference."""

    items: list[ElementShown]


class EventShown(BaseModel):
    """Something that happened in the ERP; `new` when it was not known before."""

    id: int
    system: str
    external: str
    label: str
    at: datetime
    third_party: PartyRef | None
    new: bool


def element(value: Element, names: Names) -> ElementShown:
    """An element as the API shows it."""
    return ElementShown(
        id=value.id,
        type=value.type,
        ref=value.ref,
        date=value.date,
        amount=value.amount,
        state=value.state,
        third_party=names.party(value.third_party),
        url=value.url,
    )
