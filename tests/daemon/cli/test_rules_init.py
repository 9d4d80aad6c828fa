"""The starter set: copied once, good as it is, and never over an admin's own rules."""

import json
from pathlib import Path

import pytest

from tests.daemon.cli.conftest import Suivi


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_starter_set_is_good_where_it_is_put(place: Path, suivi: Suivi, language: str) -> None:
    done = suivi("rules", "init", "--language", language)
    assert done.returncode == 0, done.stderr
    written = [Path(line) for line in done.stdout.splitlines()]
    assert sorted(path.name for path in written) == sorted(
        path.name for path in (place / "rules").iterdir()
    )
    assert json.loads((place / "rules" / "rules.schema.json").read_text())["$schema"]
    assert suivi("sync").returncode == 0
    listed = json.loads(suivi("rules", "list", "--json").stdout)
    assert len(listed["rules"]) > 10
    assert listed["mistakes"] == []
    checked = suivi("check")
    assert "✓ rules: " in checked.stdout
    assert "! rules" not in checked.stdout


def test_nothing_of_an_admin_is_replaced(place: Path, suivi: Suivi) -> None:
    (place / "rules").mkdir()
    mine = place / "rules" / "10-mine.yml"
    mine.write_text("version: 1\n")
    done = suivi("rules", "init")
    assert done.returncode == 1
    assert "holds rules already: 10-mine.yml: nothing was written" in done.stderr
    assert [path.name for path in (place / "rules").iterdir()] == ["10-mine.yml"]


def test_another_directory_needs_no_configuration(tmp_path: Path, suivi: Suivi) -> None:
    elsewhere = tmp_path / "a" / "b"
    done = suivi("rules", "init", str(elsewhere), "--language", "fr", SUIVI_CONFIG="/nowhere.toml")
    assert done.returncode == 0, done.stderr
    assert (elsewhere / "10-prive.yaml").exists()
    assert suivi("rules", "init", str(elsewhere), "--language", "de").returncode == 1
