"""A real server on a free port, over a real SQLite database."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

from daemon import web
from daemon.store import Store, open_store, upgrade
from daemon.web import Button, Check, LinkRefused, Links, LinkText, Readiness, Refusal
from rules.model.people import Right, User, UserId

TOKEN = "admin-token"
WEAK = "weak-token"


@dataclass
class World:
    """What the daemon would say, and what links did."""

    checks: list[Check] = field(
        default_factory=lambda: [
            Check("database", ok=True),
            Check("loop", ok=True),
            Check(
                "mailbox alice",
                ok=False,
                reason="imap: login refused",
                required=False,
                of_account=True,
            ),
            Check("calendar alice", ok=True, required=False, of_account=True),
        ]
    )
    acted: list[str] = field(default_factory=list)
    refused: dict[str, Refusal] = field(
        default_factory=lambda: {f"{why.value}.token": why for why in Refusal}
    )

    def readiness(self) -> Readiness:
        return Readiness(tuple(self.checks))

    def show(self, token: str) -> LinkText:
        return self._text(token, "Terminé ?", Button("Confirmer", token))

    def act(self, token: str) -> LinkText:
        text = self._text(token, "C'est noté")
        self.acted.append(token)
        return text

    def _text(self, token: str, heading: str, *buttons: Button) -> LinkText:
        if token == "moved.token":
            return LinkText(heading, "déplacée", "fr", stale=True)
        if token in self.refused:
            raise LinkRefused(self.refused[token])
        if token != "good.token":
            raise LinkRefused
        return LinkText(heading, "Relance <b>Dupont</b> & fils", "fr", buttons)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that was migrated once, to be copied."""
    file = tmp_path_factory.mktemp("empty") / "suivi.sqlite3"
    upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture
def store(empty: Path, tmp_path: Path) -> Iterator[Store]:
    shutil.copy(empty, tmp_path / "suivi.sqlite3")
    opened = open_store(f"sqlite:///{tmp_path}/suivi.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
def callers() -> dict[str, User]:
    """More who may call, by the hash of their token."""
    return {}


@pytest.fixture
def server(store: Store, world: World, callers: dict[str, User]) -> Iterator[web.Server]:
    callers = {
        web.token_hash(TOKEN): web.admin(),
        web.token_hash(WEAK): User(UserId(9), "nobody", "", rights=frozenset[Right]()),
        **callers,
    }
    app = web.build(store, world.readiness, callers, Links(world.show, world.act), "en")
    running = web.Server(app, "127.0.0.1", 0)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def anonymous(server: web.Server) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=server.url, timeout=20) as client:
        yield client


@pytest.fixture
def admin(server: web.Server) -> Iterator[httpx2.Client]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx2.Client(base_url=server.url, timeout=20, headers=headers) as client:
        yield client


@pytest.fixture
def weak(server: web.Server) -> Iterator[httpx2.Client]:
    headers = {"Authorization": f"Bearer {WEAK}"}
    with httpx2.Client(base_url=server.url, timeout=20, headers=headers) as client:
        yield client
