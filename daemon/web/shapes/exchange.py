"""One exchange as the API takes it and shows it whole."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from daemon.sheet.entry import Entry, Secret
from daemon.web.shapes import exchanges as listed
from daemon.web.shapes.common import Names
from daemon.web.shapes.follow_up import FollowUpPlanned
from daemon.web.shapes.strict import Moment
from daemon.web.shapes.written import Code, ElementGiven, Email, Given, Html, Id, Line, Text
from rules.model.exchanges import ConfidentialComment, Direction, Exchange

Status = Literal["active", "closed"]
Users = Annotated[tuple[Email, ...], Field(max_length=100)]


class ConfidentialGiven(Given):
    """A confidential comment; of `text` and `html` the second counts, where there is one."""

    text: Text = ""
    html: Html | None = None
    groups: Annotated[tuple[Line, ...], Field(max_length=100, description="By name.")] = ()

    def secret(self) -> Secret:
        """As it is written down."""
        return Secret(self.text, self.html, tuple(self.groups))


class ExchangeGiven(Given):
    """A dealing to be recorded, with its follow-up where there is to be one. What is left open is
    filled in: it happened now, its author is who records it, and its third parties are those of
    its contacts."""

    direction: Direction
    mode: Code
    third_parties: Annotated[tuple[Id, ...], Field(max_length=20)] = ()
    contacts: Annotated[tuple[Id, ...], Field(max_length=100)] = ()
    happened_at: Moment | None = None
    purpose: Code | None = None
    entity: Code | None = None
    author: Email | None = None
    collaborators: Users = ()
    products: Annotated[tuple[Code, ...], Field(max_length=100)] = ()
    elements: Annotated[tuple[ElementGiven, ...], Field(max_length=100)] = ()
    project: Line | None = None
    subject: Line = ""
    comment: Text = ""
    html: Html | None = None
    status: Status = "active"
    confidential: ConfidentialGiven | None = None
    follow_up: FollowUpPlanned | None = None

    def entry(self) -> Entry:
        """As it is written down."""
        return Entry(
            **{k: _held(v) for k, v in self if k not in ("confidential", "follow_up")},
            confidential=self.confidential.secret() if self.confidential else None,
        )


class ExchangeChanged(Given):
    """What is to change; what is not named stays as it is."""

    direction: Direction | None = None
    mode: Code | None = None
    third_parties: Annotated[tuple[Id, ...], Field(min_length=1, max_length=20)] | None = None
    contacts: Annotated[tuple[Id, ...], Field(max_length=100)] | None = None
    happened_at: Moment | None = None
    purpose: Code | None = None
    entity: Code | None = None
    author: Email | None = None
    collaborators: Users | None = None
    products: Annotated[tuple[Code, ...], Field(max_length=100)] | None = None
    elements: Annotated[tuple[ElementGiven, ...], Field(max_length=100)] | None = None
    project: Line | None = None
    subject: Line | None = None
    comment: Text | None = None
    html: Html | None = None
    status: Status | None = None

    def given(self) -> dict[str, Any]:
        """What was named. Null empties purpose, project, entity and formatting, and says nothing
        of the others."""
        named = {name: _held(getattr(self, name)) for name in self.model_fields_set}
        return {k: v for k, v in named.items() if v is not None or k in _MAY_BE_EMPTY}


_MAY_BE_EMPTY = frozenset({"purpose", "project", "entity", "html"})


def _held(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(v.linked() if isinstance(v, ElementGiven) else v for v in value)
    return value


class ContactRef(BaseModel):
    """A contact in short."""

    id: int
    name: str


class MayDo(BaseModel):
    """What the caller may do with it."""

    edit: bool
    delete: bool
    confidential: bool = Field(description="Read its confidential comment, if there is one.")


class ExchangeShown(listed.Exchange):
    """One exchange, as far as the caller may see it."""

    html: str | None = Field(description="The comment as it was formatted, where it was.")
    contacts: list[ContactRef]
    entity: str | None
    tags: list[str]
    attachments: list[str] = Field(description="Names, types and sizes; never the files.")
    thread: str | None
    may: MayDo


class ConfidentialShown(BaseModel):
    """A confidential comment, for who is privy to it."""

    text: str
    html: str | None
    author: str | None
    groups: list[str]
    revision: int


class ExchangeNamed(Given):
    """One of several; with a revision, only if it still has that one."""

    exchange: Annotated[str, Field(min_length=1, max_length=120, examples=["EXC-12"])]
    revision: Annotated[int | None, Field(ge=1, le=10**18)] = None


class ExchangesNamed(Given):
    """Which exchanges, and why."""

    exchanges: Annotated[tuple[ExchangeNamed, ...], Field(min_length=1, max_length=500)]
    reason: Line = ""


def shown(
    value: Exchange,
    names: Names,
    contacts: list[ContactRef],
    entity: str | None,
    attachments: tuple[str, ...],
    may: MayDo,
) -> ExchangeShown:
    """An exchange in full."""
    return ExchangeShown(
        **listed.exchange(value, names).model_dump(),
        html=value.html,
        contacts=contacts,
        entity=entity,
        tags=list(value.tags),
        attachments=list(attachments),
        thread=value.thread,
        may=may,
    )


def confidential(value: ConfidentialComment, names: Names, groups: list[str]) -> ConfidentialShown:
    """A confidential comment as the API shows it."""
    return ConfidentialShown(
        text=value.text,
        html=value.html,
        author=names.email(value.author),
        groups=groups,
        revision=value.revision,
    )
