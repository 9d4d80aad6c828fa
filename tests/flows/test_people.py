"""What admins do to the directory reaches the mail that lies in the mailboxes already."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from daemon.clock import now
from daemon.directory import parties, questions
from daemon.directory.acting import Actor, operator
from daemon.store import Tx, ambiguities, people
from rules.model.people import Contact, ThirdPartyId
from tests.flows.house import House, mail
from tests.flows.inside import Inside, inside

TWO = """code,name,kind,email
CU-7,Nord,customer,conseil@cabinet.example
CU-8,Sud,customer,conseil@cabinet.example
"""


@pytest.fixture
def asked(house: House) -> Iterator[Inside]:
    """Two mails of an adviser whom two third parties share, one of them in two mailboxes."""
    for user in ("ann", "bob"):
        house.dovecot.deliver(user, "INBOX", _from_adviser("Bilan", "one"))
    house.dovecot.deliver("ann", "INBOX", _from_adviser("Budget", "two"))
    house.prepare(TWO)
    with inside(house) as suivi:
        suivi.sync()
        yield suivi


def _from_adviser(subject: str, name: str) -> bytes:
    return mail(
        "conseil@cabinet.example",
        "ann@lumen.example, bob@lumen.example",
        subject,
        message_id=f"{name}@cabinet.example",
    )


def subjects(suivi: Inside, party: str) -> list[str]:
    return sorted(exchange.subject for exchange in suivi.exchanges(party))


def waiting(suivi: Inside) -> tuple[ambiguities.Question, ...]:
    with suivi.read() as tx:
        return ambiguities.open_ones(tx)


def party(tx: Tx, code: str) -> ThirdPartyId:
    (found,) = people.find_third_party(tx, code)
    return found.id


def decide(suivi: Inside, number: int, code: str | None, *, remember: bool = False) -> None:
    with suivi.parts.store.write() as tx:
        chosen = None if code is None else party(tx, code)
        questions.decide(tx, operator(now()), number, chosen, remember=remember)


def test_what_a_person_decides_is_where_the_exchange_stands(asked: Inside) -> None:
    first, second, other = waiting(asked)
    assert first.key_hash != second.key_hash
    twice = next(one for one in (second, other) if one.key_hash in {first.key_hash, other.key_hash})
    both = first if first.key_hash == other.key_hash else twice
    for _ in range(2):
        decide(asked, both.id, "CU-8")
    asked.sync()
    assert (subjects(asked, "CU-7"), subjects(asked, "CU-8")) == ([], ["Bilan"])
    # The copy in the other mailbox was decided with it, and is the same exchange.
    (left,) = waiting(asked)
    decide(asked, left.id, None)
    asked.sync()
    assert (subjects(asked, "CU-7"), subjects(asked, "CU-8")) == ([], ["Bilan"])
    assert waiting(asked) == ()
    assert asked.rows("decision")[-1]["reason"] == "no-third-party"


def test_a_remembered_decision_answers_all_of_that_address_until_it_is_taken_back(
    house: House, asked: Inside
) -> None:
    decide(asked, waiting(asked)[0].id, "CU-7", remember=True)
    # The first sync remembers the address, the second judges all by that.
    asked.sync()
    asked.sync()
    assert subjects(asked, "CU-7") == ["Bilan", "Budget"]
    assert waiting(asked) == ()
    house.dovecot.deliver("bob", "INBOX", _from_adviser("Clôture", "three"))
    asked.sync()
    assert subjects(asked, "CU-7") == ["Bilan", "Budget", "Clôture"]
    with asked.parts.store.write() as tx:
        questions.forget(tx, operator(now()), "Conseil@cabinet.example")
    house.dovecot.deliver("bob", "INBOX", _from_adviser("Divers", "four"))
    asked.sync()
    # What stands stays; what is new is asked.
    assert subjects(asked, "CU-7") == ["Bilan", "Budget", "Clôture"]
    assert waiting(asked)


def test_an_address_brings_its_past_mail_and_takes_it_along(house: House) -> None:
    for name, subject in (("old", "Avant"), ("new", "Après")):
        letter = mail(f"{name}@perso.example", "ann@lumen.example", subject, message_id=f"{name}@x")
        house.dovecot.deliver("ann", "INBOX", letter)
    house.prepare("code,name,kind,contact,email\nCU-9,Zoé,customer,Zoé,new@perso.example\n")
    with inside(house) as suivi:
        suivi.sync()
        assert subjects(suivi, "CU-9") == ["Après"]

        def emails(*addresses: str) -> Contact:
            with suivi.parts.store.write() as tx:
                (zoe,) = people.contacts(tx, party(tx, "CU-9"))
                return parties.edit_contact(tx, _who(), replace(zoe, emails=addresses))

        zoe = emails("new@perso.example", "old@perso.example")
        suivi.sync()
        assert subjects(suivi, "CU-9") == ["Après", "Avant"]
        with suivi.parts.store.write() as tx:
            listed = parties.came_by(tx, _who(), zoe.id, "old@perso.example")
            _, done = parties.drop_address(tx, _who(), zoe.id, "old@perso.example", unlink=True)
        assert listed == done
        suivi.sync()
        assert subjects(suivi, "CU-9") == ["Après"]
        # Theirs again, it is captured again.
        emails("new@perso.example", "old@perso.example")
        suivi.sync()
        assert subjects(suivi, "CU-9") == ["Après", "Avant"]


def _who() -> Actor:
    return operator(now())
