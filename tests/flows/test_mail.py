"""The mail arrow on Dovecot: what matches is recorded once, the rest leaves a count."""

import json
from collections.abc import Callable

import pytest

from tests.flows.house import House, eventually, mail
from tests.servers.postbag import fill


def subjects(house: House, party: str) -> list[str]:
    return sorted(e["subject"] for e in house.history(party))


def test_a_message_in_two_mailboxes_and_sent_is_one_exchange(
    make_house: Callable[..., House], database: str
) -> None:
    house = make_house(database)
    both = mail(
        "Jean <jean@mistral.example>",
        "ann@lumen.example, bob@lumen.example",
        "Votre devis",
        message_id="one@mistral.example",
    )
    house.dovecot.deliver("ann", "INBOX", both)
    house.dovecot.deliver("bob", "INBOX", both)
    house.dovecot.deliver(
        "ann",
        "Gesendet",
        mail(
            "Ann <ann@lumen.example>",
            "lea.favre@orange.fr",
            "Votre séjour",
            message_id="two@lumen.example",
        ),
    )
    house.prepare()
    house.suivi("sync")
    assert subjects(house, "Brasserie Mistral") == ["Votre devis"]
    (sent,) = house.history("Hôtel des Alpes")
    assert (sent["subject"], sent["direction"]) == ("Votre séjour", "outbound")
    explained = house.json("explain", "<one@mistral.example>")
    assert len(explained) == 2
    assert len({e["exchange"] for e in explained}) == 1
    house.suivi("sync")
    assert len(subjects(house, "Brasserie Mistral")) == 1


def test_the_past_of_a_new_address_is_captured(house: House) -> None:
    house.dovecot.deliver(
        "ann",
        "INBOX",
        mail("new@later.example", "ann@lumen.example", "Avant", message_id="a@later.example"),
    )
    house.prepare()
    house.suivi("sync")
    assert house.json("explain", "a@later.example")[0]["reason"] == "no-third-party"
    people = house.folder / "more.csv"
    people.write_text("code,name,kind,email\nCU-9,Later,customer,new@later.example\n")
    house.suivi("import", "third-parties", str(people))
    house.suivi("sync")
    assert subjects(house, "Later") == ["Avant"]


@pytest.mark.parametrize("parent_first", [True, False])
def test_a_reply_belongs_to_the_thread_of_its_parent(house: House, parent_first: bool) -> None:
    parent = mail(
        "jean@mistral.example", "ann@lumen.example", "Plan", message_id="p@mistral.example"
    )
    reply = mail(
        "comptable@ailleurs.example",
        "ann@lumen.example",
        "Re: Plan",
        message_id="r@ailleurs.example",
        headers={"In-Reply-To": "<p@mistral.example>"},
    )
    again = mail(
        "stagiaire@encore.example",
        "ann@lumen.example",
        "Re: Re: Plan",
        message_id="s@encore.example",
        headers={"In-Reply-To": "<r@ailleurs.example>"},
    )
    for raw in (parent, reply, again) if parent_first else (again, reply, parent):
        house.dovecot.deliver("ann", "INBOX", raw)
    house.prepare()
    house.suivi("sync")
    assert subjects(house, "Brasserie Mistral") == ["Plan", "Re: Plan", "Re: Re: Plan"]


def test_two_messages_with_one_forged_id_are_two(house: House) -> None:
    for subject in ("Première", "Seconde"):
        house.dovecot.deliver(
            "ann",
            "INBOX",
            mail("jean@mistral.example", "ann@lumen.example", subject, message_id="same@x.example"),
        )
    house.prepare()
    house.suivi("sync")
    assert subjects(house, "Brasserie Mistral") == ["Première", "Seconde"]


def test_while_observing_nothing_is_stored_and_the_release_records_it(
    make_house: Callable[..., House], database: str
) -> None:
    house = make_house(database, observe_days=3)
    house.dovecot.deliver(
        "ann",
        "INBOX",
        mail("jean@mistral.example", "ann@lumen.example", "Secret", message_id="s@mistral.example"),
    )
    house.prepare()
    house.suivi("sync")
    assert subjects(house, "Brasserie Mistral") == []
    assert {(t["verdict"], t["reason"], t["count"]) for t in house.json("report")} == {
        ("record", "matched", 1)
    }
    house.suivi("release")
    house.suivi("sync")
    assert subjects(house, "Brasserie Mistral") == ["Secret"]


