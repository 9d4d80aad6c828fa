"""`suivi rules test`: one mail or event, step by step, and nothing is stored."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.cli.conftest import CONFIG, Suivi, run_suivi

RULES = """\
version: 1
rules:
  - name: quotes
    when:
      subject: devis
      text: urgent
    then:
      purpose: prospecting
      tags: [quote]
  - name: big quotes
    when:
      subject: devis
      attachment: '*.pdf'
    then:
      tags: [big]
  - name: weather
    when:
      subject: météo
    then:
      ignore: true
  - name: last
    when:
      direction: inbound
    then:
      mode: phone
      stop: true
  - name: never
    when: always
    then:
      tags: [never]
"""

MAIL = """\
From: Paul <paul@dupont.example>
To: alice@atelier.example
Subject: =?utf-8?q?Devis_r=C3=A9vis=C3=A9?=
Date: Mon, 23 Nov 2026 09:00:00 +0100
Message-ID: <a@dupont.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

C'est urgent \x1b[31mrouge.
"""

EVENT = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//x//EN
BEGIN:VEVENT
UID:e1
DTSTAMP:20261101T090000Z
DTSTART:20261110T090000Z
DTEND:20261110T100000Z
SUMMARY:Devis avec Paul
ATTENDEE:mailto:paul@dupont.example
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory that knows a third party by its domain."""
    made = tmp_path_factory.mktemp("domain")
    (made / "suivi.toml").write_text(CONFIG.format(place=made))
    listed = made / "x.csv"
    listed.write_text("code,name,kind,domain\nDUP,Dupont & Fils,customer,dupont.example\n")
    assert run_suivi(made, "import", "third-parties", str(listed)).returncode == 0
    return made / "state"


@pytest.fixture(autouse=True)
def company(place: Path, state: Path) -> None:
    shutil.copytree(state, place / "state")
    (place / "rules").mkdir()
    (place / "rules" / "10-all.yaml").write_text(RULES)
    (place / "a.eml").write_text(MAIL)
    (place / "e.ics").write_text(EVENT)


def tried(suivi: Suivi, *arguments: str) -> Any:
    done = suivi("rules", "test", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_mail_is_told_rule_by_rule_and_nothing_is_stored(place: Path, suivi: Suivi) -> None:
    before = (place / "state" / "suivi.sqlite3").read_bytes()
    done = suivi("rules", "test", str(place / "a.eml"))
    assert done.returncode == 0, done.stderr
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert lines[0] == "Devis révisé"
    assert lines[1].startswith("as in INBOX of no account")
    assert "paul@dupont.example: Dupont & Fils (DUP) (domain)" in lines
    assert "✓ 'quotes' (10-all.yaml:3:5): fires" in lines
    missed = "✗ 'big quotes' (10-all.yaml:10:5): does not fire, for attachment (10-all.yaml:13:7)"
    assert missed in lines

    assert "✓ 'last' (10-all.yaml:21:5): fires, and ends the rules after it" in lines
    assert "· 'never' (10-all.yaml:27:5): not asked, for 'last' ended the rules" in lines
    assert "1 rules are about something else: --all shows them" in lines
    assert "→ record (matched)" in lines
    assert "purpose: prospecting" in lines and "mode: phone" in lines and "tags: quote" in lines
    assert "\x1b" not in done.stdout
    assert (place / "state" / "suivi.sqlite3").read_bytes() == before
    assert suivi("history", "DUP", "--json").stdout.count("EXC-") == 0


def test_scripts_read_the_same(place: Path, suivi: Suivi) -> None:
    (one,) = tried(suivi, str(place / "a.eml"))
    assert (one["verdict"], one["reason"], one["guessed"]) == ("record", "matched", True)
    assert one["candidates"] == [
        {"address": "paul@dupont.example", "third_parties": ["Dupont & Fils (DUP)"], "by": "domain"}
    ]
    outcomes = {rule["name"]: rule["outcome"] for rule in one["rules"]}
    assert outcomes == {
        "quotes": "fired",
        "big quotes": "missed",
        "weather": "missed",
        "last": "fired",
        "never": "stopped",
    }
    missed = next(rule for rule in one["rules"] if rule["name"] == "big quotes")
    assert missed["just_missed"] is True
    assert missed["failed"] == [{"word": "attachment", "place": "10-all.yaml:13:7"}]
    assert one["outcome"]["third_parties"] == ["Dupont & Fils (DUP)"]


def test_other_rules_and_another_folder(place: Path, suivi: Suivi) -> None:
    other = place / "other"
    other.mkdir()
    (other / "a.yaml").write_text(
        "version: 1\nrules:\n  - name: hide\n    when: {folder: RH}\n    then: {ignore: true}\n"
    )
    arguments = (str(place / "a.eml"), "--rules", str(other))
    (inbox,) = tried(suivi, *arguments)
    assert (inbox["reason"], inbox["rules"][0]["outcome"]) == ("matched", "missed")
    (hidden,) = tried(suivi, *arguments, "--folder", "RH")
    assert (hidden["verdict"], hidden["reason"]) == ("ignore", "rule")


def test_an_event_is_tried_too_in_french(place: Path, suivi: Suivi) -> None:
    done = suivi("rules", "test", str(place / "e.ics"), SUIVI_LANGUAGE="fr")
    assert done.returncode == 0, done.stderr
    assert "Devis avec Paul" in done.stdout
    assert "ne s’applique pas, à cause de text (10-all.yaml:6:7)" in done.stdout
    assert "paul@dupont.example: Dupont & Fils (DUP) (domain)" in done.stdout


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("empty.eml", b"", "an empty message"),
        ("broken.ics", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", "can't be read"),
        ("none.ics", b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n", "no event in it"),
        ("huge.ics", b"X" * (4 * 1024 * 1024 + 1), "larger than 4 MB"),
    ],
)
def test_what_can_not_be_tried_is_one_line(
    place: Path, suivi: Suivi, name: str, data: bytes, says: str
) -> None:
    (place / name).write_bytes(data)
    done = suivi("rules", "test", str(place / name))
    assert done.returncode == 1
    assert says in done.stderr and done.stderr.count("\n") == 1


def test_what_is_neither_file_nor_message_id(suivi: Suivi) -> None:
    done = suivi("rules", "test", "nothing.eml")
    assert (done.returncode, "no such file" in done.stderr) == (1, True)
