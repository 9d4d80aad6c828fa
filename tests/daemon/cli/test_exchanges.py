"""A phone call in one line, with its follow-up; what is found afterwards."""

import json
import shutil
from pathlib import Path

import pytest

from tests.daemon.cli.conftest import Suivi

CALL = ("exchange", "add", "--with", "dup", "--in", "--by", "alice@atelier.example")


@pytest.fixture(autouse=True)
def party(place: Path, with_dupont: Path) -> None:
    shutil.copytree(with_dupont, place / "state")


def test_a_call_with_its_follow_up(suivi: Suivi) -> None:
    done = suivi(*CALL, "Wants a new quote", "--follow-up", "mardi 10h")
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first == "Recorded EXC-1: phone with Dupont & Fils, by Alice Martin."
    assert second.startswith("Follow-up on ")
    assert second.endswith(" 10:00: Relance : Dupont & Fils")
    shown = suivi("history", "DUP").stdout
    assert "EXC-1" in shown and "Wants a new quote" in shown and "Relance : Dupont" in shown
    assert (
        "Relance : Dupont & Fils" in suivi("follow-ups", "--user", "alice@atelier.example").stdout
    )


def test_the_same_call_again_is_one(suivi: Suivi) -> None:
    again = (*CALL, "Said hello", "--at", "2026-11-24 09:30", "--follow-up", "+3d", "--json")
    first, second = (json.loads(suivi(*again).stdout) for _ in range(2))
    assert first["exchange"]["ref"] == second["exchange"]["ref"] == "EXC-1"
    assert first["follow_up"]["uid"] == second["follow_up"]["uid"]
    found = json.loads(suivi("history", "DUP", "--json").stdout)
    assert len(found["exchanges"]) == 1
    assert found["exchanges"][0]["happened_at"] == "2026-11-24T08:30:00+00:00"
    assert len(json.loads(suivi("follow-ups", "--json").stdout)) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("--by", "bob@atelier.example"), "nobody of us has the address bob@atelier.example"),
        (("--with", "Durand"), "no third party is called 'Durand'"),
        (("--follow-up", "one day"), "'one day' is not a time I know"),
        (("--at", "noon"), "'noon' is not a time"),
        (("--mode", "telepathy"), "telepathy"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_stored(
    suivi: Suivi, change: tuple[str, str], said: str
) -> None:
    done = suivi(*CALL, "text", *change)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert said in done.stderr
    assert json.loads(suivi("history", "DUP", "--json").stdout)["exchanges"] == []


def test_a_follow_up_that_cannot_be_takes_the_exchange_along(suivi: Suivi) -> None:
    suivi(*CALL, "text", "--follow-up", "never ever")
    assert json.loads(suivi("history", "DUP", "--json").stdout)["exchanges"] == []


def test_messages_are_in_the_language_of_who_types(suivi: Suivi) -> None:
    done = suivi(*CALL, "Bonjour", SUIVI_LANGUAGE="fr")
    assert done.stdout == "Enregistré EXC-1 : phone avec Dupont & Fils, par Alice Martin.\n"


def test_a_terminal_is_not_driven_by_what_was_said(suivi: Suivi) -> None:
    suivi(*CALL, "\x1b[2Jgone \u202ereversed")
    shown = suivi("history", "DUP").stdout
    assert "\x1b" not in shown and "\u202e" not in shown
    assert "gone" in shown


def test_all_that_belongs_to_a_call_is_recorded_with_it(suivi: Suivi) -> None:
    more = ("--purpose", "prospecting", "--element", "quote:PR1", "--project", "Toit")
    secret = ("--confidential", "needle", "--by", "alice@atelier.example")
    done = suivi(*CALL, "Oui", *more, *secret, "--json")
    told = json.loads(done.stdout)["exchange"]
    assert (told["purpose"], told["project"], told["elements"][0]["ref"]) == (
        "prospecting",
        "Toit",
        "PR1",
    )
    assert "needle" not in done.stdout
    read = ("exchange", "show", "EXC-1", "--by", "alice@atelier.example")
    assert "needle" not in suivi(*read).stdout
    assert "needle" in suivi(*read, "--confidential").stdout
    assert "read confidential" in suivi("audit", "EXC-1").stdout
    wrong = suivi(*CALL, "x", "--contact", "nobody@far.example")
    assert "has no contact with the address nobody@far.example" in wrong.stderr


def test_one_exchange_is_seen_changed_cloned_and_deleted(suivi: Suivi) -> None:
    by = ("--by", "alice@atelier.example")
    suivi(*CALL, "Wants a new quote")
    quote = ("EXC-1", "quote:PR2303-0107", *by)
    assert suivi("exchange", "link", *quote).returncode == 0
    changed = suivi("exchange", "edit", "EXC-1", "--subject", "Roof", *by)
    assert changed.stdout == "EXC-1 phone Roof\n", changed.stderr
    shown = suivi("exchange", "show", "EXC-1", *by).stdout
    assert "quote PR2303-0107" in shown and "Wants a new quote" in shown and "Alice" in shown
    assert suivi("exchange", "unlink", *quote).returncode == 0
    again = suivi("exchange", "unlink", *quote)
    assert (again.returncode, again.stderr) == (1, "suivi: no such element is linked\n")
    assert suivi("exchange", "clone", "EXC-1", *by).stdout == "EXC-2 phone Roof\n"
    nothing = suivi("exchange", "show", "EXC-1", "--confidential", *by)
    assert nothing.stderr == "suivi: there is no confidential comment\n"
    none = suivi("exchange", "delete", "EXC-2", "EXC-9", *by)
    assert (none.returncode, none.stderr) == (1, "suivi: you have no right to do this\n")
    mail = ("exchange", "mail", "EXC-1", "Bonjour", "--to", "x@dupont.example", "--subject", "S")
    assert "[smtp]" in suivi(*mail, *by).stderr
    trail = json.loads(suivi("audit", "--who", "alice@atelier.example", "--json").stdout)
    assert [(one["action"], one["subject"]) for one in trail] == [
        ("clone exchange EXC-1", "EXC-2"),
        ("edit exchange: elements", "EXC-1"),
        ("edit exchange: subject", "EXC-1"),
        ("edit exchange: elements", "EXC-1"),
        ("create exchange", "EXC-1"),
    ]
    assert "clone exchange" in suivi("audit", "EXC-2", "--action", "clone").stdout
    wrong = suivi("audit", "--since", "noon")
    assert "'noon' is not a time" in wrong.stderr
