"""suivi.toml and credentials put where the unit looks for them, each with the right mode.

Nothing that stands there is lost: what would be overwritten is named first. Every file appears
whole or not at all, and doing it twice is as good as once.
"""

import grp
import os
import pwd
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError

from daemon.app.secret import CREDENTIAL, SIZE
from daemon.config.load import CREDENTIALS
from daemon.config.written import written

USER = "suivi"
"""The unit's user and group."""

# systemd takes these in the name of a credential, and shells without quotes.
_STRANGE = re.compile(r"[^a-z0-9._-]+")
_SUFFIXES = {"mailboxes": "mail", "calendars": "calendar"}


@dataclass(frozen=True, slots=True)
class Installing:
    """Files that are to be: the configuration at `path`, and by name what goes into the directory
    `credentials` beside it."""

    path: Path
    text: str
    credentials: Mapping[str, bytes] = field(repr=False)

    @property
    def folder(self) -> Path:
        """Where credentials go."""
        return self.path.absolute().parent / CREDENTIALS

    @property
    def before(self) -> Path:
        """Where a configuration goes that stood in the way."""
        return self.path.with_name(f"{self.path.name}.before-init")

    def in_the_way(self) -> tuple[Path, ...]:
        """Files that stand there with another content."""
        wanted = {self.folder / name: data for name, data in self.credentials.items()}
        wanted[self.path] = self.text.encode()
        return tuple(
            sorted(p for p, data in wanted.items() if p.exists() and p.read_bytes() != data)
        )

    def put(self, state_dir: Path) -> None:
        """Write all of it; the configuration last, so that it never names what is not there. The
        installation's key is made once: where one exists it stays. Raises OSError."""
        group, place = _group(), self.folder.parent
        if not place.exists():
            place.mkdir(mode=0o750, parents=True)
            if group is not None:
                os.chown(place, -1, group)
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.folder.chmod(0o700)
        for name, data in self.credentials.items():
            _write(self.folder / name, data, 0o600)
        key = self.folder / CREDENTIAL
        if not key.exists():
            old = state_dir / CREDENTIAL
            _write(key, old.read_bytes() if old.exists() else secrets.token_bytes(SIZE), 0o600)
        if self.path.exists() and self.path.read_bytes() != self.text.encode():
            self.path.replace(self.before)
        _write(self.path, self.text.encode(), 0o640, group)


def installing(tables: Mapping[str, Any], path: Path, language: str) -> Installing:
    """What these tables make: each `password` a credential of its own."""
    found: dict[str, bytes] = {}
    changed = dict(tables)
    if isinstance(changed.get("database"), Mapping):
        changed["database"] = _apart(changed["database"])
    for section in ("database", "smtp"):
        if isinstance(changed.get(section), Mapping):
            changed[section] = _named(changed[section], section, found)
    for section, suffix in _SUFFIXES.items():
        rows = changed.get(section, ())
        changed[section] = [_named(row, f"{row['name']}-{suffix}", found) for row in rows]
    whole = {name: value for name, value in changed.items() if value not in ((), [])}
    return Installing(path, written(whole, language), found)


def _apart(database: Mapping[str, Any]) -> Mapping[str, Any]:
    """A password within the address of the database is one of its own."""
    try:
        url = sa.make_url(database.get("url") or "")
    except (ArgumentError, ValueError):
        # What is wrong with it is told by whoever opens it.
        return database
    inside = url.password or url.query.get("password")
    if not inside:
        return database
    bare = url._replace(password=None).difference_update_query(["password"])
    password = database.get("password") or str(inside)
    return {**database, "url": bare.render_as_string(hide_password=False), "password": password}


def _named(table: Mapping[str, Any], name: str, found: dict[str, bytes]) -> Mapping[str, Any]:
    password = table.get("password")
    if not password:
        return table
    base = _STRANGE.sub("-", name.lower()).strip("-.") or "account"
    free = base
    number = 1
    while free in {*found, CREDENTIAL}:
        number += 1
        free = f"{base}-{number}"
    found[free] = f"{password}\n".encode()
    rest = {option: value for option, value in table.items() if option != "password"}
    return {**rest, "password_credential": free}


def _write(path: Path, data: bytes, mode: int, group: int | None = None) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            if group is not None:
                os.fchown(descriptor, -1, group)
            os.fchmod(descriptor, mode)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _group() -> int | None:
    """The group that the unit reads the configuration by; None where we can't give it."""
    if os.geteuid() != 0:
        return None
    try:
        return grp.getgrnam(USER).gr_gid
    except KeyError:
        return None


def service_user() -> pwd.struct_passwd | None:
    """The user that the unit runs as, for root; None where there is none, or we are not root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(USER)
    except KeyError:
        return None
