"""Where an IMAP account is and how to get in."""

from dataclasses import dataclass, field
from typing import Literal

Security = Literal["tls", "starttls", "none"]


@dataclass(frozen=True, slots=True)
class Password:
    """A user name and its password."""

    user: str
    password: str = field(repr=False)


Credentials = Password
"""How an account logs in: a union, of one member until OAuth comes."""


@dataclass(frozen=True, slots=True)
class ImapAccount:
    """An account. `timeout` is in seconds, for each wait; `ca_file` is a PEM file of authorities
    to trust instead of the system's. `fields` are header fields that are read beside those that
    the core decides by."""

    host: str
    port: int = 993
    security: Security = "tls"
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: str | None = None
    timeout: float = 60.0
    fields: tuple[str, ...] = ()

    @property
    def credentials(self) -> Credentials:
        """How to log in."""
        return Password(self.user, self.password)
