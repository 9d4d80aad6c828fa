"""The Debian package in a clean Debian, without a systemd that runs: from install to purge.

`--suite=trixie` takes Debian 13 instead of 12, and builds the package in it.
"""

import json
import shlex
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from daemon.store.versions import known
from tests.servers.dovecot import Dovecot
from tests.systemd.company import PEOPLE, SECRET, TOML, letter
from tests.systemd.packages import build_deb, checkout_copy
from tests.systemd.roots import Debian, root_of

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

HIGHER = "9.9.9"

MIGRATION = '''"""Made by a test: a migration of a later version."""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{before}"


def upgrade() -> None:
    op.create_table("of_a_later_version", sa.Column("id", sa.Integer, primary_key=True))
'''

KEPT = (
    "/etc/suivi",
    "/var/lib/suivi",
    "/etc/systemd/system",
    "/var/lib/systemd/deb-systemd-helper",
)
"""What stays until purge: what is the company's, and which units the admin had switched on."""


@pytest.fixture
def debian(suite: str) -> Iterator[Debian]:
    with root_of(suite) as root:
        yield root


@pytest.fixture(scope="session")
def higher(tmp_path_factory: pytest.TempPathFactory, suite: str, registry: Path) -> Path:
    """A package of a later version, which has a migration more."""
    checkout = checkout_copy(tmp_path_factory.mktemp("higher"))
    project = checkout / "pyproject.toml"
    text = project.read_text()
    assert text.count('\nversion = "') == 1
    line = next(line for line in text.splitlines() if line.startswith("version = "))
    project.write_text(text.replace(line, f'version = "{HIGHER}"'))
    versions = checkout / "daemon" / "store" / "migrations" / "versions"
    (versions / "9999_later.py").write_text(MIGRATION.format(before=known()[-1]))
    return build_deb(checkout, tmp_path_factory.mktemp("higher-deb"), suite, registry)


@contextmanager
def in_the_foreground(debian: Debian) -> Iterator[None]:
    """The daemon by the unit's own command line, as its user."""
    unit = debian.path("/usr/lib/systemd/system/suivi.service").read_text()
    (line,) = [line for line in unit.splitlines() if line.startswith("ExecStart=")]
    words = shlex.split(line.removeprefix("ExecStart="))
    debian.run(
        *("sh", "-ec"),
        "install -d -m 700 -o suivi -g suivi /var/lib/suivi /run/suivi /run/credentials; "
        "install -d -m 500 -o suivi /run/credentials/suivi.service; cd /etc/suivi/credentials; "
        "for one in *; do install -m 400 -o suivi $one /run/credentials/suivi.service/suivi_$one; "
        "done; install -m 400 -o suivi master-key /run/credentials/suivi.service",
    )
    log = debian.path("/tmp/suivi.log")
    with log.open("ab") as said:
        process = subprocess.Popen(debian.as_suivi(*words), stdout=said, stderr=said)
        try:
            eventually(lambda: (up(debian), process.poll())[0], log.read_text)
            yield
            assert process.poll() is None, log.read_text()
        finally:
            process.terminate()
            assert process.wait(60) == 0, log.read_text()
    debian.run("rm", "-rf", "/run/suivi", "/run/credentials")


def up(debian: Debian) -> bool:
    return debian.path("/run/suivi/control.sock").exists()


