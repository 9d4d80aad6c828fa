"""Answers by mail: carried out once, for whom they are from, and told in an answer mail."""

import email
import email.policy
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest

from daemon.reminders import response
from daemon.reminders.commands import Trust
from daemon.store.post import Posted
from rules.model.followups import State
from tests.daemon.reminders.conftest import ANN, BOB, COMMANDS, Office

SERVER = "mx.lumen.example"


def parsed(letter: Posted) -> EmailMessage:
    return email.message_from_bytes(letter.mail or b"", policy=email.policy.default)


def test_what_was_done_is_said_once_to_who_asked(office: Office) -> None:
    one = office.open("Appeler Jean")
    office.deliver(office.address(one), "Done, thanks\r\n\r\n> old words", message_id="m1@phone")
    assert office.read() == {"applied": 1}
    assert office.get(one).state is State.DONE
    (letter,) = office.letters()
    mail = parsed(letter)
    assert letter.recipient == "ann@lumen.example"
    assert mail["To"] == "Ann <ann@lumen.example>"
    assert mail["Subject"] == "Done: Appeler Jean"
    assert mail["In-Reply-To"] == "<m1@phone>"
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["X-Suivi"] == "answer"
    assert mail["Reply-To"].addresses[0].addr_spec.startswith("suivi+")
    assert "reopen" in mail.get_body(("plain",)).get_content()


def test_what_was_not_understood_is_quoted_with_the_words_that_are(office: Office) -> None:
    one = office.open("Appeler", owner=office.bob)
    office.deliver(office.address(one, office.bob), "on verra bien", sender=BOB)
    assert office.read() == {"not-understood": 1}
    assert office.get(one) == one
    (letter,) = office.letters()
    text = parsed(letter).get_body(("plain",)).get_content()
    assert "« on verra bien »" in text
    assert "fait · inutile · rouvrir" in text
    assert "lundi prochain" in text


@pytest.mark.parametrize(
    "text",
    [
        "On Mon, 23 Nov 2026, suivi wrote:\r\n> Appeler\r\n> demain\r\n\r\ndone\r\n",
        "Le 23 nov. 2026 à 10:00, suivi\r\n<suivi@lumen.example> a écrit :\r\n\r\n> x\r\nfait",
        "> +3d\r\n>> +4d\r\n\r\nfait",
        "\ufeff\r\n\r\nFait\r\n-- \r\nAnn",
        "done\r\n> not this: +3d",
    ],
)
def test_quoted_text_is_never_a_command(office: Office, text: str) -> None:
    one = office.open()
    office.deliver(office.address(one), text)
    assert office.read() == {"applied": 1}
    assert office.get(one).state is State.DONE


@pytest.mark.parametrize(
    ("more", "result"),
    [
        ({"sender": "eve@evil.example"}, "unknown-sender"),
        ({"sender": f"{ANN}, eve@evil.example"}, "unknown-sender"),
        ({"sender": f"{ANN}, {BOB}"}, "unknown-sender"),
        ({"headers": {"Auto-Submitted": "auto-replied"}}, "machine"),
        ({"headers": {"Precedence": "bulk"}}, "machine"),
        ({"headers": {"List-Id": "<x.lumen.example>"}}, "machine"),
        ({"headers": {"Return-Path": "<>"}}, "machine"),
        ({"headers": {"X-Suivi": "answer"}}, "machine"),
        ({"headers": {"X-Autoreply": "yes"}}, "machine"),
    ],
)
def test_strangers_and_machines_get_no_answer(
    office: Office, more: dict[str, Any], result: str
) -> None:
    one = office.open()
    office.deliver(office.address(one), "done", **more)
    assert office.read() == {result: 1}
    assert office.get(one) == one
    assert office.letters() == ()


