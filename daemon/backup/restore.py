"""Putting a backup in the place of the database, whole or not at all, and held.

    read back → unpacked beside → checked → brought to this version, held → in its place

SQLite: all of it happens in a file beside, which then takes the name; the file of before stays
under another one. PostgreSQL: one transaction, but for bringing it to this version, which the next
start does if it was killed before.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from daemon.backup import archive
from daemon.backup.archive import Manifest
from daemon.store import dump, installation, snapshot
from daemon.store.errors import StoreError
from daemon.store.versions import known, open_store, sqlite_path_of, upgrade


@dataclass(frozen=True, slots=True)
class Words:
    """What an operator has to say in so many words: that the backup takes the place of what is
    there; that the key of the installation is lost."""

    replace: bool = False
    other_key: bool = False


@dataclass(frozen=True, slots=True)
class Restored:
    """The backup that was restored, and where the SQLite file of before is, if there was one."""

    manifest: Manifest
    aside: Path | None = None


def restore(
    url: str, file: Path, scratch: Path, mark: str | None, words: Words, moment: datetime
) -> Restored:
    """Put the backup in this file in the place of the database; `mark` is that of the key at hand
    ("" for none, None where it is not to be seen: then the next start looks), `scratch` a directory
    for what is in the making.

    Raises StoreError, with nothing changed, for a backup that is damaged, of another kind of
    database, newer than this program or of another key; where something is there already; and
    OSError.
    """
    manifest = archive.read(file)
    path = sqlite_path_of(url)
    _refuse(url, file, manifest, mark, words, is_file=path is not None)
    if path is not None:
        return Restored(manifest, _into_file(path, file, words, moment))
    with archive.draft(scratch / "restore", "data") as copied:
        archive.unpack(file, copied)
        _into_server(url, copied, manifest, words)
    upgrade(url)
    _hold(url, words, moment)
    return Restored(manifest)


def _refuse(
    url: str, file: Path, manifest: Manifest, mark: str | None, words: Words, *, is_file: bool
) -> None:
    kind = "sqlite" if is_file else "postgresql"
    if manifest.database != kind:
        raise StoreError(f"{file} is a backup of {manifest.database}, and [database] says {kind}")
    if manifest.version not in known():
        raise StoreError(
            f"{file} has version {manifest.version}, newer than this suivi knows ({known()[-1]}):"
            f" install suivi {manifest.suivi}"
        )
    if mark is not None and manifest.key not in ("", mark) and not words.other_key:
        raise StoreError(
            f"{file} is of an installation with another key: put its master-key in place first."
            " Without it, what people want kept out is recorded again, and links in mails do"
            " nothing: --other-key, if it is lost"
        )
    if not words.replace and not snapshot.is_empty(url):
        raise StoreError("there is a database already: --replace puts the backup in its place")


def _into_file(path: Path, file: Path, words: Words, moment: datetime) -> Path | None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with archive.draft(path, "data") as fresh:
        manifest = archive.unpack(file, fresh)
        if snapshot.check(fresh).rows != manifest.rows:
            raise StoreError(f"{file} is damaged: it does not hold what its manifest says")
        url = snapshot.file_url(fresh)
        upgrade(url)
        _hold(url, words, moment)
        snapshot.belong(fresh)
        # Closed by the last one, the log beside it has gone into it.
        snapshot.sync(fresh)
        return _take_place(fresh, path, moment)


def _take_place(fresh: Path, path: Path, moment: datetime) -> Path | None:
    """At no moment there is no database under the name: the next start would make an empty one.
    What is in the log of the old one must not be taken for that of the new one."""
    aside = None
    if path.exists():
        aside = path.with_name(f"{path.name}.before-{moment:%Y%m%dT%H%M%SZ}")
        aside.hardlink_to(path)
        for end in ("-wal", "-shm"):
            log = path.with_name(f"{path.name}{end}")
            with suppress(FileNotFoundError):
                log.replace(aside.with_name(f"{aside.name}{end}"))
    fresh.replace(path)
    snapshot.sync(path.parent)
    return aside


def _into_server(url: str, copied: Path, manifest: Manifest, words: Words) -> None:
    before = [f'DROP TABLE IF EXISTS "{name}" CASCADE' for name in dump.tables(url)]
    before += [f'DROP FUNCTION IF EXISTS "{name}"' for name in dump.functions(url)]
    counts = [
        f'DO $$ BEGIN IF (SELECT count(*) FROM "{name}") <> {number} THEN'  # noqa: S608  our names
        f" RAISE EXCEPTION 'error: {name} does not hold what the manifest says'; END IF; END $$"
        for name, number in manifest.rows.items()
    ]
    # pg_restore leaves the session without a search path. Held from the moment when it is there.
    after = ["RESET search_path", *counts, "UPDATE installation SET held = true"]
    dump.restore(url, copied, before, after)


def _hold(url: str, words: Words, moment: datetime) -> None:
    store = open_store(url)
    try:
        with store.write() as tx:
            installation.hold(tx, moment)
            if words.other_key:
                installation.forget_key(tx, moment)
    finally:
        store.close()
