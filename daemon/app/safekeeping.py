"""Backups of an installation: taken by hand or by the timer, and before each migration."""

from dataclasses import dataclass
from pathlib import Path

from daemon.app.secret import known_key, mark_of
from daemon.backup.archive import Manifest
from daemon.backup.restore import Restored, Words, restore
from daemon.backup.take import keep, named, take
from daemon.clock import now
from daemon.config import ConfigError, Settings
from daemon.control import ControlError, NoDaemon, ask
from daemon.store import StoreError, accounts, backups, open_store
from daemon.store.snapshot import belong
from daemon.store.versions import known

DAILY = "suivi"
"""How the names of a row of backups begin."""
MIGRATING = "before-migration"
"""Likewise of those that were taken before a migration, of which a few are kept."""
MIGRATIONS_KEPT = 3


@dataclass(frozen=True, slots=True)
class Taken:
    """A backup: where it is, what is in it, and which older ones went for it."""

    file: Path
    manifest: Manifest
    gone: tuple[Path, ...] = ()


def back_up(settings: Settings, target: Path) -> Taken:
    """Back up into this file. Raises StoreError, ConfigError, OSError."""
    moment = now()
    file = target.absolute()
    taken = Taken(file, take(settings.database_url, file, moment))
    _note(settings, taken)
    return taken


def back_up_to(settings: Settings, folder: Path, number: int, prefix: str = DAILY) -> Taken:
    """Back up into a directory, made if need be, under a name that tells the time; when it is
    good, so many are kept. Raises as `back_up` does."""
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        belong(folder.absolute())
    moment = now()
    taken = back_up(settings, named(folder, prefix, moment))
    return Taken(taken.file, taken.manifest, keep(folder.absolute(), prefix, number, moment))


def restore_from(settings: Settings, file: Path, words: Words) -> Restored:
    """Put the backup in this file in the place of the database, held until released.

    Raises StoreError, also while a daemon works with the database; ConfigError, OSError.
    """
    refuse_running(settings)
    settings.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    mark = _mark(settings)
    return restore(settings.database_url, file, settings.state_dir, mark, words, now())


def _mark(settings: Settings) -> str | None:
    """Of the key at hand; "" where there is none, None where it is root's and the unit's alone:
    then the next start refuses another one."""
    try:
        key = known_key(settings)
    except ConfigError:
        return None
    return "" if key is None else mark_of(key)


def refuse_running(settings: Settings) -> None:
    """Raises StoreError while a daemon answers, or holds an account of the database."""
    try:
        ask(settings.control_socket, "status")
    except NoDaemon:
        pass
    except ControlError as error:
        raise StoreError(f"is suivi running? {error}") from error
    else:
        raise StoreError("suivi is running: stop it first (systemctl stop suivi)")
    if holder := _holder(settings):
        raise StoreError(
            f"{holder} is at work on this database: stop it first; after a crash wait a minute"
        )


def _holder(settings: Settings) -> str | None:
    try:
        store = open_store(settings.database_url)
    except StoreError:
        # Missing, of another version or damaged: that is for whoever asked to say.
        return None
    try:
        with store.read() as tx:
            return accounts.holder(tx, now())
    except StoreError:
        return None
    finally:
        store.close()


def _note(settings: Settings, taken: Taken) -> None:
    """Say in the database that there is one; an older database has no place for that."""
    manifest = taken.manifest
    if manifest.version != known()[-1]:
        return
    store = open_store(settings.database_url)
    try:
        with store.write() as tx:
            backups.note(
                tx,
                backups.Backup(
                    manifest.taken_at,
                    str(taken.file),
                    manifest.version,
                    taken.file.stat().st_size,
                    manifest.sha256,
                ),
            )
    except StoreError as error:
        raise StoreError(f"{taken.file} is good, but can't be noted: {error}") from error
    finally:
        store.close()
