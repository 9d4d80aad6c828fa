"""Third parties, contacts, users, groups and entities as the API takes and shows them.

What is left out of a change stays as it is; what is left out of something new is empty.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints

from daemon.config.kinds import Email, Timezone
from daemon.web.ids import LARGEST_ID
from daemon.web.shapes.common import Page
from daemon.web.shapes.strict import BLANK, Whole
from rules.model.people import PartyKind, Right


def stripped(most: int) -> StringConstraints:
    """A text of so many characters at most; of blanks alone there is nothing left."""
    return StringConstraints(
        strip_whitespace=True, min_length=1, max_length=most, pattern=f"[^{BLANK}]"
    )


Line = Annotated[str, stripped(500)]
Code = Annotated[str, stripped(64)]
Short = Annotated[str, stripped(100)]
_LABEL = f"[^{BLANK}@.]+"
Domain = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, to_lower=True, max_length=255, pattern=rf"^{_LABEL}(\.{_LABEL})+$"
    ),
]
LevelName = Literal["nothing", "happened", "subject", "everything"]
_MOST = 200


class Body(BaseModel):
    """What is sent: fields that nobody knows are mistakes."""

    model_config = ConfigDict(extra="forbid")


class ThirdPartyChange(Body):
    """What is to be changed of a third party."""

    # Factories, so that a field may be left out and may not be null.
    code: Code = Field(default_factory=str)
    name: Line = Field(default_factory=str)
    kinds: list[PartyKind] = Field(default_factory=list, max_length=_MOST)
    former_names: list[Line] = Field(default_factory=list, max_length=_MOST)
    domains: list[Domain] = Field(
        default_factory=list,
        max_length=_MOST,
        description="Mail of these is captured: needs the right to configure.",
    )
    tags: list[Short] = Field(default_factory=list, max_length=_MOST)
    entity: Code | None = Field(default=None, description="Its code; null: shared by all.")
    active: StrictBool = True


class NewThirdParty(ThirdPartyChange):
    """A third party to be."""

    code: Code
    name: Line


class ContactChange(Body):
    """What is to be changed of a contact."""

    name: Line = Field(default_factory=str)
    emails: list[Email] = Field(
        default_factory=list,
        max_length=_MOST,
        description="Past mail of a new one is captured: needs the right to configure.",
    )
    phones: list[Short] = Field(default_factory=list, max_length=_MOST)
    level: LevelName = Field(
        default="everything", description="How much may be seen of exchanges with them."
    )
    active: StrictBool = True


class NewContact(ContactChange):
    """A contact to be."""

    third_party: Whole = Field(ge=1, le=LARGEST_ID)
    name: Line


class Contact(BaseModel):
    """A person of a third party."""

    id: int
    third_party: int
    name: str
    emails: list[str]
    phones: list[str]
    level: str
    active: bool
    revision: int


class Contacts(Page):
    """By id."""

    items: list[Contact]


class UserChange(Body):
    """What is to be changed of a user."""

    name: Line = Field(default_factory=str)
    aliases: list[Email] = Field(default_factory=list, max_length=_MOST)
    groups: list[Short] = Field(default_factory=list, max_length=_MOST, description="By name.")
    entities: list[Code] = Field(default_factory=list, max_length=_MOST, description="By code.")
    rights: list[Right] = Field(default_factory=list, max_length=_MOST)
    language: Literal["en", "fr"] = "en"
    timezone: Timezone = "UTC"
    active: StrictBool = True


class NewUser(UserChange):
    """A user to be."""

    name: Line
    email: Email


class UserRef(BaseModel):
    """A member of staff in short, for everybody who may choose one."""

    id: int
    name: str
    email: str
    active: bool


class User(UserRef):
    """A member of staff. `groups` are the active ones."""

    aliases: list[str]
    groups: list[str]
    entities: list[str]
    rights: list[Right] = Field(description="Given to the user; `/rights` has those of groups too.")
    language: str
    timezone: str
    revision: int


class Users(Page):
    """By id."""

    items: list[UserRef]


class Granted(BaseModel):
    """A right that a user has, and from where."""

    right: Right
    own: bool = Field(description="Given to the user.")
    groups: list[str] = Field(description="The groups through which they have it.")


class Rights(BaseModel):
    """What a user may do in effect."""

    user: str
    active: bool = Field(description="Who is not active may do nothing, whatever is granted.")
    rights: list[Granted]


class GroupChange(Body):
    """What is to be changed of a group."""

    name: Short = Field(default_factory=str)
    rights: list[Right] = Field(default_factory=list, max_length=_MOST)
    members: list[Email] = Field(default_factory=list, max_length=10_000)
    active: StrictBool = True


class NewGroup(GroupChange):
    """A group to be."""

    name: Short


class GroupRef(BaseModel):
    """A group in short, for everybody who may share a comment with one."""

    id: int
    name: str
    active: bool


class Group(GroupRef):
    """Users that share confidential comments, and rights."""

    rights: list[Right]
    members: list[str]
    revision: int


class Groups(BaseModel):
    """All, by name."""

    items: list[GroupRef]


class EntityChange(Body):
    """What is to be changed of an entity."""

    code: Code = Field(default_factory=str)
    name: Line = Field(default_factory=str)
    active: StrictBool = True


class NewEntity(EntityChange):
    """An entity to be."""

    code: Code
    name: Line


class Entity(BaseModel):
    """A company, where several share one suivi."""

    id: int
    code: str
    name: str
    active: bool
    revision: int


class Entities(BaseModel):
    """All, by code."""

    items: list[Entity]