def test_new_mail_is_pushed_to_the_running_daemon_over_one_connection(house: House) -> None:
    house.extra = ""
    house.prepare()
    text = (
        (house.folder / "suivi.toml").read_text().replace("poll_seconds = 1", "poll_seconds = 600")
    )
    (house.folder / "suivi.toml").write_text(text)
    with house.daemon() as process:
        eventually(lambda: "running" in house.log(), what="the daemon runs", house=house)
        eventually(
            lambda: house.json("status")["loop"]["jobs"]["done"] >= 4,
            what="first turns",
            house=house,
        )
        for number in range(4):
            if number == 3:
                # Its server starts anew, so that every connection is lost.
                house.dovecot.__exit__()
                house.dovecot.__enter__()
            letter = mail(
                "paul@colin.example",
                "bob@lumen.example",
                f"Papier {number}",
                message_id=f"c{number}@colin.example",
            )
            house.dovecot.deliver("bob", "INBOX", letter)
            eventually(
                lambda: f"Papier {number}" in subjects(house, "Papeterie Colin"),  # noqa: B023
                seconds=30,
                what="pushed mail",
                house=house,
            )
            logins = house.dovecot.log().count("Login: user=<bob>")
            assert logins == (1 if number < 3 else 2), "all comes over one connection"
        assert process.poll() is None


@pytest.mark.timeout(600)
def test_ten_thousand_messages_yield_exactly_their_matches(house: House) -> None:
    filled = fill(house.dovecot, "ann", 10_000)
    house.users = ("ann",)
    house.prepare()
    house.suivi("sync", timeout=300)
    recorded = house.history("Brasserie Mistral")
    assert len(recorded) == len(filled.expected) == 500
    octets = sum(int(part.split()[0]) for part in house.dovecot.log().split(" out=")[1:])
    assert octets < 0.2 * filled.octets
    print(json.dumps({"read": octets, "mailbox": filled.octets, "share": octets / filled.octets}))


def test_suggestions_come_from_headers_and_nothing_is_stored(house: House) -> None:
    for number, (sender, to) in enumerate(
        [
            ("ann@lumen.example", "sales@glassworks.example"),
            ("ann@lumen.example", "Zoe <zoe@glassworks.example>"),
            ("zoe@glassworks.example", "ann@lumen.example"),
            ("ann@lumen.example", "Remi <remi@free.fr>"),
            ("ann@lumen.example", "jean@mistral.example"),
            ("ann@lumen.example", "bob@lumen.example"),
        ]
    ):
        folder = "Gesendet" if sender.startswith("ann") else "INBOX"
        house.dovecot.deliver(
            "ann", folder, mail(sender, to, "Hello", message_id=f"s{number}@x.example")
        )
    house.prepare()
    found = {s["name"]: s for s in house.json("suggest", "third-parties")}
    assert list(found) == ["glassworks.example", "remi@free.fr"]
    assert (found["glassworks.example"]["sent"], found["glassworks.example"]["received"]) == (2, 1)
    assert house.json("report") == []


def test_a_bounce_is_told_at_the_mail_that_came_back(house: House) -> None:
    # Of our own server, in the Inbox, which is read before Sent: nobody from outside takes part.
    back = (
        "From: MAILER-DAEMON@lumen.example\r\nTo: ann@lumen.example\r\nSubject: Undelivered\r\n"
        "Date: Tue, 24 Nov 2026 09:00:00 +0100\r\nMessage-ID: <back@lumen.example>\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=a\r\n\r\n"
        "--a\r\nContent-Type: text/plain\r\n\r\nNobody there.\r\n"
        "--a\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.lumen.example\r\n\r\n"
        "Final-Recipient: rfc822; jean@mistral.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "--a\r\nContent-Type: message/rfc822\r\n\r\n"
        "From: ann@lumen.example\r\nMessage-ID: <sent@lumen.example>\r\n\r\nSecret.\r\n--a--\r\n"
    )
    for number in (1, 2):
        # A second one is about a mail that nobody sent: it stays out.
        raw = back if number == 1 else back.replace("sent@", "other@").replace("back@", "b2@")
        house.dovecot.deliver("ann", "INBOX", raw.encode())
    house.dovecot.deliver(
        "ann",
        "Gesendet",
        mail("ann@lumen.example", "jean@mistral.example", "Devis", message_id="sent@lumen.example"),
    )
    house.prepare()
    house.suivi("sync")
    found = {e["subject"]: e for e in house.history("Brasserie Mistral")}
    assert found.keys() == {"Devis", "Undelivered"}
    assert found["Undelivered"]["kind"] == "bounce"
    assert found["Devis"]["undelivered"] == [
        {"recipient": "jean@mistral.example", "status": "5.1.1"}
    ]
    assert "came back" in house.suivi("history", "Brasserie Mistral").stdout
    assert house.json("explain", "b2@lumen.example")[0]["verdict"] == "ignore"
