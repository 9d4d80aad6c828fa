"""From a TOML file, the environment and credentials to Settings, or every mistake at once."""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict, SettingsError

from daemon.config.mistakes import OURS, PREFIX, Source, cross_checks, explain, names, variable
from daemon.config.places import places
from daemon.config.secrets import Findings, Vault, settle
from daemon.config.settings import Settings, control_socket, runtime_directory

DEFAULT_PATH = Path("/etc/suivi/suivi.toml")


class ConfigError(Exception):
    """The configuration can't be used; the text lists every mistake, each with its place."""


class _Environment(Settings, BaseSettings):
    """Settings as pydantic-settings looks for them in the environment; never built itself."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__")


CREDENTIALS = "credentials"
"""Beside suivi.toml: the directory from which the unit loads credentials, a file each."""

# Where systemd keeps what it loaded for the daemon, for a command that root types beside it.
UNIT_CREDENTIALS = Path("/run/credentials/suivi.service")


def load(path: Path | None = None, *, servers: bool = True) -> Settings:
    """The settings of `path` (else SUIVI_CONFIG, else /etc/suivi/suivi.toml) and the environment.

    The environment wins over the file. `servers` False is for a command that speaks to no mail or
    calendar server: it may lack their passwords, as outside of the unit. Raises ConfigError.
    """
    path = path or Path(os.environ.get("SUIVI_CONFIG") or DEFAULT_PATH)
    text = text_of(path)
    data = _merge(toml(path, text), _environment())
    source = Source(path, places(text))
    folder = credentials_folder(data.get("credentials_dir"), path)
    settings, _, found = checked(data, source, Vault(path.absolute().parent, folder, servers))
    # A password in a variable is in no file.
    notices = tuple(
        source.line(where, text) for where, text in found.warnings if not variable(where)
    )
    files = [*found.files, *((path,) if notices else ())]
    refresh = [calendar.oauth_refresh_token_file for calendar in settings.calendars]
    refresh.append(settings.smtp.oauth_refresh_token_file if settings.smtp else None)
    files += [file for file in refresh if file is not None]
    filled = {
        "warnings": notices + _strange_variables(),
        "secret_files": tuple(dict.fromkeys(files)),
    }
    return settings.model_copy(update=filled)


def checked(
    data: Mapping[str, Any], source: Source, vault: Vault
) -> tuple[Settings, dict[str, Any], Findings]:
    """The settings that these values make, the same values with every secret as `password`, and
    what was found about secrets. Raises ConfigError with every mistake."""
    settled, found = settle(data, vault)
    mistakes = [*found.mistakes, *cross_checks(settled)]
    for ours in OURS & settled.keys():
        mistakes.append(((ours,), f"unknown option '{ours}'"))
        del settled[ours]
    try:
        settings = Settings.model_validate({**settled, "path": source.path})
    except ValidationError as error:
        mistakes += [explain(problem) for problem in error.errors(include_url=False)]
    if mistakes:
        raise ConfigError("\n".join(source.lines(mistakes)))
    return settings, settled, found


def control_socket_of(path: Path | None = None) -> Path:
    """The control socket by a configuration that may have mistakes, or be no TOML at all."""
    path = path or Path(os.environ.get("SUIVI_CONFIG") or DEFAULT_PATH)
    try:
        data = _merge(toml(path, text_of(path)), _environment())
    except ConfigError:
        data = {}
    given = data.get("runtime_dir")
    return control_socket(Path(given) if isinstance(given, str) and given else runtime_directory())


def text_of(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except FileNotFoundError as error:
        hint = (
            "write one (see suivi.toml beside the unit), or name it with --config or SUIVI_CONFIG"
        )
        raise ConfigError(f"{path}: there is no such file: {hint}") from error
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text") from error


def toml(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        # Python 3.11 tells the place in the message only.
        if at := re.search(r" \(at line (\d+), column (\d+)\)$", message):
            position, message = f"{at[1]}:{at[2]}", message[: at.start()]
        else:
            position = f"{max(1, len(text.splitlines()))}:1"
        raise ConfigError(f"{path}:{position}: not TOML: {message}") from error


def _environment() -> dict[str, Any]:
    try:
        return EnvSettingsSource(_Environment)()
    except SettingsError as error:
        raise ConfigError(f"environment: {error}".splitlines()[0]) from error


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for name, value in above.items():
        old = merged.get(name)
        both = isinstance(old, dict) and isinstance(value, dict)
        merged[name] = _merge(old, value) if both and isinstance(old, dict) else value
    return merged


def credentials_folder(given: object, path: Path) -> Path | None:
    """Where credentials are: as configured, as systemd says (LoadCredential= of systemd.exec(5)),
    where a running daemon has them, or, for root, the directory beside the configuration `path`
    that the unit loads them from."""
    if isinstance(given, str | Path) and str(given):
        return Path(given)
    if named := os.environ.get("CREDENTIALS_DIRECTORY"):
        return Path(named)
    for folder in (UNIT_CREDENTIALS, path.absolute().parent / CREDENTIALS):
        if os.access(folder, os.R_OK | os.X_OK):
            return folder
    return None


def _strange_variables() -> tuple[str, ...]:
    """SUIVI_… variables that nearly name an option: a typing mistake that would do nothing."""
    tops = {name.upper() for name in names(())}
    notices = []
    for given in sorted(os.environ):
        top = given.removeprefix(PREFIX).split("__")[0]
        if not given.startswith(PREFIX) or top in tops:
            continue
        if near := difflib.get_close_matches(top, tops, 1, cutoff=0.75):
            notices.append(f"{given}: unknown; did you mean {PREFIX}{near[0]}?")
    return tuple(notices)
