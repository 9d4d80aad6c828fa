"""Mails that people write from an exchange, over HTTP: to whom they name, in their own name."""

from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest

from daemon.reminders.post import _came_back
from daemon.store import Store, post
from tests.daemon.web.company import Company, company

GIVEN = {"to": ["carla@acme.example"], "subject": "Devis", "text": "Bonjour,\nle devis."}


@pytest.fixture
def we(store: Store) -> Iterator[Company]:
    with company(store) as found:
        yield found


def test_it_is_put_into_the_post_for_whom_it_names_and_nobody_else(we: Company) -> None:
    path = f"/exchanges/{we.exchange(elements=[{'type': 'quote', 'ref': 'PR1'}])['ref']}/mails"
    given = {**GIVEN, "cc": ["bob@we.example", "CARLA@acme.example"]}
    key = {"Idempotency-Key": "mail-1"}
    first = we.call("anna", "POST", path, json=given, headers=key)
    again = we.call("anna", "POST", path, json=given, headers=key)
    assert (first.status_code, first.json()) == (202, again.json())
    made = first.json()["exchange"]
    told = we.call("anna", "GET", f"/exchanges/{made['ref']}").json()
    assert (told["direction"], told["mode"], told["kind"]) == ("outbound", "email", "human")
    assert [one["name"] for one in told["contacts"]] == ["Carla"]
    assert (told["comment"], told["author"]) == (GIVEN["text"], "anna@we.example")
    assert [one["ref"] for one in told["elements"]] == ["PR1"]
    states = we.call("anna", "GET", f"/exchanges/{made['ref']}/mails").json()["items"]
    assert [(one["recipient"], one["state"]) for one in states] == [
        ("carla@acme.example", "due"),
        ("bob@we.example", "due"),
    ]
    with we.store.read() as tx:
        letters = post.of_exchange(tx, made["id"])
    assert letters[0].mail is not None
    assert letters[0].mail == letters[1].mail
    mail = message_from_bytes(letters[0].mail, policy=default)
    assert mail["From"].addresses[0].addr_spec == "anna@we.example"
    assert mail["Sender"].address.addr_spec == "suivi@we.example"
    assert [one.addr_spec for one in mail["To"].addresses] == ["carla@acme.example"]
    assert [one.addr_spec for one in mail["Cc"].addresses] == ["bob@we.example"]
    assert "Auto-Submitted" not in mail
    assert letters[0].useful_until - letters[0].created_at == timedelta(days=7)


def test_whom_the_server_refused_shows_at_the_exchange(we: Company) -> None:
    path = f"/exchanges/{we.exchange()['ref']}/mails"
    made = we.call("anna", "POST", path, json=GIVEN).json()["exchange"]
    with we.store.write() as tx:
        (letter,) = post.of_exchange(tx, made["id"])
        _came_back(tx, letter, "550 5.1.1 no such user")
    told = we.call("anna", "GET", f"/exchanges/{made['ref']}").json()
    assert told["undelivered"] == [{"recipient": "carla@acme.example", "status": "5.1.1"}]


@pytest.mark.parametrize(
    "to", ["", "carla", "a@b.example, c@d.example", "a@b.example\r\nBcc: c@d.example", "<a@b.c>"]
)
def test_no_header_is_smuggled_in(we: Company, to: str) -> None:
    path = f"/exchanges/{we.exchange()['ref']}/mails"
    answer = we.call("anna", "POST", path, json={**GIVEN, "to": [to]})
    assert answer.status_code == 422
    subject = {**GIVEN, "subject": "Hi\r\nBcc: c@d.example"}
    made = we.call("anna", "POST", path, json=subject).json()["exchange"]
    with we.store.read() as tx:
        (letter,) = post.of_exchange(tx, made["id"])
    assert letter.mail is not None
    assert message_from_bytes(letter.mail, policy=default)["Bcc"] is None


def test_who_does_not_see_the_exchange_sends_nothing(we: Company) -> None:
    path = f"/exchanges/{we.exchange('carl', entity='main')['ref']}/mails"
    assert we.call("anna", "POST", path, json=GIVEN).status_code == 404
    assert we.call("anna", "GET", path).status_code == 404
    assert we.call("bob", "POST", path, json=GIVEN).status_code == 202
