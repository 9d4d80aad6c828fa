"""Follow-ups and reminders at the command line, in this process: it is the same command, sooner."""

import contextlib
import io
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from daemon.cli.context import Trouble
from daemon.cli.main import build, localised, told
from daemon.clock import now
from daemon.store import follow_ups, open_store
from daemon.store.tables.follow_ups import ledger
from rules.model.decisions import CloseFollowUp
from rules.model.exchanges import ExchangeId
from rules.model.followups import Answered, FollowUpId, How, LedgerState
from rules.model.reasons import Why
from tests.daemon.cli.conftest import Suivi

BY = ("--by", "alice@atelier.example")
BOB = """
[[users]]
name = "Bob Brun"
email = "bob@atelier.example"
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command said, and the error that it ended with."""

    stdout: str
    stderr: str
    error: Exception | None = None


Run = Callable[..., Ran]


def invoke(*words: str, language: str = "en") -> Ran:
    """`suivi` with these words."""
    command = localised(get_command(build()), language)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            command(list(words), prog_name="suivi", standalone_mode=False)
        except Exception as error:  # noqa: BLE001  as the command line itself does
            return Ran(out.getvalue(), err.getvalue(), error)
    return Ran(out.getvalue(), err.getvalue())


@pytest.fixture
def run(place: Path, with_dupont: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`suivi` in this process, on a database with one third party and a second user."""
    shutil.copytree(with_dupont, place / "state")
    config = place / "suivi.toml"
    config.write_text(config.read_text() + BOB)
    monkeypatch.setenv("SUIVI_CONFIG", str(config))
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("SUIVI_LANGUAGE", "SUIVI_BY", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    return invoke


def ok(ran: Ran) -> str:
    if ran.error is not None:
        raise ran.error
    assert ran.stderr == ""
    return ran.stdout


def refused(ran: Ran) -> str:
    """The one line that `suivi` ends with."""
    assert isinstance(ran.error, Trouble), ran
    code, (line,) = told(ran.error)
    assert code == 1
    return line


def add(run: Run, title: str = "Rappeler", when: str = "+3d", *more: str) -> dict[str, Any]:
    answer = json.loads(
        ok(run("follow-up", "add", title, "--when", when, *BY, "--with", "DUP", *more, "--json"))
    )
    found: dict[str, Any] = answer["follow_up"]
    return found


def shown(run: Run, ref: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ok(run("follow-up", "show", ref, "--json")))
    return found


def test_added_it_is_said_back_as_a_date(run: Run) -> None:
    words = ("follow-up", "add", "Devis", "--when", "mardi 10h", *BY)
    said = ok(run(*words, "--with", "DUP"))
    assert re.fullmatch(r"FU-1 on \d{4}-\d\d-\d\d 10:00: Devis \(Alice Martin\)\n", said)
    assert ok(run(*words, "--with", "DUP")) == said
    assert "Dupont & Fils" in ok(run("follow-up", "list"))
    assert "Devis" in ok(run("follow-ups", "--with", "dupont"))
    assert "Devis" not in ok(run("follow-up", "list", "--user", "bob@atelier.example"))


def test_all_that_can_be_said_of_one(run: Run) -> None:
    ok(run("exchange", "add", "Allô", "--with", "DUP", "--in", *BY))
    found = add(
        run,
        "Visite",
        "2050-12-01",
        *("--exchange", "exc-1", "--remind", "30", "--remind", "1440", "--all-day"),
        *("--place", "Nancy", "--description", "Avec les plans", "--key", "mine"),
    )
    assert found["when"]["all_day"] is True
    assert found["when"]["start"].startswith("2050-11-30T23:00")
    assert len(found["reminders"]) == 2
    text = ok(run("follow-up", "show", "1"))
    for word in ("FU-1", "Visite", "EXC-1", "Nancy", "Avec les plans", "Dupont", "to do"):
        assert word in text
    assert add(run, "Other", "+1d", "--key", "mine")["ref"] == "FU-1"


def test_put_off_done_and_taken_back(run: Run) -> None:
    ref = add(run)["ref"]
    said = ok(run("follow-up", "postpone", ref, "dans 5 jours à 14h30", *BY))
    assert re.fullmatch(r"FU-1 \d{4}-\d\d-\d\d 14:30 Rappeler: to do\n", said)
    assert ok(run("follow-up", "done", "fu-1", *BY)).endswith("Rappeler: done\n")
    assert ok(run("follow-up", "done", "1", *BY)).endswith("Rappeler: done\n")
    assert "Rappeler" not in ok(run("follow-ups"))
    assert ok(run("follow-up", "undo", ref, *BY)).endswith("Rappeler: to do\n")
    assert refused(run("follow-up", "undo", ref, *BY)) == (
        "FU-1 is open: nothing is to be taken back"
    )
    assert ok(run("follow-up", "not-needed", ref, *BY)).endswith("Rappeler: not needed\n")
    assert ok(run("follow-up", "reopen", ref, *BY)).endswith("Rappeler: to do\n")
    changes = [(c["field"], c["new"]) for c in shown(run, ref)["history"] if c["field"] == "state"]
    assert changes == [("state", s) for s in ("done", "to_do", "not_needed", "to_do")]


def test_why_it_was_closed_is_said_in_the_readers_language(
    run: Run, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ok(run("exchange", "add", "Allô", "--with", "DUP", "--in", *BY))
    store = open_store(f"sqlite:///{place / 'state' / 'suivi.sqlite3'}")
    for title, how in (("Devis", Answered(How.SPOKEN, "EXC-1", "phone")),
                       ("Commande", Answered(How.ANSWERED, "EXC-1"))):  # fmt: skip
        number = FollowUpId(add(run, title)["id"])
        with store.write() as tx:
            follow_ups.close(tx, CloseFollowUp(number, ExchangeId(1), how), now())
    store.close()
    assert ok(run("follow-up", "show", "1")).count("EXC-1: it was spoken about (Phone)") == 3
    ok(run("follow-up", "reopen", "2", *BY))
    monkeypatch.setenv("SUIVI_LANGUAGE", "fr")
    assert ok(run("follow-up", "show", "1")).count("EXC-1 : on en a parlé (Téléphone)") == 3
    taken_back = ok(run("follow-up", "show", "2"))
    assert "EXC-1 : réponse reçue (alice@atelier.example)" in taken_back
    assert "rouverte" in taken_back
    (closing,) = shown(run, "1")["closings"]
    assert (closing["reason"], closing["facts"]) == ("spoken", {"ref": "EXC-1", "mode": "phone"})


def test_several_at_once_are_all_or_none(run: Run) -> None:
    for title in ("Un", "Deux"):
        add(run, title)
    assert refused(run("follow-up", "done", "1", "FU-9", *BY)) == "there is no such follow-up"
    assert shown(run, "1")["follow_up"]["state"] == "to_do"
    assert ok(run("follow-up", "done", "1", "2", "FU-1", *BY)).count(": done") == 2


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("one day", "'one day' is not a time I know: 'tuesday 10am', 'mardi 10h', '+3d'"),
        ("2020-01-01 10:00", "'2020-01-01 10:00' is over: give a time to come"),
        ("2020-01-01", "'2020-01-01' is over: give a time to come"),
        (
            "friday 2050-12-01",
            "'friday 2050-12-01' names a day of the week that its date does not fall on",
        ),
        ("\x1b[2J", "'[2J' is not a time I know: 'tuesday 10am', 'mardi 10h', '+3d'"),
    ],
)
def test_a_time_that_is_none_says_why_and_changes_nothing(run: Run, when: str, said: str) -> None:
    assert refused(run("follow-up", "add", "x", "--when", when, *BY)) == said
    before = add(run)
    assert refused(run("follow-up", "postpone", "1", when, *BY)) == said
    assert shown(run, "1")["follow_up"] == before


@pytest.mark.parametrize("ref", ["FU-9", "0", "EXC-1", "FU-", "-1x", "9" * 40, "FU-١"])
def test_what_is_no_reference_is_none(run: Run, ref: str) -> None:
    assert refused(run("follow-up", "show", "--", ref)) == f"there is no follow-up {ref}"


def test_whoever_acts_needs_the_right(run: Run) -> None:
    add(run)
    bob = ("--by", "bob@atelier.example")
    # Bob is not told that there is one.
    assert refused(run("follow-up", "done", "1", *bob)) == "there is no such follow-up"
    assert refused(run("follow-up", "done", "1", "--by", "eve@x.example")).startswith("nobody")
    to_alice = ("follow-up", "add", "x", "--when", "+1d", *bob, "--for", "alice@atelier.example")
    assert refused(run(*to_alice)) == "you have no right to do this"
    assert shown(run, "1")["follow_up"]["state"] == "to_do"
    ok(run("follow-up", "add", "Mine", "--when", "+1d", *bob))
    ok(run("follow-up", "done", "2", *bob))


def test_one_is_changed_cloned_and_deleted(run: Run) -> None:
    add(run)
    changed = run("follow-up", "edit", "1", "--title", "Toit", "--percent", "40", *BY)
    assert "FU-1" in ok(changed) and "Toit" in changed.stdout
    found = shown(run, "1")["follow_up"]
    assert (found["title"], found["percent"]) == ("Toit", 40)
    assert "FU-2" in ok(run("follow-up", "clone", "1", *BY))
    refs = ("follow-up", "delete", "1", "2", *BY)
    assert refused(run(*refs)) == "you have no right to do this"


def test_who_acts_may_stand_in_the_environment(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUIVI_BY", "alice@atelier.example")
    assert "Alice Martin" in ok(run("follow-up", "add", "x", "--when", "demain 9h"))


def test_the_shell_completes_references(run: Run, place: Path, suivi: Suivi) -> None:
    for title in ("Un", "Deux"):
        add(run, title)
    words = f"suivi -c {place}/suivi.toml follow-up done fu"
    asked = {"_SUIVI_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": "5"}
    assert suivi(**asked).stdout.split() == ["fu-1", "fu-2"]
    nowhere = asked | {"COMP_WORDS": "suivi -c /nowhere/suivi.toml follow-up done fu"}
    assert suivi(**nowhere).stdout.split() == []


def test_french_help_and_words(run: Run) -> None:
    text = " ".join(invoke("follow-up", "postpone", "--help", language="fr").stdout.split())
    assert "jours ouvrés" in text
    assert "Qui de nous le fait." in text


def reminder(place: Path, **values: object) -> None:
    """As the daemon might have left the only one."""
    store = open_store(f"sqlite:///{place}/state/suivi.sqlite3")
    with store.write() as tx:
        tx.execute(ledger.update().values(**values))
    store.close()


def test_reminders_are_listed_tried_again_and_given_up(run: Run, place: Path) -> None:
    add(run, "Rappeler", "+2h")
    listed = ok(run("reminders", "list"))
    assert "Rappeler" in listed and "FU-1" in listed and "Alice Martin" in listed
    assert json.loads(ok(run("reminders", "due", "--json"))) == []
    (one,) = json.loads(ok(run("reminders", "due", "--within", "3", "--json")))
    assert (one["state"], one["follow_up"], one["before_minutes"]) == ("due", "FU-1", 60)
    number = str(one["id"])
    assert refused(run("reminders", "retry", number, *BY)).startswith(f"reminder {number} is due:")
    reminder(place, state=LedgerState.FAILED, last_error="550 no such user", mail=b"secret link")
    text = ok(run("reminders", "list", "--state", "failed"))
    assert "550 no such user" in text
    everything = ok(run("reminders", "list", "--state", "all", "--json"))
    assert "secret" not in everything + ok(run("follow-up", "show", "1", "--json"))
    assert refused(run("reminders", "retry", number, "--by", "bob@atelier.example"))
    assert "tried again" in ok(run("reminders", "retry", number, *BY))
    (one,) = json.loads(ok(run("reminders", "list", "--json")))
    assert (one["state"], one["attempts"]) == ("retry", 0)
    why = ("--why", "on the phone already")
    assert "will not be sent" in ok(run("reminders", "void", number, *why, *BY))
    assert "on the phone already" in ok(run("reminders", "list", "--state", "void"))
    assert (
        refused(run("reminders", "void", number, *why, *BY)) == f"reminder {number} is void already"
    )
    assert refused(run("reminders", "retry", "99", *BY)) == "there is no reminder 99"


def test_why_a_reminder_is_void_is_said_in_the_readers_language(
    run: Run, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(run, "Rappeler", "+2h")
    reminder(place, state=LedgerState.VOID, void_reason=Why.NOT_WANTED)
    listed = ("reminders", "list", "--state", "void")
    assert "the recipient is not active, or set other options" in ok(run(*listed))
    monkeypatch.setenv("SUIVI_LANGUAGE", "fr")
    assert "le destinataire n’est plus actif, ou a réglé d’autres options" in ok(run(*listed))
    (one,) = json.loads(ok(run(*listed, "--json")))
    assert one["void_reason"] == Why.NOT_WANTED


def test_what_may_have_arrived_stays_in_doubt_until_it_is_tried(run: Run, place: Path) -> None:
    add(run, "Rappeler", "+2h")
    reminder(place, state=LedgerState.UNKNOWN, handed_over=True, attempts=3)
    (one,) = json.loads(ok(run("reminders", "list", "--json")))
    ok(run("reminders", "retry", str(one["id"]), *BY))
    (after,) = json.loads(ok(run("reminders", "list", "--state", "unknown", "--json")))
    assert after["attempts"] == 0
