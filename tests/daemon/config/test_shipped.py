"""What is shipped for operators works as it is: the sample configuration and the units."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from daemon.config import load
from daemon.config.mistakes import names

SHIPPED = Path(__file__).parents[3] / "systemd"

SERVICE = str(SHIPPED / "suivi.service")

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def test_the_sample_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("smtp", "alice-mail", "alice-calendar"):
        (tmp_path / name).write_text("secret")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    settings = load(SHIPPED / "suivi.toml")
    assert [mailbox.purpose for mailbox in settings.mailboxes] == ["capture", "commands"]
    assert settings.warnings == ()


def test_the_sample_shows_every_option() -> None:
    text = (SHIPPED / "suivi.toml").read_text()
    shown = set(re.findall(r"^#?\s*([a-z_]+) = ", text, re.MULTILINE))
    sections = {name for name in names(()) if re.search(rf"^#?\s*\[+{name}\]", text, re.MULTILINE)}
    options = {option for section in sections for option in names((section,))}
    # Said in the comment above [smtp]; the same everywhere.
    ways = {"password", "password_file", "password_credential"}
    directories = {"state_dir", "runtime_dir", "credentials_dir", "rules_dir", "templates_dir"}
    assert names(()) - sections == directories
    assert options - shown - ways - {"ca_file", "timeout"} == set()
    assert shown - options - names(()) - ways == set()


def test_the_sample_is_toml_with_its_options_switched_on() -> None:
    text = re.sub(r"^# (?=[a-z_]+ = |\[)", "", (SHIPPED / "suivi.toml").read_text(), flags=re.M)
    assert tomllib.loads(text)["capture"]["workers"] == 4


@needs_systemd
def test_the_units_are_correct(tmp_path: Path) -> None:
    unit = (SHIPPED / "suivi.service").read_text()
    unit = unit.replace("/opt/suivi/bin/suivi", sys.executable)
    (tmp_path / "suivi.service").write_text(unit)
    shutil.copy(SHIPPED / "suivi.target", tmp_path)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=yes", "--man=no"]
        + [str(tmp_path / name) for name in ("suivi.service", "suivi.target")],
        env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "suivi" not in done.stderr


@needs_systemd
def test_the_service_is_hardened() -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=12", "--no-pager", SERVICE],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout[-600:]
