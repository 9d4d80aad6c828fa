"""What admins do to the directory reaches the mail that lies in the mailboxes already."""

import pytest

from tests.flows.house import House, mail

TWO = """code,name,kind,email
CU-7,Nord,customer,conseil@cabinet.example
CU-8,Sud,customer,conseil@cabinet.example
"""


@pytest.fixture
def asked(house: House) -> House:
    """Two mails of an adviser whom two third parties share, one of them in two mailboxes."""
    for user in ("ann", "bob"):
        house.dovecot.deliver(user, "INBOX", _from_adviser("Bilan", "one"))
    house.dovecot.deliver("ann", "INBOX", _from_adviser("Budget", "two"))
    house.prepare(TWO)
    house.suivi("sync")
    return house


def _from_adviser(subject: str, name: str) -> bytes:
    return mail(
        "conseil@cabinet.example",
        "ann@lumen.example, bob@lumen.example",
        subject,
        message_id=f"{name}@cabinet.example",
    )


def subjects(house: House, party: str) -> list[str]:
    return sorted(e["subject"] for e in house.history(party))


def test_what_a_person_decides_is_where_the_exchange_stands(asked: House) -> None:
    waiting = asked.json("ambiguities", "list")
    assert [[c["code"] for c in one["candidates"]] for one in waiting] == [["CU-7", "CU-8"]] * 3
    first = next(one for one in waiting if one["account"] == "ann")
    for _ in range(2):
        asked.suivi("ambiguities", "decide", str(first["id"]), "CU-8")
    asked.suivi("sync")
    assert (subjects(asked, "Nord"), subjects(asked, "Sud")) == ([], ["Bilan"])
    # The copy in the other mailbox was decided with it, and is the same exchange.
    (left,) = asked.json("ambiguities", "list")
    asked.suivi("ambiguities", "decide", str(left["id"]), "--neither")
    asked.suivi("sync")
    assert (subjects(asked, "Nord"), subjects(asked, "Sud")) == ([], ["Bilan"])
    assert asked.json("ambiguities", "list") == []
    why = asked.json("explain", "two@cabinet.example")[-1]
    assert why["reason"] == "no-third-party"


def test_a_remembered_decision_answers_all_of_that_address_until_it_is_taken_back(
    asked: House,
) -> None:
    first = asked.json("ambiguities", "list")[0]
    asked.suivi("ambiguities", "decide", str(first["id"]), "Nord", "--remember")
    # The first sync remembers the address, the second judges all by that.
    asked.suivi("sync")
    asked.suivi("sync")
    assert subjects(asked, "Nord") == ["Bilan", "Budget"]
    assert asked.json("ambiguities", "list") == []
    (kept,) = asked.json("ambiguities", "remembered")
    assert (kept["email"], kept["third_party"]) == ("conseil@cabinet.example", "CU-7")
    asked.dovecot.deliver("bob", "INBOX", _from_adviser("Clôture", "three"))
    asked.suivi("sync")
    assert subjects(asked, "Nord") == ["Bilan", "Budget", "Clôture"]
    asked.suivi("ambiguities", "forget", "conseil@cabinet.example")
    asked.dovecot.deliver("bob", "INBOX", _from_adviser("Divers", "four"))
    asked.suivi("sync")
    assert subjects(asked, "Nord") == ["Bilan", "Budget", "Clôture"]
    assert asked.json("ambiguities", "list")
