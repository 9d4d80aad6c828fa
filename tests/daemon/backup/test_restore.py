"""A backup takes the place of the database whole or not at all, held, and only when told to."""

import os
import signal
import subprocess
import sys
import textwrap
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from daemon.backup.restore import Restored, Words, restore
from daemon.backup.take import take
from daemon.store import Store, StoreError, exchanges, installation, open_store
from daemon.store.versions import known, sqlite_path_of
from tests.daemon.store.conftest import NOW, World

ROOT = Path(__file__).parents[3]
LATER = NOW + timedelta(hours=5)
REPLACE = Words(replace=True)


@pytest.fixture
def backup(url: str, store: Store, world: World, tmp_path: Path) -> Path:
    """Of a store with one exchange; a second came after it."""
    with store.write() as tx:
        world.record(tx)
    take(url, tmp_path / "b", NOW)
    with store.write() as tx:
        world.record(tx, world.draft("m2"), uid=2)
    store.close()
    return tmp_path / "b"


def _restore(url: str, backup: Path, words: Words = REPLACE, mark: str = "") -> Restored:
    return restore(url, backup, backup.parent, mark, words, LATER)


def _seen(url: str) -> tuple[int, bool]:
    """How many exchanges there are, and whether it is held."""
    store = open_store(url)
    try:
        with store.read() as tx:
            number = tx.execute(sa.text("SELECT count(*) FROM exchange")).scalar_one()
            return number, installation.get(tx).held
    finally:
        store.close()


def test_the_state_of_the_backup_is_there_and_held(
    url: str, backup: Path, world: World, tmp_path: Path
) -> None:
    before = sorted(tmp_path.iterdir())
    done = _restore(url, backup)
    assert _seen(url) == (1, True)
    store = open_store(url)
    with store.read() as tx:
        state = installation.get(tx)
    store.close()
    assert (state.epoch, state.restored_at, state.released_at) == (2, LATER, None)
    new = {p for p in tmp_path.iterdir() if not p.name.endswith(("-wal", "-shm"))} - {*before}
    assert new == ({done.aside} if done.aside else set())


def test_what_was_there_is_kept_beside_with_all_that_was_committed(
    sqlite_url: str, sqlite_template: Path, tmp_path: Path
) -> None:
    path = sqlite_path_of(sqlite_url)
    assert path is not None
    take(sqlite_url, tmp_path / "b", NOW)
    store = open_store(sqlite_url)
    with store.write() as tx:
        installation.ensure(tx, NOW, None)
    # Killed: what was committed is in the log beside the file.
    copies = {p.name: p.read_bytes() for p in tmp_path.glob("suivi.sqlite*")}
    assert "suivi.sqlite-wal" in copies
    store.close()
    for name, content in copies.items():
        (tmp_path / name).write_bytes(content)
    done = _restore(sqlite_url, tmp_path / "b")
    assert done.aside is not None
    kept = open_store(f"sqlite:///{done.aside}")
    with kept.read() as tx:
        assert installation.get(tx).live_since == NOW
    kept.close()
    store = open_store(sqlite_url)
    with store.read() as tx, pytest.raises(StoreError, match="never been started"):
        installation.get(tx)
    store.close()


def test_numbers_that_what_was_lost_has_given_are_not_given_again(
    url: str, backup: Path, world: World
) -> None:
    _restore(url, backup)
    store = open_store(url)
    with store.write() as tx:
        new = world.record(tx, world.draft("m3"), uid=3)
        assert new.exchange is not None
        exchange = exchanges.get(tx, new.exchange)
    store.close()
    assert exchange is not None
    assert (exchange.id, exchange.ref) == (100_001, "EXC-100001")


def test_nothing_is_replaced_unless_that_was_said(url: str, backup: Path) -> None:
    with pytest.raises(StoreError, match="there is a database already"):
        _restore(url, backup, Words())
    assert _seen(url) == (2, False)


def test_an_empty_place_takes_it_without_a_word(
    sqlite_url: str, empty_url: str, postgres_url: str, tmp_path: Path
) -> None:
    here = sqlite_url if empty_url.startswith("sqlite") else postgres_url
    take(here, tmp_path / "b", NOW)
    empty = empty_url.replace("suivi.sqlite", "new.sqlite")
    assert _restore(empty, tmp_path / "b", Words()).aside is None
    open_store(empty).close()


def test_a_backup_of_the_other_database_is_refused(
    sqlite_url: str, postgres_url: str, tmp_path: Path
) -> None:
    take(sqlite_url, tmp_path / "s", NOW)
    take(postgres_url, tmp_path / "p", NOW)
    with pytest.raises(StoreError, match=r"a backup of sqlite, and \[database\] says postgresql"):
        _restore(postgres_url, tmp_path / "s")
    with pytest.raises(StoreError, match="a backup of postgresql"):
        _restore(sqlite_url, tmp_path / "p")


