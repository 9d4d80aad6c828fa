"""The installation's own key: it signs links and keys the hashes of what is not stored."""

import os
import secrets
from pathlib import Path

from daemon.config import DEFAULT_PATH, ConfigError, Settings, credentials_folder
from rules import identity

CREDENTIAL = "master-key"
SIZE = 32


def master_key(settings: Settings) -> bytes:
    """The key from the credential `master-key`, else from the state directory, made at the first
    start. Raises ConfigError when it is there and can't be read or is too short."""
    path = key_file(settings)
    if not path.exists():
        _make(path)
    return _read(path)


def known_key(settings: Settings) -> bytes | None:
    """The key if there is one; none is made. Raises ConfigError when it can't be read."""
    path = key_file(settings)
    return _read(path) if path.exists() else None


def mark_of(secret: bytes) -> str:
    """By which a key is recognised, and can't be guessed."""
    return identity.digest(secret, "the key of this installation")[:32]


def key_file(settings: Settings) -> Path:
    """Where the key is, or will be made. Raises ConfigError where that is not ours to see."""
    configured = settings.path or DEFAULT_PATH
    folder = credentials_folder(settings.credentials_dir, configured)
    if folder is not None and (folder / CREDENTIAL).exists():
        return folder / CREDENTIAL
    _refuse_a_second(configured.absolute().parent / "credentials" / CREDENTIAL)
    return settings.state_dir / CREDENTIAL


def _refuse_a_second(loaded_from: Path) -> None:
    """Where the unit has a key that can't be read here, one of our own would sign what the daemon
    does not recognise."""
    try:
        loaded_from.exists()
    except PermissionError as error:
        raise ConfigError(
            f"{loaded_from}: the installation's key is for root and the unit alone: "
            "start suivi first, or do this as root"
        ) from error


def _make(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Written whole or not at all: two that start at once must not sign with two keys.
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(SIZE))
            file.flush()
            os.fsync(descriptor)
        try:
            os.link(draft, path)
        except FileExistsError:
            # Another one was first; theirs counts.
            pass
        finally:
            draft.unlink()
    except OSError as error:
        raise ConfigError(
            f"{path}: can't make the installation's key ({error.strerror}): "
            "give the state directory to the user that runs suivi"
        ) from error


def _read(path: Path) -> bytes:
    try:
        key = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"{path}: can't read the installation's key ({error.strerror})"
        ) from error
    if len(key) < SIZE:
        raise ConfigError(
            f"{path}: the installation's key should be at least {SIZE} bytes: restore it from a "
            "backup; without it, signed links and vetoes of before are not recognised"
        )
    return key
