"""Whatever happens on both sides of a calendar, in whatever order, both say the same in the end."""

import json
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import structlog

from daemon.app.parts import Parts, assemble
from daemon.config import load
from daemon.store import Store, people, upgrade
from rules.model.people import ThirdParty, ThirdPartyId
from tests.flows.histories import History
from tests.servers.dav import DavServer
from tests.servers.radicale import radicale
from tests.servers.tampering import Proxy, tampering

MANY = 100
FIRST = 1
PARTS = 4

CONFIG = """\
state_dir = "{folder}/state"
runtime_dir = "{folder}/run"
[company]
name = "Atelier Lumen"
domains = ["lumen.example"]
language = "en"
timezone = "Europe/Paris"
[database]
url = "sqlite:///{folder}/suivi.sqlite3"
[observe]
days = 0
[[users]]
name = "Ann"
email = "ann@lumen.example"
admin = true
[[users]]
name = "Bob"
email = "bob@lumen.example"
"""
CALENDAR = """\
[[calendars]]
name = "{user}-calendar"
owner = "{user}@lumen.example"
url = "{url}"
user = "{user}"
password = "{user}-secret"
follow_ups = "{first}"
watch = {names}
"""


class Office:
    """A house with nothing but calendars; each history begins with its database as it was new.

    One engine serves them all: what it has compiled once is half of what a history costs.
    """

    def __init__(self, folder: Path, server: DavServer, proxy: Proxy) -> None:
        self._folder, self._server, self._proxy = folder, server, proxy
        self._path = folder / "suivi.sqlite3"
        upgrade(f"sqlite:///{self._path}")
        first = self._assembled("", None)
        self._store = first.store
        with self._store.write() as tx:
            people.put_third_party(tx, ThirdParty(ThirdPartyId(0), "CU-1", "Brasserie Mistral"))
        self._fresh = sqlite3.connect(":memory:")
        with closing(sqlite3.connect(self._path)) as now:
            now.backup(self._fresh)

    def close(self) -> None:
        """No more histories."""
        self._store.close()
        self._fresh.close()

    def play(self, seed: int) -> History:
        """One history in calendars of its own."""
        self._proxy.next.clear()
        self._proxy.puts.clear()
        self._proxy.met.clear()
        names = {"ann": (f"work{seed}", f"home{seed}"), "bob": (f"bob{seed}",)}
        homes = {u: tuple(self._server.calendar(u, n) for n in ns) for u, ns in names.items()}
        with closing(sqlite3.connect(self._path)) as now:
            self._fresh.backup(now)
        calendars = "".join(
            CALENDAR.format(user=user, url=self._proxy.url, first=ns[0], names=json.dumps(ns))
            for user, ns in names.items()
        )
        parts = self._assembled(calendars, self._store)
        history = History(seed, parts, self._server, self._proxy, homes)
        history.play()
        history.met = list(self._proxy.met)
        for user, its in homes.items():
            for home in its:
                self._server.request(user, "DELETE", home)
        return history

    def _assembled(self, calendars: str, store: Store | None) -> Parts:
        config = self._folder / "suivi.toml"
        config.write_text(CONFIG.format(folder=self._folder) + calendars)
        config.chmod(0o600)
        return assemble(load(config), store)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """On Radicale, where each user has what is theirs."""
    secrets = {"ann": "ann-secret", "bob": "bob-secret"}
    with radicale(tmp_path / "radicale", secrets) as server, tampering(server.port) as proxy:
        office = Office(tmp_path, server, proxy)
        yield office
        office.close()


@pytest.fixture(autouse=True)
def _silent() -> Iterator[None]:
    with structlog.testing.capture_logs():
        yield


def seeds(many: int) -> range | list[int]:
    """The seed of SUIVI_HISTORY alone, or so many; each failure names its own."""
    one = os.environ.get("SUIVI_HISTORY")
    return [int(one)] if one else range(FIRST, FIRST + many)


def test_histories_end_in_agreement(office: Office) -> None:
    for seed in seeds(MANY):
        office.play(seed)


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("part", range(PARTS))
def test_a_thousand_histories_end_in_agreement(
    office: Office, tell: Callable[[str], None], part: int
) -> None:
    many = int(os.environ.get("SUIVI_HISTORIES", "1000"))
    done = [office.play(seed) for seed in list(seeds(many))[part::PARTS]]
    happened = Counter(line.split(":")[0].split(" ")[0] for one in done for line in one.told)
    met = Counter(f"{f.method or 'any'} {f.status}" for one in done for f in one.met)
    tell(f"{len(done)} histories, both sides agree after each: {happened}; faults: {met}")
