"""What the API takes, and what it says of what it has written."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from daemon.web.ids import LARGEST_ID
from daemon.web.shapes.strict import Day, Whole
from rules.model.exchanges import LinkedElement

TEXT_MOST = 200_000
"""Characters of a comment, which is more than anybody types."""


Id = Annotated[Whole, Field(ge=1, le=LARGEST_ID)]
Email = Annotated[str, Field(min_length=3, max_length=320, description="Of one of us.")]
_LARGEST = 999_999_999_999


def _rounded(value: Any) -> Any:
    # A number of JSON is none of decimal places, and 0.1 + 0.2 has seventeen.
    if isinstance(value, float) and abs(value) <= _LARGEST:
        return round(Decimal(repr(value)), 6)
    return value


# Pydantic describes it by a pattern that few read: with a look-ahead.
Amount = Annotated[
    Decimal,
    BeforeValidator(_rounded),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": -_LARGEST, "maximum": _LARGEST},
                {"type": "string", "pattern": r"^-?[0-9]{1,12}(\.[0-9]{1,6})?$"},
            ]
        }
    ),
]
Code = Annotated[str, Field(min_length=1, max_length=100)]
Line = Annotated[str, Field(max_length=1_000)]
Text = Annotated[str, Field(max_length=TEXT_MOST)]
Html = Annotated[
    str,
    Field(
        max_length=2 * TEXT_MOST,
        description="Formatted; what could load or run is taken out, and the text made of it.",
    ),
]


class Given(BaseModel):
    """A part of a request; what it does not know is refused, for it may be a slip of the pen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ElementGiven(Given):
    """A quote, order, invoice, ticket… by type and reference."""

    type: Code
    ref: Code
    date: Annotated[Day | None, Field(description="As last known.")] = None
    amount: Annotated[Amount, Field(max_digits=18, decimal_places=6)] | None = None
    state: Annotated[str | None, Field(max_length=100)] = None

    def linked(self) -> LinkedElement:
        """As the core has it."""
        return LinkedElement(self.type, self.ref, self.date, self.amount, self.state)


class Made(BaseModel):
    """Something that was recorded: its number, its reference, and the ETag of what it is now."""

    id: int
    ref: str
    etag: str


class Recorded(BaseModel):
    """What a call recorded; the same call under the same Idempotency-Key is answered alike."""

    exchange: Made | None = None
    follow_up: Made | None = None


class Answer(BaseModel):
    """What became of one of several: 204 when it is done, else why not."""

    name: str
    status: int
    detail: str = ""


class Answers(BaseModel):
    """One for each, in the order in which they were asked for."""

    items: list[Answer]
