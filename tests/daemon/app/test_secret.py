"""The installation's key: one, wherever it is kept, and never a second one."""

import os
from pathlib import Path

import pytest

from daemon.app import secret
from daemon.config import ConfigError, Settings, load

KEY, OTHER = b"k" * 32, b"o" * 32


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    (tmp_path / "suivi.toml").write_text(
        f'state_dir = "{tmp_path}/state"\n[company]\nname = "Atelier"\n'
    )
    return load(tmp_path / "suivi.toml")


def keep(folder: Path, key: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "master-key").write_bytes(key)
    return folder


def test_the_credential_goes_before_all(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(tmp_path / "credentials", OTHER)
    keep(tmp_path / "state", OTHER)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(keep(tmp_path / "loaded", KEY)))
    assert secret.master_key(settings) == KEY


def test_a_command_without_a_daemon_takes_the_file_that_the_unit_loads(
    settings: Settings, tmp_path: Path
) -> None:
    keep(tmp_path / "credentials", KEY)
    assert secret.master_key(settings) == KEY
    assert not (tmp_path / "state").exists()


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_where_the_file_of_the_unit_is_roots_no_second_key_is_made(
    settings: Settings, tmp_path: Path
) -> None:
    closed = keep(tmp_path / "credentials", KEY)
    closed.chmod(0)
    try:
        with pytest.raises(ConfigError, match="do this as root"):
            secret.master_key(settings)
    finally:
        closed.chmod(0o700)
    assert not (tmp_path / "state").exists()


def test_without_any_it_is_made_once(settings: Settings, tmp_path: Path) -> None:
    made = secret.master_key(settings)
    assert len(made) == secret.SIZE
    assert secret.master_key(settings) == made
    assert (tmp_path / "state" / "master-key").stat().st_mode & 0o077 == 0
