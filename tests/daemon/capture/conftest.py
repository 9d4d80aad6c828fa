"""A company of one, with one customer, to be held against its mailbox."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.capture.judging import MailAccount
from daemon.capture.meetings import CalendarAccount, CalendarCapture
from daemon.clock import now
from daemon.followups.absorb import Absorb, withdraw
from daemon.rulebook import Rulebook
from daemon.store import (
    accounts,
    installation,
    open_store,
    people,
    upgrade,
)
from rules.model.people import Contact, ContactId, Level, ThirdParty, ThirdPartyId
from rules.ruleset import builtin
from tests.daemon.capture.desk import Desk
from tests.daemon.capture.post import KNOWN, Post


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "suivi.sqlite"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def post(template: Path, tmp_path: Path) -> Iterator[Post]:
    shutil.copy(template, tmp_path / "suivi.sqlite")
    store = open_store(f"sqlite:///{tmp_path / 'suivi.sqlite'}")
    with store.write() as tx:
        installation.ensure(tx, now(), None)
        ann = people.put_user(tx, name="Ann", email="ann@lumen.example")
        party = people.put_third_party(tx, ThirdParty(ThirdPartyId(0), "CU-1", "Mistral"))
        people.put_contact(tx, Contact(ContactId(0), party, "Jean", emails=(KNOWN,)))
        number = accounts.declare(tx, "mail", "ann", "memory", ann, Level.EVERYTHING, now())
    rulebook = Rulebook(store, builtin(), ["lumen.example"])
    yield Post(store, rulebook, MailAccount(number, "ann", ann))
    store.close()


@pytest.fixture
def desk(template: Path, tmp_path: Path) -> Iterator[Desk]:
    shutil.copy(template, tmp_path / "suivi.sqlite")
    store = open_store(f"sqlite:///{tmp_path / 'suivi.sqlite'}")
    with store.write() as tx:
        installation.ensure(tx, now(), None)
        ann = people.put_user(tx, name="Ann", email="ann@lumen.example")
        party = people.put_third_party(tx, ThirdParty(ThirdPartyId(0), "CU-1", "Mistral"))
        jean = Contact(ContactId(0), party, "Jean", emails=("jean@mistral.example",))
        people.put_contact(tx, jean)
        number = accounts.declare(tx, "calendar", "ann", "dav", ann, Level.EVERYTHING, now())
    rulebook = Rulebook(store, builtin(), ["lumen.example"])
    absorb = Absorb("Europe/Paris")
    capture = CalendarCapture(store, rulebook, b"secret", absorb, withdraw)
    yield Desk(store, rulebook, capture, CalendarAccount(number, "ann", ann, "Europe/Paris"))
    store.close()
