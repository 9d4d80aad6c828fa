"""What is shipped for operators works as it is: the sample configuration."""

import re
import tomllib
from pathlib import Path

import pytest

from daemon.config import load
from daemon.config.mistakes import names

SHIPPED = Path(__file__).parents[3] / "systemd"


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
