"""`suivi rules check | schema | manual`: what an admin types beside their editor."""

import json
from pathlib import Path

from tests.daemon.cli.conftest import Suivi, run_suivi

ROOT = Path(__file__).parents[3]

GOOD = """version: 1
rules:
- name: it
  when: {from: {user: Alice@atelier.example}}
  then: {purpose: other, mode: phone}
"""


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


def test_a_good_set(suivi: Suivi, place: Path) -> None:
    write(place / "rules", a=GOOD)
    assert suivi("db", "upgrade").returncode == 0
    done = suivi("rules", "check")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "1 rules in 1 files, no mistakes.\n"


def test_every_mistake_is_told_and_the_exit_code_tells_scripts(suivi: Suivi, place: Path) -> None:
    suivi("db", "upgrade")
    bad = GOOD.replace("purpose: other", "purpse: x").replace("Alice", "Alic")
    write(place / "rules", a=bad, b="version: 2\n")
    done = suivi("rules", "check")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "a.yaml:4:23: rule 'it': there is no user 'Alic@atelier.example'; "
        "did you mean 'alice@atelier.example'?",
        "a.yaml:5:10: rule 'it': unknown action 'purpse'; did you mean 'purpose'?",
        "b.yaml:1:10: this suivi reads 'version: 1'",
    ]
    french = suivi("rules", "check", LANG="fr_FR.UTF-8").stdout
    assert "action inconnue 'purpse' ; vouliez-vous dire 'purpose' ?" in french


def test_templates_beside_the_configuration_may_be_named(suivi: Suivi, place: Path) -> None:
    suivi("db", "upgrade")
    write(place / "rules", a=GOOD.replace("mode: phone", "reminder: {template: shrot}"))
    own = place / "templates" / "short"
    own.mkdir(parents=True)
    (own / "text.j2").write_text("Hello")
    told = suivi("rules", "check").stdout
    assert told == ("a.yaml:5:47: rule 'it': there is no template 'shrot'; did you mean 'short'?\n")
    own.rename(own.with_name("shrot"))
    assert suivi("rules", "check").returncode == 0


def test_json_for_scripts(suivi: Suivi, place: Path) -> None:
    suivi("db", "upgrade")
    write(place / "rules", a=GOOD.replace("phone", "telephone"))
    done = suivi("rules", "check", "--json")
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert (told["good"], told["names_checked"], told["files"]) == (False, True, ["a.yaml"])
    assert told["problems"] == [
        {
            "file": "a.yaml",
            "line": 5,
            "column": 32,
            "rule": "it",
            "severity": "error",
            "code": "unknown-modes",
            "message": "there is no mode 'telephone'; did you mean 'phone'?",
            "near": "phone",
        }
    ]


def test_without_a_store_names_are_not_checked_and_that_is_said(tmp_path: Path) -> None:
    """A directory can be checked anywhere: on the machine of whoever writes the rules, in CI."""
    folder = write(tmp_path / "mine", a=GOOD)
    done = run_suivi(tmp_path, "rules", "check", str(folder))
    assert done.returncode == 0
    assert done.stderr.startswith("Names were not checked")
    bad = write(tmp_path / "mine", b="rules: []\n")
    done = run_suivi(tmp_path, "rules", "check", str(bad), "--json")
    assert json.loads(done.stdout)["names_checked"] is False
    assert done.returncode == 1


def test_a_directory_that_is_not_there(suivi: Suivi) -> None:
    done = suivi("rules", "check", "/nowhere/rules")
    assert done.returncode == 1
    assert "/nowhere/rules: there is no such directory" in done.stdout


def test_what_the_daemon_would_refuse_is_no_good_set(suivi: Suivi, place: Path) -> None:
    """An emptied file, and a directory without files where rules are in force."""
    suivi("db", "upgrade")
    folder = write(place / "rules", a=GOOD, b="")
    done = suivi("rules", "check")
    assert done.returncode == 1
    assert "b.yaml: is empty: a file without rules says `version: 1`" in done.stdout
    (folder / "b.yaml").unlink()
    (folder / "notes.txt").write_text("mine")
    assert suivi("sync").returncode == 0
    done = suivi("rules", "check", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["good"], told["rules"]) == (0, True, ["it"])
    odd = "notes.txt: is not read: the names of rules files end in .yaml or .yml"
    assert told["warnings"] == [odd]
    (folder / "a.yaml").unlink()
    done = suivi("rules", "check")
    assert done.returncode == 1
    assert f"{folder}: holds no rules file" in done.stdout


def test_the_starter_set_suits_a_new_installation(suivi: Suivi) -> None:
    suivi("db", "upgrade")
    for language in ("en", "fr"):
        done = suivi("rules", "check", str(ROOT / "rules/examples" / language))
        assert (done.returncode, done.stderr) == (0, "")


def test_schema_and_manual_are_printed(suivi: Suivi) -> None:
    reference = ROOT / "docs/reference"
    assert suivi("rules", "manual").stdout == (reference / "rules.md").read_text("utf-8")
    assert suivi("rules", "schema").stdout == (reference / "rules.schema.json").read_text("utf-8")
