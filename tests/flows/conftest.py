"""A house with real servers around it, on both databases."""

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
import sqlalchemy as sa

from daemon.store import upgrade
from tests.flows.agenda import Calendar
from tests.flows.house import USERS, House
from tests.flows.servers import QUICK, SERVERS, serving
from tests.flows.written import nobody_was_invited
from tests.servers import postgres, smtpsink
from tests.servers.dav import DavServer
from tests.servers.dovecot import Dovecot
from tests.servers.radicale import radicale
from tests.servers.recorder import recorded

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A running PostgreSQL."""
    with postgres.start() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> str:
    """The name of a PostgreSQL database of today's schema, with nothing in it."""
    upgrade(_new_database(postgres_url, "template1", "flow_template"))
    return "flow_template"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database of today's schema, with nothing in it."""
    path = tmp_path_factory.mktemp("template") / "suivi.sqlite3"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """The address of a database with nothing in it, of each kind in turn."""
    return str(request.getfixturevalue(request.param))


@pytest.fixture
def postgresql(postgres_url: str, postgres_template: str) -> str:
    """The address of such a PostgreSQL database, where that kind is enough."""
    return _new_database(postgres_url, postgres_template, f"flow_{next(_numbers)}")


def _new_database(server: str, template: str, name: str) -> str:
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
    engine.dispose()
    return server.rsplit("/", 1)[0] + "/" + name


@pytest.fixture
def sqlite(tmp_path: Path, sqlite_template: Path) -> str:
    """The address of such a SQLite database, where one kind is enough."""
    path = tmp_path / "suivi.sqlite3"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def dovecot(tmp_path: Path) -> Iterator[Dovecot]:
    """A mail server with the mailboxes of the house."""
    with Dovecot(tmp_path / "dovecot", users=USERS) as server:
        yield server


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """A mail server that keeps what it is sent: its port, and where it keeps it."""
    folder = tmp_path / "sent"
    with smtpsink.separate(folder) as port:
        yield port, folder


@pytest.fixture
def dav(tmp_path: Path) -> Iterator[DavServer]:
    """Radicale, with a calendar "work" for each of staff; at the end, what suivi wrote there has
    invited nobody."""
    with radicale(tmp_path / "radicale", USERS) as server, recorded(server) as (seen, record):
        for user in ("ann", "bob"):
            server.calendar(user, "work")
        yield seen
        nobody_was_invited(record)


@pytest.fixture(
    params=[n if n in QUICK else pytest.param(n, marks=pytest.mark.long) for n in SERVERS]
)
def anns(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Calendar]:
    """Ann's calendar "work" on each calendar server in turn; at the end, what suivi wrote there
    has invited nobody. The whole story is told on all of them in every run (test_every_server);
    the rest of it on those that take long to start by --long."""
    asked = cast(str, request.param)
    users = {"ann": USERS["ann"]}
    with (
        serving(asked, tmp_path / asked, users, lambda: _postgres(request)) as server,
        recorded(server) as (seen, record),
    ):
        yield Calendar(seen, server.calendar("ann", "work"), asked, record)
        nobody_was_invited(record)


def _postgres(request: pytest.FixtureRequest) -> str:
    """Only where it is needed: it takes a while to start."""
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def house(tmp_path: Path, dovecot: Dovecot, sqlite: str) -> House:
    """Mail alone, on SQLite."""
    return House(_folder(tmp_path), dovecot, sqlite)


@pytest.fixture
def make_house(tmp_path: Path, dovecot: Dovecot) -> Callable[..., House]:
    """A house on the database of one's choice."""
    return lambda database, **more: House(_folder(tmp_path), dovecot, database, **more)


def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "house"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Says something at the end of the run, whether the test passes or not."""
    return lambda text: request.node.user_properties.append(("told", text))
