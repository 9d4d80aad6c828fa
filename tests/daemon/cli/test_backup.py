"""`suivi backup`: one file, or a row of them of which the newest are kept."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from daemon.backup import archive
from tests.daemon.cli.conftest import Suivi


def test_a_backup_of_a_file_is_told_and_remembered(suivi: Suivi, place: Path) -> None:
    assert suivi("db", "upgrade").returncode == 0
    target = place / "friday.suivi-backup"
    done = suivi("backup", str(target))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{target}: 0.")
    assert "0 exchanges; read back and whole" in done.stdout
    assert archive.verify(target).database == "sqlite"
    with closing(sqlite3.connect(place / "state" / "suivi.sqlite3")) as database:
        assert database.execute("SELECT file FROM backup").fetchall() == [(str(target),)]
    again = suivi("backup", str(target))
    assert again.returncode == 1
    assert "replaces nothing" in again.stderr


def test_a_row_of_backups_keeps_the_newest(suivi: Suivi, place: Path) -> None:
    suivi("db", "upgrade")
    folder = place / "backups"
    folder.mkdir()
    old = [folder / f"suivi-2026010{n}T000000Z.suivi-backup" for n in (1, 2, 3)]
    for path in old:
        path.touch()
    told = json.loads(suivi("backup", "--to", str(folder), "--keep", "2", "--json").stdout)
    assert told["gone"] == [str(path) for path in old[:2]]
    assert sorted(folder.iterdir()) == [old[2], Path(told["file"])]


def test_where_to_has_to_be_said_once(suivi: Suivi, place: Path) -> None:
    done = suivi("backup", str(place / "b"), "--to", str(place))
    assert done.returncode == 1
    assert "say where to" in done.stderr
