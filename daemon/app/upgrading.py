"""The database brought to this program's version, with a backup of what it was."""

from daemon.config import Settings
from daemon.store import StoreError, upgrade
from daemon.store.errors import Unfit
from daemon.store.versions import known, standing


def make_ready(settings: Settings, *, backup: bool = True) -> tuple[str | None, str]:
    """Make the state directory, and the database of this version in it; (version before, now).

    What is there and older is backed up first (the last few are kept in `backups` there), unless
    told not to. Raises StoreError, Unfit where an admin has to act, OSError.
    """
    settings.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    before = standing(settings.database_url)
    if before is not None and before != known()[-1]:
        _stopped(settings)
        if backup:
            _back_up(settings)
    return upgrade(settings.database_url)


def _stopped(settings: Settings) -> None:
    """The program of before, still running, knows nothing of the new tables."""
    from daemon.app.safekeeping import refuse_running

    try:
        refuse_running(settings)
    except StoreError as error:
        raise StoreError(
            f"the database has to be brought to version {known()[-1]}, while none works: {error}"
        ) from error


def _back_up(settings: Settings) -> None:
    from daemon.app.safekeeping import MIGRATING, MIGRATIONS_KEPT, back_up_to

    try:
        back_up_to(settings, settings.state_dir / "backups", MIGRATIONS_KEPT, MIGRATING)
    except (StoreError, OSError) as error:
        raise Unfit(
            f"no migration without a backup, and there is none: {error}."
            " `suivi db upgrade --without-backup` does it all the same"
        ) from error
