"""The file of a backup: a zip of the copied database and a manifest that tells what it is.

It appears under its name whole and checked, or not at all. Only its owner reads it: it holds all
that suivi remembers. The installation's key is not in it, only a mark by which it is recognised.
"""

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

from daemon.store.errors import StoreError
from daemon.store.snapshot import belong, sync

FORMAT = 1
MANIFEST = "manifest.json"
DATA = {"sqlite": "suivi.sqlite3", "postgresql": "suivi.pgdump"}
"""The name of the copy in the file, by database; the second is an archive of pg_dump."""

_CHUNK = 1 << 20
# A manifest is a page of text.
_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself: who wrote it, the version of its database, when, the copy's
    size in bytes and SHA-256, a mark of the installation's key ("" where there is none),
    and the rows of each table."""

    suivi: str
    database: str
    version: str
    taken_at: datetime
    size: int
    sha256: str
    key: str
    rows: Mapping[str, int]


def sum_of(path: Path) -> tuple[int, str]:
    """Size in octets and SHA-256 of a file."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    return path.stat().st_size, found


@contextmanager
def draft(target: Path, what: str) -> Iterator[Path]:
    """A name beside the target for a file in the making, which is gone at the end."""
    path = target.with_name(f".{target.name}.{token_hex(4)}.{what}")
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def write(target: Path, copied: Path, manifest: Manifest) -> None:
    """Make the file of a backup and read it back. Raises FileExistsError when there is one of
    this name, StoreError when what was written is not what was read back."""
    with draft(target, "zip") as path:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w+b") as file:
            _pack(file, copied, manifest)
            file.flush()
            os.fsync(descriptor)
        verify(path)
        belong(path)
        # Not renamed: that would replace a backup of before.
        target.hardlink_to(path)
    sync(target.parent)


def _pack(file: Any, copied: Path, manifest: Manifest) -> None:
    # What pg_dump writes is compressed already.
    how = zipfile.ZIP_DEFLATED if manifest.database == "sqlite" else zipfile.ZIP_STORED
    with zipfile.ZipFile(file, "w", compression=how, compresslevel=1) as archive:
        told = {"format": FORMAT, **asdict(manifest), "taken_at": manifest.taken_at.isoformat()}
        archive.writestr(MANIFEST, json.dumps(told, indent=2) + "\n")
        archive.write(copied, DATA[manifest.database])


def read(path: Path) -> Manifest:
    """What a backup says of itself. Raises StoreError for what is none, OSError."""
    with _opened(path) as archive:
        return _manifest(path, archive)


def verify(path: Path) -> Manifest:
    """The same, after all of it was read and compared. Raises StoreError, OSError."""
    return unpack(path, None)


def unpack(path: Path, target: Path | None) -> Manifest:
    """Write the copied database into a new file that only its owner reads; None only compares.
    Raises StoreError when it is not what the manifest says, OSError."""
    with _opened(path) as archive:
        manifest = _manifest(path, archive)
        size, digest = 0, hashlib.sha256()
        with archive.open(DATA[manifest.database]) as source, _sink(target) as out:
            while chunk := source.read(_CHUNK):
                size += len(chunk)
                digest.update(chunk)
                out.write(chunk)
    if (size, digest.hexdigest()) != (manifest.size, manifest.sha256):
        raise StoreError(f"{path} is damaged: its content is not what its manifest says")
    return manifest


@contextmanager
def _sink(target: Path | None) -> Iterator[Any]:
    flags = os.O_WRONLY if target is None else os.O_WRONLY | os.O_CREAT | os.O_EXCL
    descriptor = os.open(target or os.devnull, flags, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        yield file
        if target is not None:
            file.flush()
            os.fsync(descriptor)


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, RuntimeError) as error:
        # RuntimeError: it asks for a password, or for a method that Python lacks.
        raise StoreError(f"{path} is damaged, or no backup of suivi") from error


def _manifest(path: Path, archive: zipfile.ZipFile) -> Manifest:
    try:
        with archive.open(MANIFEST) as file:
            told = json.loads(file.read(_LARGEST))
        if told.pop("format") != FORMAT:
            raise StoreError(f"{path} was written by a newer suivi: install that one")
        made = Manifest(**told | {"taken_at": datetime.fromisoformat(told["taken_at"])})
        # Which copy is to be looked for; KeyError where there is none.
        archive.getinfo(DATA[made.database])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise StoreError(f"{path} is no backup of suivi: it has no manifest") from error
    return made
