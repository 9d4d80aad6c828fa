"""Options, lists, accounts, rules and templates as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, SecretStr, StrictBool, StringConstraints

from daemon.config.kinds import Email
from daemon.web.shapes.people import Body, Code, LevelName, Line, Short, stripped
from daemon.web.shapes.strict import BLANK, Whole

Host = Annotated[str, stripped(255)]
# In letters as they are or as IDNA spells them (RFC 5891). User and password have own fields.
_HOST = "[A-Za-z0-9\u00c0-\u024f][A-Za-z0-9\u00c0-\u024f.-]{0,250}"
_REST = rf"(:[0-9]{{1,5}})?([/?#][^{BLANK}]*)?"
Url = Annotated[
    str,
    StringConstraints(min_length=8, max_length=2000, pattern=rf"^https?://{_HOST}{_REST}$"),
]
Password = Annotated[SecretStr, Field(min_length=1, max_length=1000)]
Security = Literal["tls", "starttls", "none"]
_MOST = 500


class Option(BaseModel):
    """An option, and what is in force of it for whom was asked about."""

    key: str
    takes: str = Field(description="What it takes: yes or no, a length of time, …")
    help: str
    value: str = Field(description="As people write it.")
    default: str
    set_for: Literal["user", "entity", "all"] | None = Field(
        description="For whom the value that decides was set; null: nobody set one."
    )


class Options(BaseModel):
    """All, in the order of the manual."""

    items: list[Option]


class OptionValue(Body):
    """What an option is set to: for all, one entity, or one user."""

    value: Annotated[str, StringConstraints(max_length=500)] | None = Field(
        description="As people write it; null takes it back."
    )
    entity: Code | None = None
    user: Email | None = None


class OptionChange(BaseModel):
    """Who changed what."""

    key: str
    value: str | None
    entity: str | None
    user: str | None
    by: str | None = Field(description="null: whoever runs suivi.")
    at: datetime


class OptionHistory(BaseModel):
    """The newest first."""

    items: list[OptionChange]


class EntryChange(Body):
    """What is to be changed of an entry of a list."""

    labels: dict[Literal["en", "fr"], Short] = Field(default_factory=dict, min_length=1)
    position: Whole = Field(default=0, ge=0, le=1_000_000)
    retired: StrictBool = False


class NewEntry(Body):
    """An entry to be."""

    code: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
    labels: dict[Literal["en", "fr"], Short] = Field(min_length=1)
    position: Whole | None = Field(
        default=None, ge=0, le=1_000_000, description="null: at the end."
    )


class Entry(BaseModel):
    """An entry of a list. A retired one is not offered any more; what names it stays readable."""

    code: str
    labels: dict[str, str]
    position: int
    retired_at: datetime | None
    revision: int


class Entries(BaseModel):
    """In their order."""

    items: list[Entry]


class Account(BaseModel):
    """A mailbox or calendar account and how it fares. `setup` is the number under which one that
    was set up here is changed; those of the configuration file have none."""

    kind: Literal["mail", "calendar"]
    name: str
    host: str
    owner: str | None
    level: str
    setup: int | None
    watches: list[str] = Field(description="Folders or calendars that were seen in it.")
    last_ok_at: datetime | None
    failing_since: datetime | None
    last_error: str
    next_try_at: datetime | None


class Accounts(BaseModel):
    """All that are watched, by kind and name."""

    items: list[Account]


class MailboxChange(Body):
    """What is to be changed of a mailbox. The password comes in and never goes out."""

    owner: Email | None = Field(default=None, description="null: shared by all.")
    host: Host = Field(default_factory=str)
    port: Whole = Field(default=993, ge=1, le=65535)
    security: Security = "tls"
    user: Line = Field(default_factory=str)
    password: Password = Field(default_factory=lambda: SecretStr(""))
    ca_file: Line | None = None
    folders: list[Line] = Field(
        default_factory=list, max_length=_MOST, description="Watched beside Inbox and Sent."
    )
    level: LevelName = "everything"
    purpose: Literal["capture", "commands"] = "capture"
    address: Email | None = None
    authserv_id: Host | None = None
    require_authentication: StrictBool = False
    backfill_days: Whole | None = Field(default=365, ge=0, le=36_500)


class NewMailbox(MailboxChange):
    """A mailbox to be."""

    name: Short
    host: Host
    user: Line
    password: Password


class CalendarChange(Body):
    """What is to be changed of a calendar account. The password comes in and never goes out."""

    owner: Email = Field(default_factory=str)
    url: Url = Field(default_factory=str)
    user: Line = Field(default_factory=str)
    password: Password = Field(default_factory=lambda: SecretStr(""))
    ca_file: Line | None = None
    follow_ups: Line | None = Field(default=None, description="The calendar that is written to.")
    watch: list[Line] = Field(default_factory=list, max_length=_MOST, description="Empty: all.")
    ignore: list[Line] = Field(default_factory=list, max_length=_MOST)
    dedicated: list[Line] = Field(default_factory=list, max_length=_MOST)
    level: LevelName = "everything"


class NewCalendar(CalendarChange):
    """A calendar account to be."""

    name: Short
    owner: Email
    url: Url
    user: Line
    password: Password


class SetUp(BaseModel):
    """An account that was set up here: its options, without the password."""

    id: int
    kind: Literal["mail", "calendar"]
    name: str
    options: dict[str, str | int | bool | list[str] | None]
    revision: int


class Rules(BaseModel):
    """The rules in force, and what keeps the saved files from being it."""

    fingerprint: str
    since: datetime | None
    files: list[str]
    rules: int
    warnings: list[str]
    refused: list[str] = Field(description="Mistakes of the saved files; empty: they are in force.")


class Template(BaseModel):
    """A template of mails: for which mail, the admin's files, and what is wrong with them."""

    name: str
    mail: str
    files: list[str]
    mistakes: list[str]


class Templates(BaseModel):
    """The built-in ones first."""

    items: list[Template]
