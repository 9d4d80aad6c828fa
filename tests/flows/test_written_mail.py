"""A mail that somebody writes from an exchange: it leaves once, to nobody else, and is recorded
once, wherever it shows up; and an exchange that was deleted does not come back from a mailbox."""

import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from daemon.steps import STEPS
from rules.model.exchanges import Direction
from tests.flows.house import House, eventually, mail
from tests.flows.inside import Inside, inside
from tests.servers import smtpsink

ANN, JEAN = "ann@lumen.example", "jean@mistral.example"
BY = ("--by", ANN)
KILLED = [step for step in STEPS if step.startswith("letter.")]


def _asked(house: House) -> None:
    house.dovecot.deliver(
        "ann",
        "INBOX",
        mail(f"Jean <{JEAN}>", ANN, "Devis", "Combien ?", message_id="ask@m.example"),
    )


def _written(house: House, subject: str = "Re: Devis", *more: str) -> str:
    arguments = ("exchange", "mail", "EXC-1", "1 200 €", "--to", JEAN, "--subject", subject)
    made: str = house.json(*arguments, *BY, *more)["exchange"]["ref"]
    return made


def _arrived(sent: Path, subject: str) -> list[smtpsink.Received]:
    mark = f"Subject: {subject}\r\n".encode()
    return [one for one in smtpsink.mails(sent) if mark in one.data]


def _all_sent(within: Inside) -> bool:
    return {row["state"] for row in within.rows("post")} == {"sent"}


def test_it_leaves_once_and_is_recorded_once(
    make_house: Callable[..., House], database: str, sink: tuple[int, Path]
) -> None:
    port, sent = sink
    house = make_house(database, smtp_port=port, users=("ann",))
    house.prepare()
    _asked(house)
    with inside(house) as within:
        within.sync()
        # The same key, twice: one mail.
        assert _written(house, "Re: Devis", "--key", "k") == "EXC-2"
        assert _written(house, "Re: Devis", "--key", "k") == "EXC-2"
        with house.daemon():
            eventually(lambda: _arrived(sent, "Re: Devis"), what="the mail", house=house)
        (one,) = _arrived(sent, "Re: Devis")
        assert one.recipients == (JEAN,)
        for field in (b"From: Ann Lumen", b"In-Reply-To: <ask@m.example>"):
            assert field in one.data
        assert b"X-Suivi" not in one.data and b"List-Id" not in one.data
        # Her server keeps a copy, and Jean answers.
        message_id = one.data.partition(b"Message-ID: <")[2].partition(b">")[0].decode()
        house.dovecot.deliver("ann", "Gesendet", one.data)
        answer = mail(
            f"Jean <{JEAN}>",
            ANN,
            "Re: Devis",
            "D'accord",
            message_id="answer@m.example",
            headers={"In-Reply-To": f"<{message_id}>"},
        )
        house.dovecot.deliver("ann", "INBOX", answer)
        within.sync()
        found = {one.ref: one for one in within.exchanges("CU-1")}
        assert found.keys() == {"EXC-1", "EXC-2", "EXC-3"}
        written = found["EXC-2"]
        assert written.direction is Direction.OUTBOUND
        assert written.comment == "1 200 €"
        assert len({one.thread for one in found.values()}) == 1
        assert len(written.mailbox_owners) == 1
        # What Ann deletes stays deleted, though it lies in her mailbox.
        house.suivi("exchange", "delete", "EXC-1", *BY)
        _asked(house)
        within.sync()
        assert {e.ref for e in within.exchanges("CU-1")} == {"EXC-2", "EXC-3"}


@pytest.mark.long
@pytest.mark.timeout(600)
def test_killed_at_each_step_it_is_sent_once(
    make_house: Callable[..., House],
    sqlite: str,
    sink: tuple[int, Path],
    tell: Callable[[str], None],
) -> None:
    port, sent = sink
    house = make_house(sqlite, smtp_port=port, users=("ann",), lease_seconds=3)
    house.prepare()
    _asked(house)
    house.suivi("sync")
    with inside(house) as within:
        for step in KILLED:
            _written(house, step)
            with house.daemon(SUIVI_CRASH_AT=f"{step}:1") as dying:
                assert dying.wait(60) == -signal.SIGKILL, step
            with house.daemon():
                # What is left of one death must not be in hand at the next.
                eventually(partial(_all_sent, within), what=step, house=house)
    copies = {step: _arrived(sent, step) for step in KILLED}
    assert {r for several in copies.values() for one in several for r in one.recipients} == {JEAN}
    # Only where the server had it when the daemon died a second copy comes, with the same bytes.
    assert {step for step, several in copies.items() if len(several) > 1} <= {"letter.handed-over"}
    assert all(len({one.data for one in several}) == 1 for several in copies.values())
    assert len(house.history("CU-1")) == len(KILLED) + 1
    counts = {step: len(several) for step, several in copies.items()}
    tell(f"kill -9, written mail: copies {counts}")
