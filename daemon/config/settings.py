"""What can be set: one class a section of suivi.toml, frozen, with its defaults.

Secrets are `SecretStr`, so that no repr, log line or error shows one. How a secret is given
(`password`, `password_file`, `password_credential`) is settled in `daemon.config.secrets`, before
these classes see it.
"""

import os
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)

from daemon.config.kinds import (
    Ancestor,
    CalendarAddress,
    DatabaseAddress,
    Email,
    HeaderName,
    Language,
    Listen,
    Name,
    Port,
    Privacy,
    Proxy,
    Security,
    Timezone,
    WebAddress,
)
from rules.model.people import Level


class Section(BaseModel):
    """A table of the file: unknown options are mistakes, values never change."""

    # hide_input: a mistake in a secret must not print it.
    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, hide_input_in_errors=True, strict=False
    )


class Company(Section):
    """Who we are: `domains` are ours, mail among them is no exchange."""

    name: Name
    entity: str = "main"
    domains: tuple[Name, ...] = ()
    language: Language = "en"
    timezone: Timezone = "UTC"


class Database(Section):
    """`url` in SQLAlchemy's form; default: SQLite in the state directory."""

    url: DatabaseAddress | None = Field(default=None, repr=False)
    password: SecretStr | None = None


class Http(Section):
    """Where pages and the API answer; `public_url` is what links in mails start with.

    `trusted_proxies` are addresses, networks or "unix": of these alone X-Forwarded-For is believed,
    and `user_header`, in which a proxy names the user that it has let in, by email address.
    `frame_ancestors` are sites whose pages may show suivi in a frame, beside its own. Sessions end
    `session_idle_hours` after the last request, and `session_days` after the login; with
    `plain_cookies` they are given over HTTP without TLS to other machines, too. `max_body_mb` is
    how large the body of a request may be; imports take more by themselves."""

    listen: Listen = "127.0.0.1:8425"
    public_url: WebAddress | None = None
    trusted_proxies: tuple[Proxy, ...] = ()
    user_header: HeaderName | None = None
    frame_ancestors: tuple[Ancestor, ...] = ()
    session_idle_hours: float = Field(default=12, gt=0, le=24 * 365)
    session_days: float = Field(default=14, gt=0, le=365)
    plain_cookies: bool = False
    max_body_mb: float = Field(default=1, ge=0.01, le=100)

    @property
    def host(self) -> str:
        """The address to listen on, without brackets."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port to listen on; 0 takes a free one."""
        return int(self.listen.rpartition(":")[2])


class Oidc(Section):
    """An OpenID provider that signs users on: its `issuer`, and what suivi is called there; the
    password is the secret of this client. Users are known by their verified email address."""

    issuer: WebAddress
    client: Name
    password: SecretStr | None = None
    scope: str = "openid email profile"
    timeout: float = Field(default=10, gt=0, le=60)


class Smtp(Section):
    """The server that reminders go out through; `from` is their sender, `admin` gets notices.
    `connections` are used at once, where the server allows as many; `mails_per_minute` is what a
    daemon hands over at most (0: as many as there are). With `oauth_url` the login is by an OAuth 2
    token from there (XOAUTH2): of the client itself, whose secret the password is, or of the
    person whose refresh token stands in `oauth_refresh_token_file`."""

    host: Name
    port: Port = 587
    security: Security = "starttls"
    user: str | None = None
    password: SecretStr | None = None
    sender: Email = Field(alias="from")
    admin: Email | None = None
    ca_file: Path | None = None
    timeout: float = Field(default=30, gt=0)
    connections: int = Field(default=4, ge=1, le=50)
    mails_per_minute: int = Field(default=0, ge=0)
    oauth_url: WebAddress | None = None
    oauth_client: Name | None = None
    oauth_scope: str = ""
    oauth_refresh_token_file: Path | None = None

    @model_validator(mode="after")
    def _whole(self) -> "Smtp":
        if self.oauth_url is not None and not (self.user and self.oauth_client):
            raise ValueError("oauth_url needs user and oauth_client beside it")
        return self


class Staff(Section):
    """A user: `language` and `timezone` default to the company's."""

    name: Name
    email: Email
    aliases: tuple[Email, ...] = ()
    language: Language | None = None
    timezone: Timezone | None = None
    admin: bool = False


class Mailbox(Section):
    """An IMAP account. Without `owner` it is shared by all (`info@…`).

    `purpose` "commands": answers to reminders arrive here, at `address` and its plus addresses.
    `authserv_id` names the server whose Authentication-Results (RFC 8601) are to be believed, and
    `require_authentication` refuses answers that it does not vouch for.
    """

    name: Name
    owner: Email | None = None
    host: Name
    port: Port = 993
    security: Security = "tls"
    user: Name
    password: SecretStr
    ca_file: Path | None = None
    timeout: float = Field(default=30, gt=0)
    folders: tuple[Name, ...] = ()
    level: Privacy = Level.EVERYTHING
    purpose: Literal["capture", "commands"] = "capture"
    address: Email | None = None
    authserv_id: Name | None = None
    require_authentication: bool = False
    backfill_days: int | None = Field(default=365, ge=0)


