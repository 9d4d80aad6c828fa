"""Whatever the OpenAPI document allows is answered as it says, and what it forbids is refused.

schemathesis calls every operation, with all of its checks, over HTTP: rightly and wrongly made.
"""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest

from daemon import web
from daemon.store import Store, open_store, upgrade
from daemon.web import Links
from daemon.web.auth.doors import Doors
from daemon.web.routes import ROUTES
from tests.daemon.web.fuzz_world import ADMIN, MACHINE, WEAK, Told, desk, populated, writing_desk
from tests.daemon.web.fuzzing import fuzz
from tests.servers import postgres

SHORT = ("--phases", "coverage", "--max-examples", "4", "--seed", "1")
OPERATIONS = {f"{route.method} {route.path}" for route in ROUTES if route.schema}


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.long])], name="store"
)
def _store(request: pytest.FixtureRequest, empty: Path, tmp_path: Path) -> Iterator[Store]:
    with ExitStack() as open_until_the_end:
        if request.param == "sqlite":
            shutil.copy(empty, tmp_path / "suivi.sqlite3")
            database = f"sqlite:///{tmp_path}/suivi.sqlite3"
        else:
            database = open_until_the_end.enter_context(postgres.start())
            upgrade(database)
        opened = open_store(database)
        yield opened
        opened.close()


@pytest.fixture
def told(store: Store) -> Told:
    return populated(store)


@pytest.fixture
def url(store: Store, world, told: Told) -> Iterator[str]:
    app = web.build(
        store,
        world.readiness,
        {web.token_hash(MACHINE): web.admin()},
        Links(world.show, world.act),
        doors=Doors(desk(store)),
        desk=writing_desk,
    )
    server = web.Server(app, "127.0.0.1", 0)
    server.start()
    yield server.url
    server.stop()


def test_operations_of_one_noun_keep_their_word(url: str, told: Told, tmp_path: Path) -> None:
    found = fuzz(url, ADMIN, told, tmp_path, *SHORT, "--include-path-regex", "/(tokens|groups)")
    assert "\n".join(found.failures) == ""
    assert found.broken() == found.never_well() == set()
    assert len(found.statuses) >= 6
    assert _calls(url, ADMIN)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_every_operation_keeps_its_word(url: str, told: Told, tmp_path: Path) -> None:
    found = fuzz(url, ADMIN, told, tmp_path, *SHORT)
    assert "\n".join(found.failures) == ""
    assert found.broken() == set()
    assert found.never_well() == set()
    assert set(found.statuses) == OPERATIONS
    assert _calls(url, ADMIN)


def _calls(url: str, token: str) -> bool:
    """Whether the token was one to the end: else all that came after it was refused."""
    headers = {"Authorization": f"Bearer {token}"}
    return httpx2.get(f"{url}/api/v1/session", headers=headers).status_code == 200


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("token", [ADMIN, WEAK, MACHINE])
def test_every_operation_keeps_its_word_over_many_requests(
    url: str, told: Told, tmp_path: Path, token: str
) -> None:
    found = fuzz(url, token, told, tmp_path, "--max-examples", "100")
    assert "\n".join(found.failures) == ""
    assert found.broken() == set()
    assert set(found.statuses) == OPERATIONS
    assert _calls(url, token)
    assert token != ADMIN or found.never_well() == set()
