"""`suivi reconcile` on Dovecot: every message has a reason, or is named and ends with 1; and what
an admin does about what can't be stored (spec §11)."""

import imaplib
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import typer
from typer.main import get_command

from daemon.app.run import App
from daemon.cli.main import build, localised, told
from tests.flows.house import USERS, House, mail
from tests.flows.inside import Inside, furnish, inside

KNOWN, STRANGER, ANN = "jean@mistral.example", "x@stranger.example", "ann@lumen.example"


def _deliver(house: House, sender: str, name: str, folder: str = "INBOX", **more: Any) -> Path:
    raw = mail(sender, ANN, "Sujet secret", message_id=f"{name}@mail.example", **more)
    return house.dovecot.deliver("ann", folder, raw)


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


def suivi(house: House, *arguments: str, language: str = "en") -> Done:
    """A command in this process: as the installed one, without the second that Python takes to
    start."""
    out, err = io.StringIO(), io.StringIO()
    command = localised(get_command(build()), language)
    everything = ["--config", str(house.folder / "suivi.toml"), *arguments]
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setenv("SUIVI_LANGUAGE", language)
        try:
            code = command.main(everything, prog_name="suivi", standalone_mode=False) or 0
        except typer.BadParameter as error:
            code = error.exit_code
        except Exception as error:  # noqa: BLE001  as main does
            code, lines = told(error)
            err.write("\n".join(lines))
    return Done(code, out.getvalue(), err.getvalue())


def answer(house: House, *arguments: str) -> Any:
    """What a command says in JSON."""
    done = suivi(house, *arguments, "--json")
    assert done.code == 0, done.err
    return json.loads(done.out)


def _fates(house: House, code: int = 0) -> dict[str, int]:
    """Fates of the messages of INBOX, by fate and reason."""
    done = suivi(house, "reconcile", "--json")
    assert done.code == code, done.err
    (ann,) = json.loads(done.out)["accounts"]
    (inbox,) = (f for f in ann["folders"] if f["name"] == "INBOX")
    # What the database said is in brackets, and each says something else.
    return {f"{c['fate']}:{c['reason']}".split(" (")[0]: c["number"] for c in inbox["counts"]}


def _execute(house: House, statement: str) -> None:
    engine = sa.create_engine(house.database)
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


def test_a_message_that_is_missed_is_named_and_judged_again(
    make_house: Callable[..., House], database: str
) -> None:
    house = make_house(database, users=("ann",), batch=2)
    for number in range(5):
        _deliver(house, KNOWN if number % 2 else STRANGER, f"m{number}")
    furnish(house)
    assert _fates(house) == {"pending:never-read": 5}
    suivi(house, "sync")
    before = _dump(house)
    assert _fates(house) == {"captured:seen": 2, "ignored:no-third-party": 3}
    _execute(house, "DELETE FROM sighting WHERE uid = 4")
    before_last = _dump(house)
    done = suivi(house, "reconcile")
    assert done.code == 1
    (line,) = (line for line in done.out.splitlines() if "UID" in line)
    assert "ann: INBOX: UID 4 is unexplained: would be recorded, and is not" in line
    assert _dump(house) == before_last
    assert before.keys() == before_last.keys()
    french = suivi(house, "reconcile", "--account", "ann", language="fr")
    assert "ann: INBOX: UID 4 est inexpliqué" in french.out
    assert "3 laissés de côté (3 aucun tiers connu)" in french.out
    for said in (done.out + done.err, french.out + french.err):
        assert "secret" not in said
        assert "mistral" not in said
    again = suivi(house, "reconcile", "--again")
    assert (again.code, "1 messages count as not judged" in again.err) == (1, True)
    assert _fates(house)["pending:not-reached"] == 1
    suivi(house, "sync")
    assert _fates(house) == {"captured:seen": 2, "ignored:no-third-party": 3}
    assert suivi(house, "reconcile", "--account", "nobody").code == 2


def _dump(house: House) -> dict[str, list[Any]]:
    engine = sa.create_engine(house.database)
    names = ("sighting", "judged_range", "folder", "hole", "quarantine", "decision", "audit")
    with engine.connect() as connection:
        tables = {n: connection.exec_driver_sql(f"SELECT * FROM {n}").fetchall() for n in names}
    engine.dispose()
    return {name: sorted(map(str, rows)) for name, rows in tables.items()}


@pytest.fixture
def read(house: House) -> Iterator[Inside]:
    """Ann's mailbox with four messages that were read, two of them a customer's."""
    house.users = ("ann",)
    house.mailbox_options["ann"] = 'folders = ["Projects"]'
    house.dovecot.folder("ann", "Projects")
    for number in range(4):
        _deliver(house, STRANGER if number % 2 else KNOWN, f"m{number}")
    _deliver(house, KNOWN, "p", "Projects")
    furnish(house)
    with inside(house) as it:
        it.sync()
        yield it


def _found(it: Inside) -> dict[str, Any]:
    (ann,) = App(it.parts).reconcile()
    return {one.name: one for one in ann.folders} | {"troubles": ann.troubles}


