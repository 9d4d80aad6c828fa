"""Whatever goes wrong is one line that says what to do, with an exit code, never a traceback."""

import socket
import sqlite3
import sys
from pathlib import Path

import pytest

from tests.daemon.cli.conftest import Suivi


def test_a_bad_configuration_is_78_with_every_mistake(suivi: Suivi, place: Path) -> None:
    (place / "suivi.toml").write_text('[company]\nnmae = "x"\n[smtp]\nport = 0\nfrom = "a@b"\n')
    done = suivi("history", "x")
    assert done.returncode == 78
    lines = done.stderr.splitlines()
    assert len(lines) == 4
    assert all(line.startswith(f"suivi: {place}/suivi.toml:") for line in lines)
    assert lines[1].endswith("[company] unknown option 'nmae'; did you mean 'name'?")


def test_malformed_toml(suivi: Suivi, place: Path) -> None:
    (place / "suivi.toml").write_text("[company\n")
    done = suivi("check")
    assert (done.returncode, done.stderr.count("\n")) == (78, 1)
    assert "suivi.toml:1:9: not TOML" in done.stderr


def test_no_configuration(suivi: Suivi) -> None:
    done = suivi("--config", "/nonexistent/suivi.toml", "check")
    assert (done.returncode, done.stderr.count("\n")) == (78, 1)
    assert "there is no such file" in done.stderr


def test_no_database(suivi: Suivi) -> None:
    done = suivi("history", "x")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "run suivi db upgrade" in done.stderr


def test_a_database_of_a_newer_version(suivi: Suivi, place: Path) -> None:
    (place / "state").mkdir(mode=0o700)
    assert suivi("db", "upgrade").returncode == 0
    with sqlite3.connect(place / "state" / "suivi.sqlite3") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    for command in (("history", "x"), ("db", "upgrade"), ("run",)):
        done = suivi(*command)
        # Starting again helps nobody: systemd leaves it down.
        assert done.returncode == 78
        assert "newer" in done.stderr.splitlines()[-1]
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("verb", ["status", "reload"])
def test_no_daemon(suivi: Suivi, verb: str) -> None:
    done = suivi(verb)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "no daemon answers" in done.stderr


def test_a_taken_port(suivi: Suivi) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = suivi("run", SUIVI_HTTP__LISTEN=f"127.0.0.1:{port}")
    assert done.returncode == 1
    assert f"suivi: 127.0.0.1:{port}: Address already in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_crash_drill_is_a_configuration_error(suivi: Suivi) -> None:
    done = suivi("run", SUIVI_CRASH_AT="mail.comitted:1")
    assert done.returncode == 78
    assert "unknown step 'mail.comitted'" in done.stderr


def test_a_file_that_is_not_there(suivi: Suivi) -> None:
    done = suivi("import", "third-parties", "/nonexistent.csv")
    assert (done.returncode, done.stderr) == (
        1,
        "suivi: /nonexistent.csv: No such file or directory\n",
    )


def test_usage(suivi: Suivi) -> None:
    done = suivi("hist")
    assert done.returncode == 2
    assert "Did you mean 'history'?" in done.stderr


def test_a_traceback_is_for_who_asks(suivi: Suivi) -> None:
    done = suivi("history", "x", SUIVI_DEBUG="1")
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_an_unexpected_error_is_a_line_too(suivi: Suivi, place: Path) -> None:
    (place / "state").mkdir(mode=0o700)
    (place / "state" / "suivi.sqlite3").write_bytes(b"no database at all" * 100)
    done = suivi("follow-ups")
    assert done.returncode == 1
    assert done.stderr.startswith("suivi: ")
    assert "Traceback" not in done.stderr


def test_help_is_in_the_users_language(suivi: Suivi) -> None:
    told = {language: suivi("--help", SUIVI_LANGUAGE=language) for language in ("en", "fr")}
    assert {done.returncode for done in told.values()} == {0}
    assert "What was dealt with a third party" in told["en"].stdout
    assert "Les échanges avec un tiers" in told["fr"].stdout


def test_nothing_heavy_is_imported_for_help() -> None:
    import subprocess

    code = (
        "import sys\nfrom daemon.cli.main import build, localised\n"
        "from typer.main import get_command\nlocalised(get_command(build()), 'en')\n"
        "heavy = {'sqlalchemy', 'fastapi', 'pydantic', 'caldav', 'imapclient', 'babel'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        cwd=Path(__file__).parents[3],
    )
    assert done.stdout.strip() == "[]"


def test_the_version_needs_no_command(suivi: Suivi) -> None:
    done = suivi("--version")
    assert (done.returncode, done.stdout.split()[0]) == (0, "suivi")