@pytest.mark.parametrize("words", [REPLACE, Words(replace=True, other_key=True)])
def test_the_key_has_to_be_the_same_or_said_to_be_lost(
    url: str, store: Store, world: World, tmp_path: Path, words: Words
) -> None:
    with store.write() as tx:
        installation.recognise(tx, "old key")
    store.close()
    take(url, tmp_path / "b", NOW)
    for mark in ("", "new key"):
        if not words.other_key:
            with pytest.raises(StoreError, match="put its master-key in place first"):
                _restore(url, tmp_path / "b", words, mark)
    _restore(url, tmp_path / "b", words, "new key" if words.other_key else "old key")
    opened = open_store(url)
    with opened.write() as tx:
        installation.recognise(tx, "new key" if words.other_key else "old key")
        with pytest.raises(StoreError, match="another key"):
            installation.recognise(tx, "a third key")
    opened.close()


def test_a_newer_backup_is_refused(url: str, backup: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.backup.restore.known", lambda: ("0001",))
    with pytest.raises(StoreError, match=f"has version {known()[-1]}, newer than this suivi"):
        _restore(url, backup)


def test_a_damaged_backup_changes_nothing(url: str, backup: Path) -> None:
    whole = backup.read_bytes()
    # A stretch in the middle is lost, as a bad disk loses it.
    backup.write_bytes(whole[:4000] + bytes(4000) + whole[8000:])
    with pytest.raises(StoreError, match="damaged"):
        _restore(url, backup)
    assert _seen(url) == (2, False)


def test_a_database_of_something_else_is_not_dropped(empty_url: str, tmp_path: Path) -> None:
    engine = sa.create_engine(empty_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE invoices (id INTEGER)")
    if engine.dialect.name == "postgresql":
        from daemon.store import dump

        with pytest.raises(StoreError, match="holds something else"):
            dump.tables(empty_url)
    engine.dispose()


_DEATHS: dict[str, str] = {
    "unpacked": "archive.unpack = then_die(archive.unpack)",
    "restored": "dump.restore = then_die(dump.restore)",
    "upgraded": "module.upgrade = then_die(module.upgrade)",
    "held": "module._hold = then_die(module._hold)",
    "pouring": "dump.shutil.copyfileobj = die",
    "set aside": "pathlib.Path.hardlink_to = then_die(pathlib.Path.hardlink_to)",
}
_SQLITE = ("unpacked", "upgraded", "held", "set aside")
_POSTGRESQL = ("unpacked", "pouring", "restored", "upgraded", "held")


def _kill(url: str, backup: Path, death: str) -> None:
    script = f"""
        import os, pathlib, signal
        from datetime import datetime, UTC
        from daemon.backup import archive, restore as module
        from daemon.store import dump
        def die(*arguments, **named):
            os.kill(os.getpid(), signal.SIGKILL)
        def then_die(done):
            def do(*arguments, **named):
                done(*arguments, **named)
                die()
            return do
        {_DEATHS[death]}
        backup = pathlib.Path({str(backup)!r})
        words = module.Words(replace=True)
        module.restore({url!r}, backup, backup.parent, "", words, datetime.now(UTC))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def _started(url: str) -> None:
    """As the next start does."""
    store = open_store(url)
    with store.write() as tx:
        installation.ensure(tx, LATER, None)
    store.close()


def test_killed_anywhere_it_was_restored_and_is_held_or_nothing_has_changed(
    url: str, backup: Path, request: pytest.FixtureRequest
) -> None:
    for death in _SQLITE if url.startswith("sqlite") else _POSTGRESQL:
        _kill(url, backup, death)
        _started(url)
        assert _seen(url) in ((2, False), (1, True)), death
    _restore(url, backup)
    assert _seen(url) == (1, True)


def test_what_root_restores_belongs_to_whom_the_directory_belongs(
    sqlite_url: str, tmp_path: Path
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root gives files away")
    state = tmp_path / "state"
    state.mkdir()
    os.chown(state, 65534, 65534)
    take(sqlite_url, state / "b", NOW)
    restore(f"sqlite:///{state}/suivi.sqlite3", state / "b", state, "", Words(), LATER)
    assert {(p.name, p.owner()) for p in state.iterdir()} == {
        ("b", "nobody"),
        ("suivi.sqlite3", "nobody"),
    }


def test_a_key_that_is_not_to_be_seen_is_looked_at_by_the_next_start(
    sqlite_url: str, tmp_path: Path
) -> None:
    store = open_store(sqlite_url)
    with store.write() as tx:
        installation.ensure(tx, NOW, None)
        installation.recognise(tx, "old key")
    store.close()
    take(sqlite_url, tmp_path / "b", NOW)
    restore(sqlite_url, tmp_path / "b", tmp_path, None, REPLACE, LATER)
    store = open_store(sqlite_url)
    with store.write() as tx, pytest.raises(StoreError, match="another key"):
        installation.recognise(tx, "new key")
    store.close()
