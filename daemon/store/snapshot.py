"""A copy of one moment of the database, made while others write: SQLite by its backup API
(https://sqlite.org/backup.html), PostgreSQL by pg_dump (`daemon.store.dump`)."""

import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from daemon.store import dump
from daemon.store.database import connect, first_line, shown
from daemon.store.errors import StoreError
from daemon.store.versions import described, sqlite_path_of

# How long a copy waits for a lock, in seconds.
_PATIENCE = 30


@dataclass(frozen=True, slots=True)
class Contents:
    """What a copy holds: "sqlite" or "postgresql", its version, the rows of each table, and a mark
    of the installation's key ("" where it has none)."""

    database: str
    version: str
    rows: Mapping[str, int]
    key: str = ""


def copy(url: str, target: Path) -> Contents:
    """Copy the database of this address, as it stands at one moment, into a new file that only its
    owner reads; on the disk when this returns, and found whole.

    Nobody waits for it. Raises StoreError, also for a database that is empty or newer than this
    program, and for a copy that is not whole; OSError where the file can't be made.
    """
    path = sqlite_path_of(url)
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    if path is None:
        made = Contents("postgresql", *dump.dump(url, target))
        dump.check(url, target)
    else:
        if not path.exists():
            raise StoreError(f"no database at {path}: there is nothing to back up")
        _copy_file(path, target)
        made = check(target)
    sync(target)
    return made


def _copy_file(path: Path, target: Path) -> None:
    try:
        with (
            closing(sqlite3.connect(path, timeout=_PATIENCE)) as here,
            closing(sqlite3.connect(target)) as there,
        ):
            # In one step, that is, in one read transaction: in several it would begin anew
            # whenever somebody writes, and never end beside a busy daemon.
            here.backup(there, pages=-1)
            # One file, with nothing beside it.
            there.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise StoreError(f"cannot copy {path}: {error}") from error


def check(copied: Path) -> Contents:
    """What a copied SQLite file holds. Raises StoreError for one that is not whole."""
    url = file_url(copied)
    engine = connect(url)
    try:
        with engine.connect() as connection:
            wrong = [str(r[0]) for r in connection.exec_driver_sql("PRAGMA integrity_check(3)")]
            if wrong != ["ok"]:
                raise StoreError(f"{copied} is damaged: {'; '.join(wrong)}")
            if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                raise StoreError(f"{copied} is damaged: it has rows whose owners are gone")
            return Contents("sqlite", *described(connection, url))
    except SQLAlchemyError as error:
        raise StoreError(f"{copied} is damaged: {first_line(error)}") from error
    finally:
        engine.dispose()


def file_url(path: Path) -> str:
    """The address of a SQLite file, whatever its name."""
    return sa.URL.create("sqlite", database=str(path)).render_as_string()


def sync(path: Path) -> None:
    """A file, or the names in a directory, are on the disk when this returns."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def belong(path: Path) -> None:
    """What root has made belongs to whom the directory belongs, who is to work with it."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def is_empty(url: str) -> bool:
    """Whether there is no database at this address yet, or one without any table.

    Raises StoreError when it does not answer; a file that is no database is not empty.
    """
    path = sqlite_path_of(url)
    if path is not None and (not path.exists() or not path.stat().st_size):
        return True
    engine = connect(url)
    try:
        with engine.connect() as connection:
            return not sa.inspect(connection).get_table_names()
    except SQLAlchemyError as error:
        if path is not None:
            return False
        raise StoreError(f"cannot open {shown(url)}: {first_line(error)}") from error
    finally:
        engine.dispose()
