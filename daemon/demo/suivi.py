"""suivi as a person meets it: its commands, its daemon, its HTTP API; nothing from the inside."""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import connectors
from connectors.demo.servers.process import Program
from daemon.demo.settings import Places
from daemon.demo.watch import NotObserved

COMMAND = (sys.executable, "-c", "from daemon.cli import main; main()")
PATIENCE = 60.0

Item = dict[str, Any]
"""An exchange or a follow-up, as the API shows it."""


class Suivi:
    """One installation, configured by a file."""

    def __init__(self, places: Places, language: str) -> None:
        self._places = places
        self._language = language
        self._daemon: Program | None = None

    def run(self, *words: str) -> str:
        """Run a command; what it printed. Raises NotObserved with its own words when it fails."""
        done = subprocess.run(  # noqa: S603  our own command
            [*COMMAND, "--config", str(self._places.config), *words],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            env=self._environment(),
            check=False,
        )
        if done.returncode:
            said = (done.stderr or done.stdout).strip()
            raise NotObserved(f"suivi {' '.join(words)}", f"exit code {done.returncode}: {said}")
        return done.stdout

    def together(self, *commands: Sequence[str]) -> tuple[str, ...]:
        """Run several commands at once, for each of them starts a Python; what they printed."""
        with ThreadPoolExecutor(len(commands)) as pool:
            return tuple(pool.map(lambda words: self.run(*words), commands))

    def json(self, *words: str) -> Any:
        """Run a command with --json; its document."""
        return json.loads(self.run(*words, "--json"))

    def start(self) -> Program:
        """`suivi run`, until the end of the `with` block around it."""
        command = [*COMMAND, "--config", str(self._places.config), "run"]
        log = self._places.folder / "suivi.log"
        self._daemon = Program("suivi", command, log, self._environment())
        return self._daemon

    def __enter__(self) -> "Suivi":
        return self

    def __exit__(self, *exc: object) -> None:
        if self._daemon is not None:
            self._daemon.stop()

    def is_ready(self) -> bool:
        """GET /readyz."""
        try:
            return self._get("/readyz", {})[0] == 200
        except OSError:
            return False

    def get(self, path: str, **query: object) -> Any:
        """A document of the HTTP API."""
        status, body = self._get(f"/api/v1/{path}", query)
        if status != 200:
            raise NotObserved(f"GET /api/v1/{path}", f"{status} {body[:300]!r}")
        return json.loads(body)

    def newest(self, path: str) -> tuple[Item, ...]:
        """The first few items of a list of the API."""
        return tuple(self.get(path, limit=5)["items"])

    def all(self, path: str, **query: object) -> tuple[Item, ...]:
        """Every item of a list of the API, page by page."""
        items: list[Item] = []
        cursor: object = None
        while True:
            page = self.get(path, limit=200, **({"cursor": cursor} if cursor else {}), **query)
            items += page["items"]
            cursor = page.get("next")
            if not cursor:
                return tuple(items)

    @property
    def token(self) -> str:
        """The API's bearer token, from the file that the daemon made."""
        return (self._places.state / "http-token").read_text("utf-8").strip()

    def tail(self) -> str:
        """The daemon's last log lines."""
        return self._daemon.tail() if self._daemon is not None else ""

    def _get(self, path: str, query: Mapping[str, object]) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._places.http, timeout=20)
        headers = {}
        if path.startswith("/api/"):
            headers["Authorization"] = f"Bearer {self.token}"
        asked = {key: value for key, value in query.items() if value is not None}
        try:
            connection.request("GET", f"{path}?{urlencode(asked)}", headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def _environment(self) -> dict[str, str]:
        place = str(Path(connectors.__file__).parents[1])
        kept = {k: v for k, v in os.environ.items() if not k.startswith("SUIVI_")}
        return {**kept, "PYTHONPATH": place, "SUIVI_LANGUAGE": self._language, "NO_COLOR": "1"}
