"""A database is opened at exactly our version, and upgraded whole or not at all."""

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from daemon.store import Store, StoreError, follow_ups, open_store, upgrade
from daemon.store.migrations.compare import ours
from daemon.store.tables import metadata
from daemon.store.versions import MIGRATIONS, known
from rules.model.followups import FollowUpId

ROOT = Path(__file__).parents[3]


def _say(url: str, version: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :v"), {"v": version})
    engine.dispose()


def test_the_migrations_make_exactly_the_tables_that_the_code_uses(store: Store) -> None:
    with store.read() as tx:
        context = MigrationContext.configure(tx, opts={"include_object": ours})
        assert compare_metadata(context, metadata) == []


def test_the_versions_by_file_name_are_those_of_alembic() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    script = ScriptDirectory.from_config(config)
    assert tuple(reversed([s.revision for s in script.walk_revisions()])) == known()


def test_upgrading_twice_does_it_once(empty_url: str) -> None:
    assert upgrade(empty_url) == (None, known()[-1])
    assert upgrade(empty_url) == (known()[-1], known()[-1])
    open_store(empty_url).close()


def test_two_upgrades_at_a_time_make_one_database(empty_url: str) -> None:
    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(upgrade, [empty_url] * 3))
    assert sorted(before or "" for before, _ in results) == ["", known()[-1], known()[-1]]
    open_store(empty_url).close()


def test_the_file_is_its_owners_only(tmp_path: Path) -> None:
    path = tmp_path / "suivi.sqlite"
    upgrade(f"sqlite:///{path}")
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("there", [False, True])
def test_readers_of_the_file_do_not_wait_for_its_writer(tmp_path: Path, there: bool) -> None:
    path = tmp_path / "suivi.sqlite"
    if there:
        path.touch()
    upgrade(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_a_missing_file_is_not_created_by_opening_it(tmp_path: Path) -> None:
    path = tmp_path / "suivi.sqlite"
    with pytest.raises(StoreError, match="run suivi db upgrade"):
        open_store(f"sqlite:///{path}")
    assert not path.exists()


def test_an_empty_database_is_refused_with_what_to_do(empty_url: str) -> None:
    with pytest.raises(StoreError, match="run suivi db upgrade"):
        open_store(empty_url)


@pytest.mark.parametrize(
    ("version", "advice"),
    [
        ("0000", "unknown version 0000"),
        ("9999", "newer than this suivi knows"),
        ("deadbeef", "unknown version deadbeef"),
    ],
)
def test_other_versions_are_refused_and_never_upgraded(url: str, version: str, advice: str) -> None:
    _say(url, version)
    for act in (open_store, upgrade):
        with pytest.raises(StoreError, match=advice):
            act(url)


def test_an_older_version_is_refused_until_upgraded(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = known()
    monkeypatch.setattr("daemon.store.versions.known", lambda: (*versions, "9998"))
    told = f"has version {versions[-1]}, suivi needs 9998: run suivi db"
    with pytest.raises(StoreError, match=told):
        open_store(url)


def test_a_database_of_something_else_is_left_alone(empty_url: str) -> None:
    engine = sa.create_engine(empty_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE invoices (id INTEGER)")
    for act in (open_store, upgrade):
        with pytest.raises(StoreError, match="holds something else"):
            act(empty_url)
    assert sa.inspect(engine).get_table_names() == ["invoices"]
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("suivi.sqlite", "not a URL"),
        ("mysql://localhost/suivi", "SQLite or PostgreSQL, not in mysql"),
        ("sqlite://", "needs a file"),
        ("postgresql://u:s3cret@127.0.0.1:1/x", "cannot open postgresql://u:\\*\\*\\*@127"),
    ],
)
def test_an_address_that_does_not_work_is_told_in_one_line(url: str, says: str) -> None:
    with pytest.raises(StoreError, match=says) as error:
        open_store(url)
    assert "\n" not in str(error.value)
    assert "s3cret" not in str(error.value)


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "suivi.sqlite"
    path.write_text("this is a letter, not a database\n" * 100)
    for act in (open_store, upgrade):
        with pytest.raises(StoreError, match="file is not a database"):
            act(f"sqlite:///{path}")


def test_reasons_that_were_sentences_become_facts(empty_url: str) -> None:
    engine = sa.create_engine(empty_url)
    with engine.begin() as connection:
        _at_version(connection, "0012")
        tables = sa.MetaData()
        tables.reflect(connection)
        follow_up = tables.tables["follow_up"]
        values = {c.name: _anything(c) for c in follow_up.c if not c.nullable}
        connection.execute(follow_up.insert().values(**values | {"id": 1}))
        for name in ("follow_up_closing", "follow_up_change"):
            table = tables.tables[name]
            for number, reason in enumerate(OLD_REASONS, 1):
                facts = {c.name: _anything(c) for c in table.c if not c.nullable}
                facts |= {"id": number, "follow_up_id": 1, "reason": reason}
                connection.execute(table.insert().values(**facts))
    engine.dispose()
    upgrade(empty_url)
    store = open_store(empty_url)
    with store.read() as tx:
        for read in (follow_ups.closings, follow_ups.history):
            found = read(tx, FollowUpId(1))
            assert [(one.reason, one.facts) for one in found] == list(OLD_REASONS.values())
    store.close()


OLD_REASONS = {
    "EXC-12: they answered": ("answered", {"ref": "EXC-12"}),
    "EXC-7: it was spoken about (meeting)": ("spoken", {"ref": "EXC-7", "mode": "meeting"}),
    "deleted in the calendar": ("deleted in the calendar", {}),
    "EXC-9: somebody's own words": ("EXC-9: somebody's own words", {}),
}


def _at_version(connection: sa.Connection, version: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, version)


def _anything(column: sa.Column[Any]) -> Any:
    """A value that the column takes."""
    if column.name == "state":
        return "done"
    return {int: 1, bool: True, str: "x"}.get(column.type.python_type, datetime(2026, 3, 2))


@pytest.mark.parametrize("statement", [1, 25, 90, 130])
def test_an_upgrade_killed_at_any_statement_leaves_the_old_version(
    empty_url: str, statement: int
) -> None:
    script = f"""
        import os, signal
        import sqlalchemy as sa
        from daemon.store import upgrade
        seen = 0
        @sa.event.listens_for(sa.Engine, "before_cursor_execute")
        def count(connection, cursor, statement, *rest):
            global seen
            seen += statement.startswith(("CREATE", "INSERT", "\\nCREATE"))
            if seen == {statement}:
                os.kill(os.getpid(), signal.SIGKILL)
        upgrade({empty_url!r})
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    with pytest.raises(StoreError, match="is empty"):
        open_store(empty_url)
    assert upgrade(empty_url) == (None, known()[-1])
    open_store(empty_url).close()
