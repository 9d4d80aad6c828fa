"""Backups that were taken and found whole; the last one tells whether there are any of late."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.tables.installation import backup as table

c = table.c


@dataclass(frozen=True, slots=True)
class Backup:
    """One that was good when it was taken: where it was put, the version of the database in it,
    its size in bytes and its SHA-256."""

    at: datetime
    file: str
    version: str
    size: int
    sha256: str


def note(tx: Tx, taken: Backup) -> None:
    """It is on the disk, and was read back."""
    tx.execute(
        sa.insert(table).values(
            at=taken.at,
            file=taken.file,
            version=taken.version,
            size=taken.size,
            sha256=taken.sha256,
        )
    )


def last(tx: Tx) -> Backup | None:
    """The newest good one; None when there was none yet."""
    query = sa.select(c.at, c.file, c.version, c.size, c.sha256).order_by(c.at.desc(), c.id.desc())
    found = tx.execute(query.limit(1)).first()
    return None if found is None else Backup(*found)
