"""suivi with a PostgreSQL of the same machine, under a real systemd: its nightly backup."""

import json
import re
from collections.abc import Iterator

import pytest

from tests.systemd.company import PEOPLE, SECRET
from tests.systemd.installed import GOOD, captured, configure, deliver, eventually
from tests.systemd.machines import Machine

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

PASSWORD = "secret-of-the-database"
# The daemon is told that a backup of yesterday is too old when it is two seconds old.
IMPATIENT = "\n[watch]\nbackup_days = 0.00002\n"

BY_SOCKET = GOOD + '\n[database]\nurl = "postgresql:///suivi?host=/run/postgresql"\n' + IMPATIENT
"""The server knows the user by who asks (peer): no password at all."""

BY_PASSWORD = (
    GOOD
    + '\n[database]\nurl = "postgresql://keeper@127.0.0.1:5432/suivi"\n'
    + 'password_credential = "database"\n'
    + IMPATIENT
)

BACKUPS = "/var/lib/suivi/backups"
UNIT = "suivi-backup-postgresql"


ROLES = f"""
CREATE ROLE suivi LOGIN;
CREATE ROLE keeper LOGIN PASSWORD '{PASSWORD}' IN ROLE suivi;
ALTER ROLE keeper SET role = suivi;
CREATE DATABASE suivi OWNER suivi ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0;
"""


@pytest.fixture(scope="module")
def server(machine: Machine) -> Machine:
    """The machine with its PostgreSQL up, a database for the user suivi, and the other timer."""
    # By a file: the journal keeps the command lines of those that write to it.
    machine.write("/srv/roles.sql", ROLES)
    # debootstrap installs the server without a cluster of databases.
    machine.sh(
        "systemctl stop suivi.target suivi.service; rm -rf /var/lib/suivi/*; set -e; "
        "pg_lsclusters -h | grep -q . || pg_createcluster $(ls /usr/lib/postgresql) main; "
        "systemctl daemon-reload; systemctl start postgresql; cd /; "
        "runuser -u postgres -- psql -q -v ON_ERROR_STOP=1 -f /srv/roles.sql"
    )
    machine.write("/etc/suivi/credentials/database", PASSWORD + "\n", "600")
    machine.sh("systemctl disable --now suivi-backup.timer; systemctl enable " + UNIT + ".timer")
    return machine


@pytest.fixture(params=[BY_SOCKET, BY_PASSWORD], ids=["peer", "password"])
def suivi(server: Machine, request: pytest.FixtureRequest) -> Iterator[Machine]:
    configure(server, request.param)
    server.sh("systemctl reset-failed 'suivi*'; systemctl restart suivi.target")
    eventually(lambda: server.property("suivi", "ActiveState") == "active", "suivi is up")
    yield server
    server.sh(f"systemctl stop suivi.target suivi.service; rm -rf {BACKUPS}/*")


def backups(machine: Machine) -> list[str]:
    return machine.sh(f"ls {BACKUPS}").split()


def test_the_timer_makes_a_backup_by_pg_dump(suivi: Machine) -> None:
    suivi.write("/srv/people.csv", PEOPLE)
    # Not as root, whom the server does not know.
    suivi.sh("runuser -u suivi -- /opt/suivi/bin/suivi import third-parties /srv/people.csv")
    deliver(suivi, 40)
    eventually(lambda: "Letter 40" in captured(suivi), "the letter")
    soon = f"/run/systemd/system/{UNIT}.timer.d/soon.conf"
    lines = "[Timer]\nOnCalendar=\nOnCalendar=*:*:0/2\nRandomizedDelaySec=0\nAccuracySec=1s\n"
    suivi.write(soon, lines)
    suivi.sh(f"systemctl daemon-reload; systemctl restart {UNIT}.timer")
    try:
        eventually(lambda: backups(suivi), "a file", 30)
    finally:
        suivi.sh(f"rm {soon}; systemctl daemon-reload; systemctl restart {UNIT}.timer")
    eventually(lambda: suivi.property(UNIT, "ActiveState") == "inactive", "it ended")
    assert suivi.property(UNIT, "Result") == "success", suivi.journal(UNIT)
    file = f"{BACKUPS}/{backups(suivi)[-1]}"
    assert suivi.sh(f"stat -c '%U:%G %a' {file}") == "suivi:suivi 600"
    # Written by pg_dump, and it holds the letter.
    told = suivi.sh(
        f"cd /root; python3 -m zipfile -e {file} out; cat out/manifest.json; pg_restore -f - "
        "-t exchange out/suivi.pgdump | grep -c 'Letter 40'"
    )
    manifest = json.loads(told[: told.rindex("}") + 1])
    assert manifest["database"] == "postgresql"
    assert int(told.rpartition("\n")[2]) >= 1


def test_the_newest_fourteen_stay(suivi: Machine) -> None:
    old = [f"suivi-20261001T0230{n:02}Z.suivi-backup" for n in range(20)]
    suivi.sh(
        f"install -d -m 700 -o suivi -g suivi {BACKUPS}; cd {BACKUPS}; "
        f"runuser -u suivi touch {' '.join(old)}; systemctl start {UNIT}"
    )
    left = backups(suivi)
    assert len(left) == 14
    assert left[:13] == old[7:]


def test_a_server_that_is_down_is_a_failed_unit_and_an_alarm(suivi: Machine) -> None:
    suivi.sh(f"systemctl start {UNIT}")
    suivi.sh("systemctl stop postgresql")
    try:
        before = backups(suivi)
        assert suivi.done(f"systemctl start {UNIT}").returncode != 0
        assert suivi.property(UNIT, "ActiveState") == "failed"
        assert "cannot" in suivi.journal(UNIT)
        assert backups(suivi) == before
        assert suivi.sh(f"ls -A {BACKUPS}").split() == before
    finally:
        suivi.sh("systemctl start postgresql")
    told = eventually(
        lambda: re.search("The newest backup is of .*", suivi.sh("/opt/suivi/bin/suivi status")),
        "the alarm",
    )
    assert "20" in told.group(0)
    suivi.sh(f"systemctl start {UNIT}")
    assert suivi.property(UNIT, "Result") == "success"


def test_of_the_programs_of_the_machine_it_runs_no_other(suivi: Machine) -> None:
    """Not even Debian's wrapper of pg_dump, which is Perl."""
    properties = suivi.sh(f"systemctl show -p ExecPaths -p NoExecPaths {UNIT}")
    assert "perl" not in properties
    sandbox = "".join(f" -p '{line}'" for line in properties.splitlines())
    run = f"systemd-run -q --wait --pipe -p User=suivi{sandbox} "
    assert suivi.done(run + "/usr/bin/perl -e 1").returncode == 203
    assert suivi.sh(run + "/usr/lib/postgresql/*/bin/pg_dump --version").startswith("pg_dump ")


def test_no_secret_is_in_the_journal(server: Machine) -> None:
    """After all that went wrong above."""
    said = server.sh("journalctl --no-pager -o export | cat -v")
    assert UNIT in said
    assert PASSWORD not in said and SECRET not in said
