"""Sessions, tokens and passwords, as the API shows and takes them."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from daemon.logins.choosing import LONGEST
from daemon.store.sessions import Session
from daemon.store.tokens import Token
from daemon.web.shapes.strict import Whole
from rules.logins import Scope, fit_together
from rules.model.people import Right, User

Password = Annotated[
    str, Field(min_length=1, max_length=LONGEST, json_schema_extra={"format": "password"})
]
Email = Annotated[str, Field(min_length=3, max_length=320)]
Label = Annotated[str, Field(min_length=1, max_length=100)]
Secret = Annotated[str, Field(min_length=20, max_length=200)]


class Taken(BaseModel):
    """What is sent; what it does not know is a mistake."""

    model_config = ConfigDict(extra="forbid")


class Login(Taken):
    """Who wants to log in."""

    email: Email
    password: Password


class Me(BaseModel):
    """Who calls."""

    id: int
    name: str
    email: str
    language: str
    timezone: str
    rights: list[Right] = Field(description="Those that count, with what this was called by.")
    scopes: list[Scope] | None = Field(description="Of the token; null for a session.")
    csrf_token: str | None = Field(
        description="To send along as X-CSRF-Token where no Origin is sent; null for a token."
    )


class OneSession(BaseModel):
    """A browser that somebody logged in with. Times are UTC."""

    id: int
    way: str
    address: str
    agent: str
    created_at: datetime
    used_at: datetime
    current: bool = Field(description="Whether this request came by it.")


class Sessions(BaseModel):
    """One's own, newest first."""

    items: list[OneSession]


# One for feed is for nothing else.
_ALONE: JsonDict = {
    "anyOf": [{"items": {"const": "feed"}}, {"not": {"contains": {"const": "feed"}}}]
}


def _fit_together(scopes: list[Scope]) -> list[Scope]:
    if not fit_together(scopes):
        raise ValueError("a token for feed is for nothing else")
    return scopes


class NewToken(Taken):
    """A token to make, for oneself; it ends after `days`."""

    name: Label
    scopes: Annotated[
        list[Scope],
        Field(min_length=1, max_length=4, json_schema_extra=_ALONE),
        AfterValidator(_fit_together),
    ]
    days: Whole = Field(default=365, ge=1, le=3650)


class OneToken(BaseModel):
    """A token, without its secret. Times are UTC."""

    id: int
    user: int
    name: str
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


class MadeToken(OneToken):
    """A token that was just made: its secret is told this once."""

    token: str
    url: str | None = Field(
        default=None, description="Of a token for `feed`: where its calendar is."
    )


class Tokens(BaseModel):
    """One's own, oldest first."""

    items: list[OneToken]


class NewPassword(Taken):
    """One's password, and the one from now on."""

    current_password: Password
    new_password: Password


class Invitation(BaseModel):
    """A link by which a user chooses a password, once. Who has it is that user: hand it over
    safely."""

    link: str
    expires_at: datetime


class Accepted(Taken):
    """What an invitation is answered with; `name` and `email` where it is the first admin's."""

    invitation: Secret
    new_password: Password
    name: Label | None = None
    email: Email | None = None


class Welcome(BaseModel):
    """Who may log in now."""

    email: str


def me(
    user: User, rights: frozenset[Right], scopes: frozenset[Scope] | None, csrf: str | None
) -> Me:
    """A caller as the API shows them."""
    return Me(
        id=user.id,
        name=user.name,
        email=user.email,
        language=user.language,
        timezone=user.timezone,
        rights=sorted(rights),
        scopes=None if scopes is None else sorted(scopes),
        csrf_token=csrf,
    )


def session(value: Session, current: int | None) -> OneSession:
    """A session as the API shows it."""
    return OneSession(
        id=value.id,
        way=value.way,
        address=value.address,
        agent=value.agent,
        created_at=value.created_at,
        used_at=value.used_at,
        current=value.id == current,
    )


def token(value: Token) -> OneToken:
    """A token as the API shows it."""
    return OneToken(
        id=value.id,
        user=value.user,
        name=value.name,
        scopes=sorted(value.scopes),
        created_at=value.created_at,
        expires_at=value.expires_at,
        used_at=value.used_at,
    )
