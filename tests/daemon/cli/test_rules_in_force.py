"""Rules as an operator meets them: first start, reload, status, check, list, /readyz, systemd."""

import json
import shutil
import subprocess
import time
from pathlib import Path

import httpx2

from tests.daemon.cli.conftest import Suivi, Systemd

GOOD = "version: 1\nrules:\n- name: hr\n  when: {subject: paie}\n  then: {ignore: true}\n"
BAD = GOOD.replace("subject", "sujet")
OTHER = "version: 2\n"

PLACED = "10.yaml:4:10: "


def save(place: Path, text: str, name: str = "10.yaml") -> None:
    (place / "rules").mkdir(exist_ok=True)
    (place / "rules" / ".new").write_text(text)
    (place / "rules" / ".new").replace(place / "rules" / name)


def test_a_first_start_with_bad_rules_is_a_bad_configuration(place: Path, suivi: Suivi) -> None:
    save(place, BAD)
    save(place, OTHER, "20.yaml")
    started = suivi("run", LANG="fr_FR.UTF-8")
    assert started.returncode == 78
    first, second = started.stderr.splitlines()
    assert first.startswith(f"suivi: {PLACED}règle 'hr'")
    assert second.startswith("suivi: 20.yaml:1:")


def test_commands_that_decide_nothing_need_no_good_rules(place: Path, suivi: Suivi) -> None:
    save(place, BAD)
    (place / "x.csv").write_text("code,name,kind\nDUP,Dupont & Fils,customer\n")
    assert suivi("import", "third-parties", str(place / "x.csv")).returncode == 0


def test_list_says_what_is_in_force_and_what_is_wrong_beside(place: Path, suivi: Suivi) -> None:
    save(place, GOOD)
    assert suivi("sync").returncode == 0
    listed = json.loads(suivi("rules", "list", "--json").stdout)
    assert listed["rules"] == [{"name": "hr", "file": "10.yaml", "line": 3, "phase": "headers"}]
    assert (listed["mistakes"], listed["waits"]) == ([], False)
    save(place, BAD)
    shown = suivi("rules", "list")
    assert shown.returncode == 1
    assert "10.yaml:3" in shown.stdout
    assert listed["fingerprint"] in shown.stdout
    assert PLACED in shown.stderr
    save(place, GOOD.replace("paie", "salaire"))
    again = suivi("rules", "list")
    assert again.returncode == 0
    assert "comes into force" in again.stdout


def test_refused_rules_show_everywhere_and_so_does_their_end(
    place: Path, suivi: Suivi, systemd: Systemd, daemon: "subprocess.Popen[str]"
) -> None:
    save(place, GOOD)
    assert suivi("reload").returncode == 0
    before = json.loads(suivi("status", "--json").stdout)
    assert (before["rules"]["rules"], before["rules"]["files"]) == (1, ["10.yaml"])

    save(place, BAD)
    save(place, OTHER, "20.yaml")
    refused = suivi("reload", LANG="fr_FR.UTF-8")
    assert refused.returncode == 1
    assert [line.split(": ")[1] for line in refused.stderr.splitlines()] == [
        "10.yaml:4:10",
        "20.yaml:1:10",
    ]
    status = suivi("status")
    assert status.returncode == 0
    assert PLACED in status.stderr
    after = json.loads(suivi("status", "--json").stdout)
    assert after["rules"]["fingerprint"] == before["rules"]["fingerprint"]
    checked = suivi("check")
    assert checked.returncode == 1
    assert f"✗ rules: {PLACED}" in checked.stdout

    with httpx2.Client(base_url=before["http"]) as anybody:
        answer = anybody.get("/readyz")
        assert answer.status_code == 200
        (told,) = [c for c in answer.json()["checks"] if c["name"] == "rules"]
        assert not told["ok"]
        assert "sujet" not in answer.text
        token = (place / "state" / "http-token").read_text().strip()
        known = anybody.get("/readyz", headers={"Authorization": f"Bearer {token}"})
        assert "sujet" in known.text
    systemd.hear("saved rules refused (2 mistakes)")

    save(place, GOOD)
    (place / "rules" / "20.yaml").unlink()
    assert suivi("reload").returncode == 0
    assert json.loads(suivi("status", "--json").stdout)["rules"]["mistakes"] == []
    with httpx2.Client(base_url=before["http"]) as anybody:
        assert all(c["ok"] for c in anybody.get("/readyz").json()["checks"])


def test_a_template_that_goes_while_rules_name_it_shows_everywhere(
    place: Path, suivi: Suivi, systemd: Systemd, daemon: "subprocess.Popen[str]"
) -> None:
    """Nothing was saved and nobody asked; the rules stay in force."""
    own = place / "templates" / "short"
    own.mkdir(parents=True)
    (own / "text.j2").write_text("Hello")
    save(place, GOOD.replace("ignore: true", "reminder: {template: short}"))
    assert suivi("reload").returncode == 0
    shutil.rmtree(own)
    gone = "10.yaml:5:31: rule 'hr': there is no template 'short'"
    systemd.hear("saved rules refused (1 mistakes)")
    status = json.loads(suivi("status", "--json").stdout)
    assert status["rules"]["rules"] == 1
    assert status["rules"]["mistakes"][0].startswith(gone)
    assert f"✗ rules: {gone}" in suivi("check").stdout
    token = (place / "state" / "http-token").read_text().strip()
    with httpx2.Client(base_url=status["http"]) as known:
        answer = known.get("/readyz", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, gone in answer.text) == (200, True)
    own.mkdir()
    (own / "subject.fr.j2").write_text("Bonjour")
    until = time.monotonic() + 30
    while json.loads(suivi("status", "--json").stdout)["rules"]["mistakes"]:
        assert time.monotonic() < until


def test_a_command_that_only_looks_puts_nothing_in_force(place: Path, suivi: Suivi) -> None:
    save(place, GOOD)
    assert suivi("sync").returncode == 0
    before = json.loads(suivi("rules", "list", "--json").stdout)
    save(place, GOOD.replace("paie", "salaire"))
    assert "nothing is known of 1@x.example" in suivi("explain", "1@x.example").stderr
    after = json.loads(suivi("rules", "list", "--json").stdout)
    assert (after["fingerprint"], after["waits"]) == (before["fingerprint"], True)
    save(place, BAD)
    assert PLACED in suivi("explain", "1@x.example").stderr


def test_a_configuration_that_can_not_be_put_together_brings_no_rules_into_force(
    place: Path, suivi: Suivi, daemon: "subprocess.Popen[str]"
) -> None:
    before = json.loads(suivi("status", "--json").stdout)["rules"]
    config = place / "suivi.toml"
    config.write_text(config.read_text() + '\n[rules]\nkeep_out_tags = ["[hr]"]\n')
    key = place / "state" / "master-key"
    octets = key.read_bytes()
    key.write_bytes(b"short")
    assert "master-key" in suivi("reload").stderr
    assert json.loads(suivi("status", "--json").stdout)["rules"] == before
    key.write_bytes(octets)
    assert suivi("reload").returncode == 0
    assert json.loads(suivi("status", "--json").stdout)["rules"] != before
