"""Passwords by value, by file, or by systemd credential; settled before the settings are built."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from daemon.config.places import Path as OptionPath

WAYS = ("password", "password_file", "password_credential")

# A password is a line; a file of this size is something else given by mistake.
_LARGEST = 64 * 1024

Mistake = tuple[OptionPath, str]


@dataclass(frozen=True, slots=True)
class Vault:
    """Where secrets are looked for: a relative `password_file` `beside` the configuration file.

    `servers` False is for commands that speak to none: what is not there is then no mistake.
    """

    beside: Path
    credentials: Path | None
    servers: bool = True


@dataclass(slots=True)
class Findings:
    """What is wrong with the secrets, what deserves a warning, and which files they are in."""

    mistakes: list[Mistake] = field(default_factory=list)
    warnings: list[Mistake] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)


def settle(data: Mapping[str, Any], vault: Vault) -> tuple[dict[str, Any], Findings]:
    """`data` with every secret as `password`."""
    settled = dict(data)
    found = Findings()
    for name in ("database", "smtp", "oidc"):
        if isinstance(table := settled.get(name), dict):
            settled[name] = _table(table, (name,), vault, found)
    for name in ("mailboxes", "calendars"):
        if isinstance(rows := settled.get(name), list):
            settled[name] = [
                _table(row, (name, index), vault, found) if isinstance(row, dict) else row
                for index, row in enumerate(rows)
            ]
    return settled, found


def _table(
    table: Mapping[str, Any], path: OptionPath, vault: Vault, found: Findings
) -> dict[str, Any]:
    given = [way for way in WAYS if way in table]
    rest = {name: value for name, value in table.items() if name not in WAYS}
    if not given:
        return rest
    if len(given) > 1:
        found.mistakes.append(((*path, given[1]), f"give only one of {' and '.join(given)}"))
        return {**rest, "password": ""}
    way, value = given[0], table[given[0]]
    if not isinstance(value, str) or not value:
        found.mistakes.append(((*path, way), "should be a text that is not empty"))
        return {**rest, "password": ""}
    if way == "password":
        hint = "the password stands in the file: password_file or password_credential keep it out"
        found.warnings.append(((*path, way), hint))
        return {**rest, "password": value}
    try:
        file = _file(way, value, vault)
        secret = _read(file)
    except _Unusable as error:
        if vault.servers or path[0] == "database":
            found.mistakes.append(((*path, way), str(error)))
        secret = ""
    else:
        found.files.append(file)
    return {**rest, "password": secret}


def credential(folder: Path, name: str) -> Path:
    """The file of a credential. What the unit loads as a whole directory has a prefix: systemd
    calls the file `smtp` of LoadCredential=suivi:/etc/suivi/credentials `suivi_smtp`."""
    own, of_directory = folder / name, folder / f"suivi_{name}"
    # What may not be looked at is told by whoever reads it.
    with contextlib.suppress(OSError):
        if not own.exists() and of_directory.exists():
            return of_directory
    return own


class _Unusable(Exception):
    """Why a file or credential gives no password."""


def _file(way: str, value: str, vault: Vault) -> Path:
    credentials = vault.credentials
    if way == "password_credential" and credentials is None:
        hint = "the unit loads no credentials: LoadCredential= or credentials_dir"
        raise _Unusable(f"there is no credential '{value}': {hint}")
    if way == "password_credential" and Path(value).name != value:
        raise _Unusable("a credential's name has no slash")
    if way == "password_credential" and credentials is not None:
        return credential(credentials, value)
    return vault.beside / value


def _read(file: Path) -> str:
    try:
        raw = file.read_bytes()
        text = raw.decode().removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise _Unusable(f"{file} can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _Unusable(f"{file} is not UTF-8 text") from error
    if not text or len(raw) > _LARGEST:
        raise _Unusable(f"{file} holds no password: it is empty or too large")
    return text
