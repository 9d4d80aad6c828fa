"""What goes wrong is one line that says what to do, with an exit code; never a traceback, and
never a secret.

Every secret here occurs nowhere else: after each test they are looked for in all that was said
and written.
"""

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.flows import needles
from tests.flows.house import eventually
from tests.flows.needles import Needles
from tests.servers.dovecot import Dovecot
from tests.servers.ports import free_port
from tests.servers.radicale import radicale

COMMANDS = (("check",), ("sync",), ("run",), ("history", "Mistral"))


@dataclass(slots=True)
class Office:
    """A configuration, the commands that read it, and all that they said."""

    folder: Path
    secrets: Needles = field(default_factory=lambda: Needles(7))
    said: list[str] = field(default_factory=list)

    def configure(self, *sections: str, top: str = "", database: str = "") -> None:
        """Write suivi.toml."""
        url = database or f"sqlite:///{self.folder / 'suivi.sqlite3'}"
        text = f"""
state_dir = "{self.folder / "state"}"
runtime_dir = "{self.folder / "run"}"
{top}
[company]
name = "Lumen"
domains = ["lumen.example"]
[database]
url = "{url}"
[http]
listen = "127.0.0.1:0"
[log]
level = "debug"
[observe]
days = 0
[[users]]
name = "Ann"
email = "ann@lumen.example"
"""
        (self.folder / "suivi.toml").write_text("".join([text, *sections]))

    def secret(self, what: str) -> str:
        """A file with a new password."""
        path = self.folder / "secrets" / what
        path.parent.mkdir(exist_ok=True)
        path.write_text(self.secrets.name(what))
        return str(path)

    def mailbox(self, name: str, port: int, security: str, **more: str) -> str:
        """A mailbox of Ann's."""
        options = "".join(f'{option} = "{value}"\n' for option, value in more.items())
        return f"""
[[mailboxes]]
name = "{name}"
owner = "ann@lumen.example"
host = "127.0.0.1"
port = {port}
security = "{security}"
user = "ann"
timeout = 5
{options}"""

    def calendar(self, url: str, **more: str) -> str:
        """A calendar account of Ann's."""
        options = "".join(f'{option} = "{value}"\n' for option, value in more.items())
        return f"""
[[calendars]]
name = "agenda"
owner = "ann@lumen.example"
url = "{url}"
user = "ann"
timeout = 5
{options}"""

    def suivi(
        self, *arguments: str, under: tuple[str, ...] = (), **environment: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command that is to fail."""
        done = subprocess.run(
            [*under, *self.command(*arguments)],
            capture_output=True,
            text=True,
            timeout=60,
            env=self.environ(environment),
            check=False,
        )
        self.said += [done.stdout, done.stderr]
        return done

    def refused(self, *arguments: str, code: int = 1, **environment: str) -> str:
        """The one line that a command says, and nothing else."""
        done = self.suivi(*arguments, **environment)
        assert done.returncode == code, (arguments, done)
        return self.one_line(done.stderr)

    def checked(self, what: str, under: tuple[str, ...] = ()) -> str:
        """What `suivi check` finds bad about this, on stdout; the rest is tried all the same."""
        done = self.suivi("check", under=under)
        assert done.returncode == 1, done
        assert "smtp: not configured" in done.stdout
        (line,) = [x for x in done.stdout.splitlines() if x.startswith(f"✗ {what}: ")]
        return line

    @staticmethod
    def one_line(stderr: str) -> str:
        """The only line on stderr that is not the daemon's log."""
        (line,) = [line for line in stderr.splitlines() if not line.startswith(("20", "{"))]
        assert line.startswith("suivi: ")
        return line

    @staticmethod
    def command(*arguments: str) -> list[str]:
        return [sys.executable, "-m", "daemon.cli", *arguments]

    def environ(self, more: dict[str, str]) -> dict[str, str]:
        """Nothing of the developer's own settings."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("SUIVI_", "LC_", "LANG"))}
        root = str(Path(__file__).parents[2])
        config = str(self.folder / "suivi.toml")
        return {**kept, "PYTHONPATH": root, "SUIVI_CONFIG": config, "COLUMNS": "240", **more}

    def written(self) -> dict[str, bytes]:
        """All that was said, and every file but those that are there to hold secrets."""
        state = self.folder / "state"
        given = [self.folder / "suivi.toml", state / "http-token", state / "master-key"]
        given += (self.folder / "secrets").glob("*")
        written = needles.files([self.folder], leave_out=given)
        return written | {"said": "\n".join(self.said).encode()}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """An office; when its test is over, its secrets are looked for everywhere."""
    folder = tmp_path / "office"
    folder.mkdir()
    made = Office(folder)
    yield made
    written = made.written()
    # The search would find one: it finds those that the configuration names.
    kept = needles.files([folder / "secrets"]) | {"toml": (folder / "suivi.toml").read_bytes()}
    assert bool(made.secrets.found_in(kept)) == bool(made.secrets.words)
    assert made.secrets.found_in(written) == {}
    assert "Traceback" not in "\n".join(made.said)
    for name in ("http-token", "master-key"):
        path = folder / "state" / name
        if path.exists():
            secret = path.read_bytes().strip()
            forms = {secret, secret.hex().encode(), repr(secret)[2:-1].encode()}
            assert not [w for w, octets in written.items() for f in forms if f in octets]


def test_servers_that_refuse(office: Office, tmp_path: Path) -> None:
    """Wrong passwords, hosts where nobody answers, certificates that nobody vouches for."""
    nobody = free_port()
    right = {"ann": office.secrets.name("the right password")}
    with (
        Dovecot(tmp_path / "dovecot", users=right) as server,
        radicale(tmp_path / "radicale", right) as dav,
    ):
        wrong = office.secret("a wrong password")
        own = server.ca_file
        office.configure(
            office.mailbox("wrong", server.port, "none", password_file=wrong),
            office.mailbox("gone", nobody, "tls", password_file=office.secret("gone")),
            office.mailbox("strange", server.tls_port, "tls", password_file=office.secret("s")),
            office.mailbox("noca", server.tls_port, "tls", password_file=wrong, ca_file="/no.pem"),
            office.mailbox("plain", server.port, "tls", password_file=wrong, ca_file=own),
            office.calendar(dav.url, password_file=office.secret("wrong for the calendar")),
            f"""
[smtp]
host = "127.0.0.1"
port = {nobody}
security = "none"
from = "suivi@lumen.example"
user = "suivi"
password_file = "{office.secret("smtp")}"
""",
        )
        synced, checked = office.suivi("sync"), office.suivi("check")
    assert synced.returncode == checked.returncode == 1
    hints = {
        "wrong": "check user name and password",
        "gone": "Connection refused",
        "strange": "name your authority's PEM file in ca_file",
        "noca": "name a readable PEM file",
        "plain": f'is {server.port} the port for security = "tls"?',
        "agenda": "password",
    }
    told = {line.split(": ")[1]: line for line in synced.stderr.splitlines() if "suivi: " in line}
    for name, hint in hints.items():
        assert hint in told[name]
        assert any(
            line.startswith("✗ ") and f" {name}: " in line and hint in line
            for line in checked.stdout.splitlines()
        )
    assert any(line.startswith("✗ smtp: ") for line in checked.stdout.splitlines())


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_configuration_that_is_wrong(office: Office, language: str) -> None:
    office.configure(office.mailbox("ann", 1, "none", password_file="nowhere/at-all"))
    config = office.folder / "suivi.toml"
    line = office.refused("sync", code=78, SUIVI_LANGUAGE=language)
    assert "nowhere/at-all can't be read: No such file or directory" in line
    assert line.startswith(f"suivi: {config}:")
    office.configure("[capture]\npoll_secnods = 3\n")
    line = office.refused("run", code=78, SUIVI_LANGUAGE=language)
    assert "unknown option 'poll_secnods'; did you mean 'poll_seconds'?" in line
    secret = office.secrets.name("in a broken file")
    config.write_text(f'[smtp]\npassword = "{secret}\n')
    for command in COMMANDS[:2]:
        line = office.refused(*command, code=78, SUIVI_LANGUAGE=language)
        assert line.startswith(f"suivi: {config}:2:")
        assert "not TOML" in line


def test_a_command_that_there_is_not(office: Office) -> None:
    office.configure()
    done = office.suivi("sync", "--fast")
    assert done.returncode == 2
    assert "No such option: --fast" in done.stderr


def test_people_that_there_are_not(office: Office) -> None:
    office.configure()
    assert office.suivi("db", "upgrade").returncode == 0
    for language, hint in (("en", "no third party is called"), ("fr", "aucun tiers")):
        assert hint in office.refused("history", "Mistral", SUIVI_LANGUAGE=language)


def test_databases_that_are_none_of_ours(office: Office) -> None:
    office.configure()
    database = office.folder / "suivi.sqlite3"
    assert "run suivi db upgrade" in office.refused("history", "Mistral")
    database.write_bytes(b"not a database at all " * 100)
    for command in COMMANDS[2:]:
        assert "file is not a database" in office.refused(*command)
    database.unlink()
    assert office.suivi("db", "upgrade").returncode == 0
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    for command in COMMANDS[1:]:
        line = office.refused(*command, code=78)
        assert "newer than this suivi knows" in line
        assert "install the newer suivi, or restore a backup" in line
    assert "install the newer suivi, or restore a backup" in office.checked("database")


def test_a_postgresql_that_is_down(office: Office) -> None:
    password = office.secrets.name("of the database")
    office.configure(database=f"postgresql://suivi:{password}@127.0.0.1:{free_port()}/suivi")
    for line in (*(office.refused(*c) for c in COMMANDS[2:]), office.checked("database")):
        assert "127.0.0.1" in line
        assert "refused" in line
    # Who asks where it happened is told that, and no password either.
    asked = office.suivi("history", "Mistral", SUIVI_DEBUG="1").stderr
    assert "Traceback" in asked
    office.said = [said.replace("Traceback", "asked for") for said in office.said]
    wrong = {
        f"postgresql://suivi:{password}@127.0.0.1:many/suivi": "port",
        f"mysql://suivi:{password}@127.0.0.1/suivi": "SQLite or PostgreSQL",
        f"{password}@nowhere": "postgresql://",
        f"postgresql://127.0.0.1:{free_port()}/suivi?password={password}": "refused",
    }
    for url, hint in wrong.items():
        office.configure(database=url)
        done = office.suivi("history", "Mistral")
        assert done.returncode in (1, 78)
        assert hint in office.one_line(done.stderr)


def test_a_state_directory_that_is_not_ours(office: Office) -> None:
    closed = office.folder / "closed"
    closed.mkdir()
    closed.chmod(0o500)
    under: tuple[str, ...] = ()
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root may write everywhere, and there is no setpriv")
        lost = "-dac_override,-dac_read_search"
        under = ("setpriv", f"--bounding-set={lost}", f"--inh-caps={lost}")
    office.configure(database=f"sqlite:///{closed / 'suivi.sqlite3'}")
    config = office.folder / "suivi.toml"
    config.write_text(config.read_text().replace(str(office.folder / "state"), f"{closed}/state"))
    for command in COMMANDS[1:3]:
        done = office.suivi(*command, under=under)
        assert done.returncode in (1, 78)
        line = office.one_line(done.stderr)
        assert str(closed) in line
        assert "Permission denied" in line
    line = office.checked("state directory", under)
    assert f"{closed}: Permission denied: give it to the user that runs suivi" in line
    # One that may not even be looked into.
    closed.chmod(0)
    try:
        for line in office.checked("state directory", under), office.checked("database", under):
            assert "Permission denied" in line
    finally:
        closed.chmod(0o700)


def test_a_daemon_beside_which_nothing_starts(office: Office, tmp_path: Path) -> None:
    """A second one, one on a port that is taken; and all that it writes itself is searched."""
    right = {"ann": office.secrets.name("ann")}
    with (
        Dovecot(tmp_path / "dovecot", users=right) as server,
        radicale(tmp_path / "radicale", right) as dav,
    ):
        password = office.secret("ann")
        office.configure(
            office.mailbox("ann", server.port, "none", password_file=password),
            office.mailbox("wrong", server.port, "none", password_file=office.secret("wrong")),
            office.calendar(dav.url, password_file=password),
        )
        log = office.folder / "daemon.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                office.command("run"), stdout=output, stderr=output, env=office.environ({})
            )
        try:
            eventually(lambda: "wrong" in log.read_text() and "refused" in log.read_text())
            line = office.refused("run")
            assert "suivi is already running" in line
            assert "stop it first" in line
            with socket.create_server(("127.0.0.1", 0)) as other:
                port = other.getsockname()[1]
                line = office.refused(
                    "run",
                    SUIVI_HTTP__LISTEN=f"127.0.0.1:{port}",
                    SUIVI_RUNTIME_DIR=str(office.folder / "other"),
                )
            assert f"127.0.0.1:{port}: Address already in use: choose another" in line
            # It goes on, with one dead mailbox as a status.
            assert process.poll() is None
            assert office.suivi("status", "--json").returncode == 0
            checked = office.suivi("check").stdout
            assert f"✓ database: sqlite:///{office.folder / 'suivi.sqlite3'}" in checked
            assert "✓ state directory: " in checked
        finally:
            process.terminate()
            process.wait(30)
    assert process.returncode == 0
    assert "Traceback" not in log.read_text()
