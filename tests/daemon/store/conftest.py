"""Each test of the store runs on both databases, each time on a fresh one."""

import itertools
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from daemon.store import (
    Store,
    Tx,
    accounts,
    exchanges,
    folders,
    installation,
    open_store,
    people,
    upgrade,
)
from rules.model.decisions import Decision, Reason, RecordExchange, Step, Verdict
from rules.model.exchanges import Direction, Draft, ExchangeKey, KeyKind, Source
from rules.model.people import Contact, ContactId, Level, ThirdParty, ThirdPartyId, UserId
from rules.model.sightings import AccountId, FolderId, FolderRole, MailPlace, Message, Sighting
from rules.model.wire import FolderInfo, FolderState
from tests.servers import postgres

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The server's URL, with a template that is migrated already."""
    with postgres.start() as url:
        create(url, "suivi_template")
        upgrade(_named(url, "suivi_template"))
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite"
    upgrade(f"sqlite:///{path}")
    return path


def create(server: str, name: str, template: str = "template1") -> str:
    """A new database on the server; its URL."""
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
    engine.dispose()
    return _named(server, name)


def _named(server: str, name: str) -> str:
    return server.rsplit("/", 1)[0] + "/" + name


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'suivi.sqlite'}"
    server = request.getfixturevalue("postgres_server")
    return create(server, f"empty_{next(_numbers)}")


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """A PostgreSQL database of the newest version."""
    return create(postgres_server, f"test_{next(_numbers)}", "suivi_template")


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A SQLite file of the newest version."""
    path = tmp_path / "suivi.sqlite"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The address of a database of the newest version, on each database in turn."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    found: str = request.getfixturevalue(name)
    return found


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = open_store(url)
    yield opened
    opened.close()


@pytest.fixture
def now() -> datetime:
    return NOW


@dataclass(frozen=True)
class World:
    """A small company: two of staff with a mailbox each, two third parties, a folder each."""

    anna: UserId
    bob: UserId
    acme: ThirdPartyId
    beta: ThirdPartyId
    carla: ContactId
    annas: AccountId
    bobs: AccountId
    inbox: FolderId
    sent: FolderId

    def draft(self, key: str = "m1", **other: Any) -> Draft:
        facts: dict[str, Any] = {
            "keys": (ExchangeKey(KeyKind.MESSAGE, key),),
            "third_parties": (self.acme,),
            "contacts": (self.carla,),
            "direction": Direction.INBOUND,
            "mode": "email",
            "happened_at": NOW,
            "source": Source.MAIL,
            "subject": "Devis décalé",
            "comment": "Bonjour, la réunion est reportée",
            "attachments": ("plan.pdf (application/pdf, 3 kB)",),
            "message_id": f"{key}@acme.example",
        }
        return Draft(**(facts | other))

    def sighting(self, uid: int = 1, *, bobs: bool = False, **other: Any) -> Sighting:
        folder = self.sent if bobs else self.inbox
        place = MailPlace(folder, FolderRole.INBOX, "INBOX", 7, uid)
        facts: dict[str, Any] = {
            "account": self.bobs if bobs else self.annas,
            "owner": self.bob if bobs else self.anna,
            "place": place,
            "what": Message(subject="not stored from here"),
        }
        return Sighting(**(facts | other))

    def decision(self, draft: Draft, level: Level = Level.EVERYTHING) -> Decision:
        trace = (Step("third party", "acme", "contact 1"),)
        effects = (RecordExchange(draft),)
        return Decision(Verdict.RECORD, Reason.MATCHED, "rules-1", trace, effects, level)

    def record(
        self,
        tx: Tx,
        draft: Draft | None = None,
        uid: int = 1,
        level: Level = Level.EVERYTHING,
        *,
        bobs: bool = False,
    ) -> exchanges.Recorded:
        decision = self.decision(draft or self.draft(), level)
        return exchanges.record(tx, self.sighting(uid, bobs=bobs), decision, NOW)


def populate(store: Store) -> World:
    with store.write() as tx:
        installation.ensure(tx, NOW, None)
        anna = people.put_user(tx, name="Anna", email="anna@we.example", language="fr")
        bob = people.put_user(tx, name="Bob", email="bob@we.example")
        acme = people.put_third_party(
            tx, ThirdParty(ThirdPartyId(0), "CU1", "Acmé", domains=("acme.example",))
        )
        beta = people.put_third_party(tx, ThirdParty(ThirdPartyId(0), "CU2", "Beta"))
        carla = people.put_contact(
            tx, Contact(ContactId(0), acme, "Carla", emails=("carla@acme.example",))
        )
        everything = Level.EVERYTHING
        annas = accounts.declare(tx, "mail", "anna", "imap", anna, everything, NOW)
        bobs = accounts.declare(tx, "mail", "bob", "imap", bob, everything, NOW)
        info = FolderInfo("INBOX", FolderRole.INBOX)
        state = FolderState("INBOX", uidvalidity=7, uidnext=1000, exists=900)
        inbox = folders.seen(tx, annas, info, state, NOW).id
        sent = folders.seen(tx, bobs, info, state, NOW).id
    return World(anna, bob, acme, beta, carla, annas, bobs, inbox, sent)


@pytest.fixture
def world(store: Store) -> World:
    return populate(store)


@pytest.fixture
def populated() -> Callable[[str], World]:
    """Populate the database of an address; for tests that open several stores on one."""

    def fill(url: str) -> World:
        store = open_store(url)
        try:
            return populate(store)
        finally:
            store.close()

    return fill