class Calendar(Section):
    """A CalDAV account; `url` may be a domain, or an address in it, where DNS tells of the server
    (RFC 6764). `follow_ups` names the calendar that suivi writes to, by display name or
    href (default: the first writable one for events); `watch` empty means all of one's own but
    `ignore`. One that a colleague has lent is read, and written to, only where it is named."""

    name: Name
    owner: Email
    url: CalendarAddress
    user: Name
    password: SecretStr
    ca_file: Path | None = None
    timeout: float = Field(default=30, gt=0)
    follow_ups: str | None = None
    watch: tuple[Name, ...] = ()
    ignore: tuple[Name, ...] = ()
    dedicated: tuple[Name, ...] = ()
    level: Privacy = Level.EVERYTHING
    oauth_url: WebAddress | None = None
    oauth_client: Name | None = None
    oauth_scope: str = ""
    oauth_refresh_token_file: Path | None = None

    @model_validator(mode="after")
    def _whole(self) -> "Calendar":
        if self.oauth_url is not None and not self.oauth_client:
            raise ValueError("oauth_url needs oauth_client beside it")
        return self


class Capture(Section):
    """How often and how much is read; `workers` threads for all accounts together. After a crash
    an account is taken up again when its lease of `lease_seconds` has run out. An account that has
    not stored anything for `patience_seconds`, nor come to its end, hangs: suivi is not ready, and
    systemd starts it again."""

    poll_seconds: float = Field(default=300, gt=0)
    batch: int = Field(default=500, ge=1, le=5000)
    workers: int = Field(default=4, ge=1, le=64)
    lease_seconds: float = Field(default=60, ge=1)
    patience_seconds: float = Field(default=180, ge=1)


class Reminders(Section):
    """When reminders go out, unless a follow-up says otherwise. After a crash a claimed reminder
    is sent when its claim of `lease_seconds` has run out. `attach_event`: the mails bring the
    follow-up as a calendar file."""

    default_minutes: int = Field(default=60, ge=0)
    tick_seconds: float = Field(default=15, gt=0)
    late_limit_hours: float = Field(default=24, ge=0)
    all_day_hour: int = Field(default=9, ge=0, le=23)
    lease_seconds: float = Field(default=120, ge=1)
    attach_event: bool = False


class Rules(Section):
    """What is kept out before anything is stored; absent means the built-in list."""

    keep_out_folders: tuple[str, ...] | None = None
    keep_out_keywords: tuple[str, ...] | None = None
    keep_out_tags: tuple[str, ...] | None = None


class Observe(Section):
    """How many days a new installation only observes (spec §13); 0 records at once."""

    days: float = Field(default=3, ge=0)


class Watch(Section):
    """What the admin is told of. `backup_days`: so many days old the newest backup may be; 0 for
    whoever makes backups without suivi. `silent_mailboxes`: those that are quieter than usual."""

    backup_days: float = Field(default=3, ge=0)
    silent_mailboxes: bool = True


class Log(Section):
    """`auto`: with priorities and fields to the journal, as text to a terminal, else as JSON."""

    format: Literal["auto", "text", "json"] = "auto"
    level: Literal["debug", "info", "warning", "error"] = "info"


def _directory(variable: str, otherwise: str) -> Path:
    # systemd names the directories it made in these (systemd.exec(5)); the first of a list is ours.
    return Path(os.environ.get(variable, "").split(":")[0] or otherwise)


def runtime_directory() -> Path:
    """The one that systemd made, else the usual one."""
    return _directory("RUNTIME_DIRECTORY", "/run/suivi")


def control_socket(runtime_dir: Path) -> Path:
    """Where `suivi status` and `suivi reload` reach the running daemon."""
    return runtime_dir / "control.sock"


class Settings(Section):
    """All that can be set. `warnings` are for the admin to read, one line each; `secret_files` are
    those that secrets were read from."""

    company: Company
    state_dir: Path = Field(default_factory=lambda: _directory("STATE_DIRECTORY", "/var/lib/suivi"))
    runtime_dir: Path = Field(default_factory=runtime_directory)
    credentials_dir: Path | None = None
    rules_dir: Path = Path("rules")
    templates_dir: Path = Path("templates")
    database: Database = Database()
    http: Http = Http()
    oidc: Oidc | None = None
    smtp: Smtp | None = None
    users: tuple[Staff, ...] = ()
    mailboxes: tuple[Mailbox, ...] = ()
    calendars: tuple[Calendar, ...] = ()
    capture: Capture = Capture()
    reminders: Reminders = Reminders()
    rules: Rules = Rules()
    observe: Observe = Observe()
    watch: Watch = Watch()
    log: Log = Log()
    path: Path | None = Field(default=None, exclude=True)
    warnings: tuple[str, ...] = Field(default=(), exclude=True)
    secret_files: tuple[Path, ...] = Field(default=(), exclude=True)

    @property
    def database_url(self) -> str:
        """The database's address in SQLAlchemy's form, with its password: never log it."""
        if self.database.url is None:
            return f"sqlite:///{self.state_dir / 'suivi.sqlite3'}"
        if self.database.password is None:
            return self.database.url
        scheme, _, rest = self.database.url.partition("://")
        user, at, place = rest.rpartition("@")
        secret = quote(self.database.password.get_secret_value(), safe="")
        return f"{scheme}://{user}:{secret}{at}{place}"

    @property
    def rules_folder(self) -> Path:
        """Where the admin's rules files are: a relative `rules_dir` stands beside the file."""
        return (self.path.parent if self.path else Path()).absolute() / self.rules_dir

    @property
    def templates_folder(self) -> Path:
        """Where the admin's mail templates are, likewise."""
        return (self.path.parent if self.path else Path()).absolute() / self.templates_dir

    @property
    def control_socket(self) -> Path:
        """Where `suivi status` and `suivi reload` reach the running daemon."""
        return control_socket(self.runtime_dir)

    @property
    def http_token_file(self) -> Path:
        """The API's bearer token, made at the first start."""
        return self.state_dir / "http-token"