def test_messages_come_and_go_and_folders_too(house: House, read: Inside) -> None:
    with _logged_in(house) as session:
        session.uid("STORE", "1,2", "+FLAGS", "(\\Deleted)")
        session.expunge()
    found = _found(read)
    assert (found["INBOX"].counts.total(), found["INBOX"].gone) == (2, 1)
    _deliver(house, KNOWN, "new")
    assert _found(read)["INBOX"].counts["pending", "new"] == 1
    # The server loses count.
    box = house.dovecot.folder("ann", "INBOX")
    for index in (*box.glob("dovecot.index*"), box / "dovecot-uidlist"):
        index.unlink()
    found = _found(read)
    assert found["INBOX"].counts == {("pending", "renumbered"): 3}
    assert (found["INBOX"].renumbered, found["troubles"]) == (2, ())
    read.sync()
    assert _found(read)["INBOX"].counts["captured", "seen"] == 2
    with _logged_in(house) as session:
        session.delete("Projects")
    found = _found(read)
    assert (found["Projects"].absent, found["Projects"].gone) == (True, 1)
    assert "there is no folder 'Projects'" in found["troubles"][0]
    assert not any(one.unexplained for one in found.values() if hasattr(one, "unexplained"))


@contextmanager
def _logged_in(house: House) -> Iterator[imaplib.IMAP4]:
    with imaplib.IMAP4("127.0.0.1", house.dovecot.port) as session:
        session.login("ann", USERS["ann"])
        session.select("INBOX")
        yield session


def test_a_mailbox_that_does_not_answer_is_no_proof(house: House) -> None:
    _deliver(house, KNOWN, "m")
    furnish(house)
    suivi(house, "sync")
    house.dovecot.__exit__()
    try:
        done = suivi(house, "reconcile")
    finally:
        house.dovecot.__enter__()
    assert done.code == 69
    assert "suivi: ann: 127.0.0.1" in done.err
    assert "suivi: bob: 127.0.0.1" in done.err


def test_the_rules_of_then_are_no_alarm(house: House) -> None:
    """What another set left out stays so (docs/decisions/0003), and is told as that."""
    house.users = ("ann",)
    rules = house.folder / "rules"
    rules.mkdir()
    one = "  - name: shop\n    when: {header: {x-shop: yes}}\n    then: {ignore: true}\n"
    (rules / "10.yaml").write_text(f"version: 1\nrules:\n{one}")
    _deliver(house, KNOWN, "m", headers={"X-Shop": "yes"})
    furnish(house)
    suivi(house, "sync")
    assert _fates(house) == {"ignored:rule": 1}
    (rules / "10.yaml").write_text("version: 1\n")
    suivi(house, "sync")
    assert _fates(house) == {"ignored:earlier-rules": 1}


def test_quarantine_is_listed_tried_again_and_dropped(
    make_house: Callable[..., House], database: str
) -> None:
    house = make_house(database, users=("ann",))
    for number in range(3):
        _deliver(house, KNOWN, f"m{number}")
    furnish(house)
    by = ("--by", ANN)
    with _refusing(house):
        suivi(house, "sync")
        first, second, third = answer(house, "quarantine", "list")
        assert (first["account"], first["uid"], first["step"]) == ("ann", 1, "store")
        assert first["place"] == "ann: INBOX UID 1"
        assert (first["attempts"], "secret" in str(first)) == (1, False)
        assert _fates(house) == {"quarantined:the database refuses it": 3}
        assert answer(house, "quarantine", "show", str(first["id"])) == first
        # In vain: it stays, and waits longer.
        suivi(house, "quarantine", "retry", str(first["id"]), *by)
        suivi(house, "sync")
        assert [i["attempts"] for i in answer(house, "quarantine", "list")] == [2, 1, 1]
    nobody = suivi(
        house,
        "quarantine",
        "drop",
        str(third["id"]),
        "--why",
        "x",
        "--by",
        "bob@lumen.example",
    )
    assert "has no right to do this" in nobody.err
    suivi(house, "quarantine", "drop", str(third["id"]), "--why", "spam", *by)
    assert answer(house, "quarantine", "show", str(third["id"]))["dropped"] == f"{ANN}: spam"
    suivi(house, "quarantine", "retry", str(second["id"]), *by)
    suivi(house, "sync")
    assert [i["id"] for i in answer(house, "quarantine", "list")] == [first["id"]]
    wanted = {"captured:seen": 1, "ignored:dropped": 1, "quarantined:the database refuses it": 1}
    assert _fates(house) == wanted
    suivi(house, "quarantine", "retry", "--all", *by)
    suivi(house, "sync")
    assert _fates(house) == {"captured:seen": 2, "ignored:dropped": 1}
    assert answer(house, "quarantine", "list") == []
    gone = suivi(house, "quarantine", "show", str(first["id"]), language="fr")
    assert "n’est pas en quarantaine" in gone.err
    trail = [row for row in _dump(house)["audit"] if "quarantine" in row]
    assert len(trail) == 4


@contextmanager
def _refusing(house: House) -> Iterator[None]:
    """The database refuses every exchange with this subject."""
    if house.database.startswith("sqlite"):
        begin = (
            "CREATE TRIGGER refusing BEFORE INSERT ON exchange WHEN NEW.subject = 'Sujet secret' "
            "BEGIN SELECT RAISE(ABORT, 'not this one'); END"
        )
        end = "DROP TRIGGER refusing"
    else:
        begin = "ALTER TABLE exchange ADD CONSTRAINT refusing CHECK (subject <> 'Sujet secret')"
        end = "ALTER TABLE exchange DROP CONSTRAINT refusing"
    _execute(house, begin)
    try:
        yield
    finally:
        _execute(house, end)
