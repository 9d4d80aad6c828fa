"""Taking a backup, beside a running daemon or without one, and letting old ones go."""

import re
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from daemon.backup import archive
from daemon.backup.archive import Manifest
from daemon.store import snapshot
from daemon.store.errors import StoreError

SUFFIX = ".suivi-backup"
_STAMP = r"\d{8}T\d{6}Z"
# One that was killed leaves its draft, which nobody else ever writes this long.
_ABANDONED = timedelta(days=1)


def take(url: str, target: Path, moment: datetime) -> Manifest:
    """Back the database up into a file that is not there yet; what is in it, checked.

    Raises StoreError, or OSError where the file can't be made.
    """
    if target.exists():
        raise StoreError(f"{target} is there already: a backup replaces nothing; name another file")
    with archive.draft(target, "data") as copied:
        contents = snapshot.copy(url, copied)
        size, digest = archive.sum_of(copied)
        manifest = Manifest(
            suivi=version("suivi"),
            database=contents.database,
            version=contents.version,
            taken_at=moment,
            size=size,
            sha256=digest,
            key=contents.key,
            rows=contents.rows,
        )
        archive.write(target, copied, manifest)
    return manifest


def named(folder: Path, prefix: str, moment: datetime) -> Path:
    """The file of a backup that is one of a row."""
    return folder / f"{prefix}-{moment:%Y%m%dT%H%M%SZ}{SUFFIX}"


def keep(folder: Path, prefix: str, number: int, moment: datetime) -> tuple[Path, ...]:
    """Delete the oldest of a row of backups until so many are left, and what killed ones have
    left; which backups went. Whatever has another name stays."""
    own = re.compile(rf"{re.escape(prefix)}-{_STAMP}{re.escape(SUFFIX)}")
    drafts = re.compile(rf"\.{own.pattern}\.[0-9a-f]{{8}}\.(?:data|zip)(?:-journal|-wal|-shm)?")
    old = (moment - _ABANDONED).timestamp()
    names = sorted(path.name for path in folder.iterdir())
    for name in names:
        if drafts.fullmatch(name) and (folder / name).stat().st_mtime < old:
            (folder / name).unlink(missing_ok=True)
    # By name, that is, by the time they were taken.
    row = [folder / name for name in names if own.fullmatch(name)]
    gone = tuple(row[: max(0, len(row) - number)])
    for path in gone:
        path.unlink(missing_ok=True)
    return gone