def eventually(look: Callable[[], bool], told: Callable[[], str], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < until, told()
        time.sleep(0.2)


def captured(debian: Debian) -> list[str]:
    done = subprocess.run(
        debian.as_suivi("suivi", "history", "DUP", "--json"),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return sorted(one["subject"] for one in json.loads(done.stdout)["exchanges"])


def version_of(debian: Debian) -> str:
    """The version of the database."""
    with closing(sqlite3.connect(debian.path("/var/lib/suivi/suivi.sqlite3"))) as connection:
        (version,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(version)


def install(debian: Debian, package: Path) -> str:
    shutil.copy(package, debian.path("/root/suivi.deb"))
    # Nobody is there to answer: a question would end the test.
    return debian.run("env", "DEBIAN_FRONTEND=noninteractive", "dpkg", "-i", "/root/suivi.deb")


def mode(debian: Debian, path: str) -> str:
    return debian.run("stat", "-c", "%U:%G %a", path).strip()


def initialised(debian: Debian, port: int) -> str:
    """What `suivi init` wrote from answers, all with the right owners: suivi.toml."""
    answers = TOML.format(port=port).replace(
        'password_credential = "alice-mail"', f'password = "{SECRET}"'
    )
    assert SECRET in answers
    debian.path("/root/people.csv").write_text(PEOPLE)
    debian.path("/root/answers.toml").write_text(
        answers + '\n[directory]\nthird_parties = "people.csv"\n'
    )
    # Root's own folder, which the user of the unit can't enter.
    debian.run("chmod", "700", "/root")
    said = debian.run("suivi", "init", "--answers", "/root/answers.toml")
    assert "✓ mailbox alice: " in said and "✗" not in said
    assert "systemctl enable --now suivi.target" in said
    assert mode(debian, "/etc/suivi/suivi.toml") == "root:suivi 640"
    assert mode(debian, "/etc/suivi/credentials/alice-mail") == "root:root 600"
    assert mode(debian, "/var/lib/suivi") == "suivi:suivi 700"
    # What was lent to it for so long is gone.
    assert not [*debian.path("/run").glob("suivi-init-*")]
    toml = debian.path("/etc/suivi/suivi.toml").read_text()
    assert SECRET not in toml
    return toml


def test_from_install_to_purge(debian: Debian, deb: Path, higher: Path, tmp_path: Path) -> None:
    before = debian.files()
    with Dovecot(tmp_path / "dovecot", {"alice": SECRET}) as mailserver:
        # Installed: the user, the key, the starter rules, the units, and a word on what to do.
        assert "write /etc/suivi/suivi.toml" in install(debian, deb)
        assert mode(debian, "/etc/suivi") == "root:suivi 750"
        assert mode(debian, "/etc/suivi/credentials/master-key") == "root:root 600"
        key = debian.path("/etc/suivi/credentials/master-key").read_bytes()
        assert len(key) == 32
        assert "/var/lib/suivi" in debian.run("getent", "passwd", "suivi")
        assert debian.run("suivi", "rules", "check", "/etc/suivi/rules")
        wanted = debian.path("/etc/systemd/system/suivi.target.wants")
        assert {unit.name for unit in wanted.iterdir()} == {
            *("suivi.service", "suivi.socket", "suivi-backup.timer")
        }

        # Configured as root, for the user of the unit; started, and at work.
        toml = initialised(debian, mailserver.port)
        mailserver.deliver("alice", "INBOX", letter(1))
        log = debian.path("/tmp/suivi.log")
        with in_the_foreground(debian):
            mailserver.deliver("alice", "INBOX", letter(2))
            expected = ["Letter 1", "Letter 2"]
            eventually(lambda: captured(debian) == expected, log.read_text)
        assert version_of(debian) == known()[-1]

        # Upgraded: what the admin wrote stays, and so does what suivi remembers.
        private = debian.path("/etc/suivi/rules/10-private.yaml")
        mine = private.read_text() + "# mine\n"
        private.write_text(mine)
        debian.path("/etc/suivi/rules/20-noise.yaml").unlink()
        assert "write /etc/suivi" not in install(debian, higher)
        assert debian.run("suivi", "--version").strip() == f"suivi {HIGHER}"
        assert private.read_text() == mine
        assert not debian.path("/etc/suivi/rules/20-noise.yaml").exists()
        assert debian.path("/etc/suivi/suivi.toml").read_text() == toml
        assert debian.path("/etc/suivi/credentials/master-key").read_bytes() == key
        with in_the_foreground(debian):
            mailserver.deliver("alice", "INBOX", letter(3))
            expected = ["Letter 1", "Letter 2", "Letter 3"]
            eventually(lambda: captured(debian) == expected, log.read_text)
        assert version_of(debian) == "9999"
    assert SECRET not in log.read_text()

    # Removed: the program goes, what is the company's stays.
    debian.run("dpkg", "--remove", "suivi")
    left = debian.files() - before
    assert {name for name in left if not name.startswith(KEPT)} == set()
    assert version_of(debian) == "9999"
    assert private.read_text() == mine

    # Purged: nothing is left, not even the user.
    debian.run("dpkg", "--purge", "suivi")
    assert debian.files() ^ before == set()
    assert "suivi" not in debian.path("/etc/passwd").read_text()
    assert "suivi" not in debian.path("/etc/group").read_text()
