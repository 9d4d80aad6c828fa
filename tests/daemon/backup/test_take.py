"""A backup appears whole, checked and for its owner only, or not at all; old ones go."""

import os
import signal
import subprocess
import sys
import textwrap
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from daemon.backup import archive
from daemon.backup.take import keep, named, take
from daemon.store import Store, StoreError, snapshot
from daemon.store.versions import known
from tests.daemon.store.conftest import NOW, World

ROOT = Path(__file__).parents[3]


def test_it_holds_the_database_as_it_was(
    url: str, store: Store, world: World, tmp_path: Path
) -> None:
    with store.write() as tx:
        world.record(tx)
    made = take(url, tmp_path / "b", NOW)
    with store.write() as tx:
        world.record(tx, world.draft("m2"), uid=2)
    assert (made.version, made.taken_at, made.key) == (known()[-1], NOW, "")
    assert (made.rows["exchange"], made.rows["staff"], made.rows["third_party"]) == (1, 2, 2)
    assert archive.verify(tmp_path / "b") == made == archive.read(tmp_path / "b")


def test_only_its_owner_reads_it_and_nothing_else_stays(
    url: str, world: World, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    take(url, folder / "b", NOW)
    assert [path.name for path in folder.iterdir()] == ["b"]
    assert (folder / "b").stat().st_mode & 0o777 == 0o600


def test_what_is_being_written_is_not_waited_for_and_not_in_it(
    url: str, store: Store, world: World, tmp_path: Path
) -> None:
    with store.write() as tx:
        world.record(tx)
        assert take(url, tmp_path / "b", NOW).rows["exchange"] == 0
    assert take(url, tmp_path / "c", NOW).rows["exchange"] == 1


def test_it_replaces_nothing(url: str, world: World, tmp_path: Path) -> None:
    (tmp_path / "b").write_text("a backup of before")
    with pytest.raises(StoreError, match="replaces nothing"):
        take(url, tmp_path / "b", NOW)
    assert (tmp_path / "b").read_text() == "a backup of before"


def test_of_nothing_there_is_no_backup(empty_url: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"nothing to back up|is empty"):
        take(empty_url, tmp_path / "b", NOW)
    assert not [
        p for p in tmp_path.iterdir() if p.name.endswith((".zip", ".data")) or p.name == "b"
    ]


def test_a_damaged_database_is_not_a_good_backup(sqlite_url: str, tmp_path: Path) -> None:
    path = tmp_path / "suivi.sqlite"
    content = bytearray(path.read_bytes())
    content[20 * 4096 : 22 * 4096] = b"\xa5" * 8192
    path.write_bytes(content)
    with pytest.raises(StoreError, match="damaged"):
        take(sqlite_url, tmp_path / "b", NOW)
    assert not (tmp_path / "b").exists()


def test_an_octet_that_turned_is_found_or_changes_nothing(sqlite_url: str, tmp_path: Path) -> None:
    made = take(sqlite_url, tmp_path / "b", NOW)
    whole = (tmp_path / "b").read_bytes()
    found = 0
    for place in range(5, len(whole), len(whole) // 60):
        content = bytearray(whole)
        content[place] ^= 0x10
        (tmp_path / "b").write_bytes(content)
        copied = tmp_path / f"copy-{place}"
        try:
            archive.unpack(tmp_path / "b", copied)
        except StoreError as error:
            found += 1
            assert "damaged" in str(error) or "no backup" in str(error)
        else:
            # A zero was copied from another zero, or nobody reads it.
            assert archive.sum_of(copied) == (made.size, made.sha256)
    assert found > 20


@pytest.mark.parametrize("content", [b"", b"PK", b"a letter", bytes(100_000)])
def test_what_is_no_backup_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "b").write_bytes(content)
    with pytest.raises(StoreError, match="damaged, or no backup"):
        archive.verify(tmp_path / "b")


@pytest.mark.parametrize(
    "manifest", ["", "[]", "{}", '{"format": 2}', '{"format": 1, "database": "x"}', "[" * 9999]
)
def test_a_manifest_that_says_nothing_is_told(tmp_path: Path, manifest: str) -> None:
    with zipfile.ZipFile(tmp_path / "b", "w") as made:
        made.writestr(archive.MANIFEST, manifest)
    with pytest.raises(StoreError, match=r"no backup of suivi|newer suivi"):
        archive.read(tmp_path / "b")


@pytest.mark.parametrize("step", ["sync", "verify", "hardlink_to"])
def test_killed_on_the_way_it_leaves_no_backup_and_the_next_one_cleans_up(
    sqlite_url: str, tmp_path: Path, step: str
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    script = f"""
        import os, pathlib, signal
        from daemon.backup import archive, take
        from daemon.store import snapshot
        from tests.daemon.store.conftest import NOW
        def die(*arguments):
            os.kill(os.getpid(), signal.SIGKILL)
        snapshot.sync = archive.verify = pathlib.Path.hardlink_to = None
        step = {step!r}
        if step == "sync":
            snapshot.sync = die
        elif step == "verify":
            archive.verify = die
        else:
            archive.verify = lambda path: None
            pathlib.Path.hardlink_to = die
        if step != "sync":
            snapshot.sync = lambda path: None
        folder = pathlib.Path({str(folder)!r})
        take.take({sqlite_url!r}, take.named(folder, "suivi", NOW), NOW)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert list(folder.glob("suivi-*")) == []
    left = list(folder.iterdir())
    assert left
    assert keep(folder, "suivi", 3, NOW) == ()
    assert list(folder.iterdir()) == left, "it may be at work still"
    for path in left:
        os.utime(path, (0, 0))
    keep(folder, "suivi", 3, NOW)
    assert list(folder.iterdir()) == []


def test_the_newest_are_kept_and_nothing_of_others_is_touched(tmp_path: Path) -> None:
    days = [named(tmp_path, "suivi", NOW + timedelta(days=n)) for n in range(5)]
    others = [
        named(tmp_path, "before-migration", NOW),
        tmp_path / "suivi-friday.suivi-backup",
        tmp_path / f"{days[0].name}.txt",
        tmp_path / "letter.txt",
    ]
    for path in (*days, *others):
        path.touch()
    assert keep(tmp_path, "suivi", 2, NOW) == tuple(days[:3])
    assert sorted(tmp_path.iterdir()) == sorted([*days[3:], *others])


def test_a_password_is_no_argument_and_in_no_error(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from daemon.store import dump

    secret = "gehëim'nis \\ %40"
    with_password = (
        sa.make_url(postgres_url).set(password=secret).render_as_string(hide_password=False)
    )
    seen: list[str] = []
    real = subprocess.run

    def run(words: list[str], **more: object) -> object:
        seen.extend(words)
        return real(words, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(dump.subprocess, "run", run)
    take(with_password, tmp_path / "b", NOW)
    assert any("--dbname=" in word for word in seen)
    assert not any("heim" in word or "nis" in word for word in seen)
    with pytest.raises(StoreError) as error:
        take(with_password.replace("@127.0.0.1:", "@127.0.0.1:1"), tmp_path / "c", NOW)
    assert "nis" not in str(error.value)


def test_postgresql_without_its_programs_says_what_to_install(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.store.dump.HOME", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StoreError, match="apt-get install postgresql-client"):
        take(postgres_url, tmp_path / "b", NOW)
    assert not (tmp_path / "b").exists()


def test_an_archive_that_was_cut_is_no_good_copy(postgres_url: str, tmp_path: Path) -> None:
    from daemon.store import dump

    snapshot.copy(postgres_url, tmp_path / "d")
    whole = (tmp_path / "d").read_bytes()
    (tmp_path / "d").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreError, match="pg_restore failed"):
        dump.check(postgres_url, tmp_path / "d")