def test_another_users_address_is_refused_and_its_holder_told(office: Office) -> None:
    anns = office.open("Secret of Ann")
    office.deliver(office.address(anns), "done", sender=BOB)
    assert office.read() == {"not-allowed": 1}
    assert office.get(anns) == anns
    (letter,) = office.letters()
    assert letter.recipient == "bob@lumen.example"
    # He was forwarded the reminder, perhaps; perhaps he only found the address.
    assert b"Secret" not in (letter.mail or b"")


def test_without_a_good_token_nothing_happens_and_that_is_said(office: Office) -> None:
    one = office.open()
    address = office.address(one)
    bent = address.replace(address[10], "a" if address[10] != "a" else "b", 1)
    office.deliver(COMMANDS, "done")
    office.deliver(bent, "done")
    assert office.read() == {"forged": 2}
    assert office.get(one) == one
    assert [parsed(letter)["Subject"] for letter in office.letters()] == ["Nothing was changed"] * 2


def test_a_mailbox_that_is_numbered_anew_carries_nothing_out_twice(office: Office) -> None:
    one = office.open()
    office.deliver(office.address(one), "+3d")
    assert office.read() == {"applied": 1}
    moved = office.get(one)
    assert moved.schedule_version == 2
    office.mailbox.renumber("INBOX")
    assert office.read() == {"repeated": 1}
    # Another copy, as of a mail to two of our addresses, is no other wish either.
    assert office.get(one) == moved
    assert len(office.letters()) == 1


def test_what_the_server_owes_is_asked_for_until_it_comes(office: Office) -> None:
    first, second, third = (office.open(name) for name in ("one", "two", "three"))
    office.deliver(office.address(first), "done")
    owed = office.deliver(office.address(second), "done")
    office.deliver(office.address(third), "done")
    office.mailbox.silent.add(("INBOX", owed))
    assert office.read() == {"applied": 2}
    assert office.get(second) == second
    office.mailbox.silent.clear()
    assert office.read() == {"applied": 1}
    assert office.get(second).state is State.DONE


def test_a_shared_mailbox_is_read_for_our_address_alone(office: Office) -> None:
    office.ways = replace(office.ways, commands="office+suivi@lumen.example")
    one = office.open()
    assert office.address(one).startswith("office+suivi-")
    assert len(office.address(one).partition("@")[0]) <= 64
    office.deliver("office@lumen.example", "done", sender=BOB)
    office.deliver("office+other@lumen.example", "done", sender=BOB)
    office.deliver(office.address(one), "done")
    before = office.mailbox.read
    assert office.read(twice=False) == {"not-for-us": 2, "applied": 1}
    assert office.mailbox.read > before
    assert len(office.letters()) == 1


@pytest.mark.parametrize(
    ("said", "required", "result"),
    [
        ("dmarc=pass header.from=lumen.example", True, "applied"),
        ("dmarc=fail header.from=lumen.example", False, "unverified"),
        ("none", True, "unverified"),
        ("none", False, "applied"),
        (None, True, "unverified"),
    ],
)
def test_the_servers_word_on_the_sender(
    office: Office, said: str | None, required: bool, result: str
) -> None:
    office.trust = Trust(SERVER, required)
    one = office.open()
    on_top = f"Authentication-Results: {SERVER}; {said}\r\n" if said else ""
    # What came with the mail stands below, and says what its sender likes.
    forged = {"Authentication-Results": "mx.evil.example; dmarc=pass header.from=lumen.example"}
    office.deliver(office.address(one), "done", on_top=on_top, headers=forged)
    assert office.read() == {result: 1}
    (letter,) = office.letters()
    assert letter.recipient == "ann@lumen.example"
    assert (office.get(one).state is State.DONE) == (result == "applied")


def test_nobody_gets_more_than_so_many_answers_an_hour(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(response, "MOST_AN_HOUR", 3)
    one = office.open()
    for _ in range(5):
        office.deliver(office.address(one), "what is this?")
    office.deliver(office.address(one), "done")
    # It is carried out all the same.
    assert office.read() == {"not-understood": 5, "applied": 1}
    assert office.get(one).state is State.DONE
    assert len(office.letters()) == 3
