"""What the API shows and changes of the running daemon: given once by `build`."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from daemon.config.vault import Vault
from rules.model.followups import FollowUp


@dataclass(frozen=True, slots=True)
class RulesState:
    """The rules in force, of which files, and what keeps the saved ones from being it."""

    fingerprint: str
    since: datetime | None
    files: tuple[str, ...]
    rules: int
    warnings: tuple[str, ...]
    refused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TemplateState:
    """A template, for which mail it is, the files of the admin, and what is wrong with them."""

    name: str
    mail: str
    files: tuple[str, ...]
    mistakes: tuple[str, ...]


def _nobodys() -> Vault:
    """A vault whose key nobody has: for applications that keep no account."""
    return Vault(secrets.token_bytes(32))


@dataclass(frozen=True, slots=True)
class Machine:
    """`wake` lets all accounts be read now; `vault` seals their passwords; `rules` and `templates`
    say how those stand, in a language; `page_of` is the address of a follow-up's page, "" for
    none."""

    wake: Callable[[], None] = lambda: None
    vault: Vault = field(default_factory=_nobodys, repr=False)
    rules: Callable[[str], RulesState] = lambda _language: RulesState("", None, (), 0, (), ())
    templates: Callable[[str], tuple[TemplateState, ...]] = lambda _language: ()
    page_of: Callable[[FollowUp], str] = lambda _follow_up: ""
