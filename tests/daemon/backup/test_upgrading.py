"""An older database is backed up, then upgraded; not beside a running daemon, not without a backup
unless told to, and a newer one not at all."""

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from daemon.app.upgrading import make_ready
from daemon.backup import archive
from daemon.config import Settings, load
from daemon.control import Control
from daemon.store import StoreError, dump
from daemon.store.errors import Unfit
from daemon.store.versions import known, standing
from tests.daemon.cli.conftest import CONFIG, run_suivi
from tests.daemon.store.killing import upgrade_to

OLD = "0012"


def _settings(folder: Path, url: str) -> Settings:
    told = f'\n[database]\nurl = "{url}"\n'
    (folder / "suivi.toml").write_text(CONFIG.format(place=folder) + told)
    return load(folder / "suivi.toml")


@pytest.fixture
def old(empty_url: str, tmp_path: Path) -> Settings:
    """With a database of a version of before."""
    upgrade_to(empty_url, OLD)
    return _settings(tmp_path, empty_url)


def _backups(settings: Settings) -> list[Path]:
    return sorted((settings.state_dir / "backups").glob("*"))


def test_what_was_there_is_backed_up_first(old: Settings) -> None:
    assert make_ready(old) == (OLD, known()[-1])
    (backup,) = _backups(old)
    assert backup.name.startswith("before-migration-")
    assert archive.verify(backup).version == OLD
    assert make_ready(old) == (known()[-1], known()[-1])
    assert _backups(old) == [backup]


def test_a_fresh_one_needs_no_backup(empty_url: str, tmp_path: Path) -> None:
    settings = _settings(tmp_path, empty_url)
    assert make_ready(settings) == (None, known()[-1])
    assert not (settings.state_dir / "backups").exists()


def test_the_few_newest_are_kept(old: Settings) -> None:
    folder = old.state_dir / "backups"
    folder.mkdir(parents=True)
    for day in range(1, 6):
        (folder / f"before-migration-2026010{day}T000000Z.suivi-backup").touch()
    make_ready(old)
    assert len(_backups(old)) == 3


def test_not_beside_a_running_daemon(old: Settings) -> None:
    control = Control(old.control_socket, {"status": lambda _: {}})
    control.start()
    try:
        with pytest.raises(StoreError, match=r"while none works: suivi is running: stop it first"):
            make_ready(old)
    finally:
        control.stop()
    assert standing(old.database_url) == OLD


def test_without_a_backup_only_when_told_to(old: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    if old.database_url.startswith("sqlite"):
        old.state_dir.mkdir()
        (old.state_dir / "backups").write_text("in the way")
    else:
        monkeypatch.setattr(dump, "HOME", Path("/nowhere"))
        monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(Unfit, match="no migration without a backup"):
        make_ready(old)
    assert standing(old.database_url) == OLD
    assert make_ready(old, backup=False) == (OLD, known()[-1])


def test_a_newer_one_stays_down_and_is_left_alone(sqlite_url: str, tmp_path: Path) -> None:
    engine = sa.create_engine(sqlite_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    settings = _settings(tmp_path, sqlite_url)
    done = run_suivi(tmp_path, "run", SUIVI_LANGUAGE="en")
    # sysexits.h EX_CONFIG, after which the unit does not start again.
    assert done.returncode == 78
    assert "newer than this suivi knows" in done.stderr
    with pytest.raises(Unfit, match="newer than this suivi knows"):
        make_ready(settings)
    assert not (settings.state_dir / "backups").exists()
