"""The units as they are shipped: correct for the systemd at hand, shut in, and explained."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SHIPPED = Path(__file__).parents[2] / "systemd"
UNITS = sorted(path.name for path in SHIPPED.iterdir() if not path.name.endswith(".toml"))
KINDS = (".service", ".socket", ".target", ".timer")

EXPOSURE = {
    "suivi.service": 12,
    "suivi-backup-postgresql.service": 12,
    "suivi-backup.service": 5,
}
"""Ten times the exposure that systemd-analyze may find; 5 where there is no network."""

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def analyze(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", "--no-pager", *arguments],
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units, their program being one that is here."""
    for name in UNITS:
        text = (SHIPPED / name).read_text()
        (tmp_path / name).write_text(text.replace("/opt/suivi/bin/suivi", sys.executable))
    return tmp_path


def verified(folder: Path) -> subprocess.CompletedProcess[str]:
    files = [str(folder / name) for name in UNITS if name.endswith(KINDS)]
    words = ("verify", "--recursive-errors=yes", "--man=no")
    return analyze(*words, *files, SYSTEMD_UNIT_PATH=f"{folder}:")


def test_systemd_knows_every_word_of_them(units: Path) -> None:
    done = verified(units)
    assert done.returncode == 0, done.stderr
    assert "suivi" not in done.stderr


def test_a_word_that_systemd_does_not_know_would_be_found(units: Path) -> None:
    service = units / "suivi.service"
    service.write_text(service.read_text().replace("WatchdogSec=", "WatchdogSecs="))
    done = verified(units)
    assert done.returncode == 1
    assert "WatchdogSecs" in done.stderr


@pytest.mark.parametrize("name", sorted(EXPOSURE))
def test_a_service_is_shut_in(name: str) -> None:
    threshold = f"--threshold={EXPOSURE[name]}"
    done = analyze("security", "--offline=true", threshold, str(SHIPPED / name))
    assert done.returncode == 0, done.stdout[-600:]


def test_every_service_has_its_limit() -> None:
    assert {name for name in UNITS if name.endswith(".service")} == set(EXPOSURE)


@pytest.mark.parametrize("name", UNITS)
def test_every_line_has_its_reason(name: str) -> None:
    """Above it, or above the lines of one kind that it stands among."""
    bare = []
    explained = False
    for line in (SHIPPED / name).read_text().splitlines():
        if line.startswith("#"):
            explained = True
        elif not line:
            explained = False
        elif re.match(r"\[|Description=", line):
            continue
        elif not explained:
            bare.append(line)
    assert bare == []


def test_backups_of_both_databases_differ_in_what_reaches_the_database_alone() -> None:
    """Whoever changes one of them changes the other."""
    lines = {
        name: set(re.findall(r"^\w+=.*$", (SHIPPED / name).read_text(), re.MULTILINE))
        for name in ("suivi-backup.service", "suivi-backup-postgresql.service")
    }
    file, server = lines["suivi-backup.service"], lines["suivi-backup-postgresql.service"]
    differ = {"Description", "PrivateNetwork", "RestrictAddressFamilies", "IPAddressDeny"}
    differ |= {"LoadCredential", "ExecPaths", "After", "Wants"}
    assert {line.partition("=")[0] for line in file ^ server} == differ
