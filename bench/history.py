"""Histories, lists and searches over HTTP, of a company with very many exchanges.

The endpoint runs in a process of its own on SQLite and on PostgreSQL, each filled with exchanges of
many third parties; a client asks one request after another, as an admin and as two users who may
each see one exchange in a thousand: one only their own, one all of a small entity. A word that a
third of all texts hold and one that few hold are searched. Prints one JSON object as its last line:

    sqlite_page_p99_ms, postgres_page_p99_ms    history of a third party and global list, the slower
    sqlite_search_p99_ms, postgres_search_p99_ms    first page of either word, the slowest
    deep_vs_first    median of pages far down against that of first pages, the worst of all callers

    ./run bench history [--exchanges N] [--parties N] [--rounds N]
"""

import argparse
import json
import logging
import pickle
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import _many
import httpx2
import structlog

from daemon import web
from daemon.store import open_store, people
from daemon.web import Links, LinkText, Readiness
from tests.servers import postgres

CALLERS = ("everybody", "own", "branch")
"""An admin, who only sees their own, and who sees a small entity: tokens are their names."""
PAGES_DOWN = 12


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exchanges", type=int, default=1_000_000)
    parser.add_argument("--parties", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        _serve(*options.serve)
        return
    result: dict[str, Any] = {"bench": "history", "exchanges": options.exchanges}
    with tempfile.TemporaryDirectory(prefix="suivi-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        deep = [_run("sqlite", f"sqlite:///{folder}/db.sqlite", folder, options, result)]
        home = folder / "server"
        home.mkdir()
        with postgres.serve(home, durable=True) as url:
            deep.append(_run("postgres", url, folder, options, result))
    result["deep_vs_first"] = round(max(deep), 2)
    print(json.dumps(result))


def _run(name: str, url: str, folder: Path, options: Any, result: dict[str, Any]) -> float:
    start = time.monotonic()
    company = _many.fill(url, options.exchanges, options.parties)
    print(f"{name}: filled in {time.monotonic() - start:.0f} s", flush=True)
    kept = folder / f"{name}.pickle"
    kept.write_bytes(pickle.dumps(company))
    pages: list[float] = []
    searches: list[float] = []
    deeper: list[float] = []
    with _server(url, kept) as address:
        for caller in CALLERS:
            asking = _Asking(address, caller, company, options.rounds)
            pages += [asking.list(), asking.history()]
            searches += [asking.search(_many.COMMON), asking.search(_many.RARE)]
            deeper.append(asking.deep())
    result[f"{name}_page_p99_ms"] = round(max(pages), 1)
    result[f"{name}_search_p99_ms"] = round(max(searches), 1)
    return max(deeper)


class _Asking:
    """One caller's requests. A figure is printed with its median; the 99th percentile returned."""

    def __init__(self, address: str, caller: str, company: _many.Company, rounds: int) -> None:
        self._client = httpx2.Client(
            base_url=address, timeout=60, headers={"Authorization": f"Bearer {caller}"}
        )
        self._caller, self._parties, self._rounds = caller, company.parties, rounds
        self._chance = random.Random(3)

    def list(self) -> float:
        """The global list, its first page."""
        return self._measured("list", "exchanges", dict)

    def history(self) -> float:
        """The history of third parties, large ones more often."""
        number = len(self._parties)

        def one() -> dict[str, Any]:
            return {"third_party": self._parties[int(number * self._chance.random() ** 2)]}

        return self._measured("history", "history", one)

    def search(self, word: str) -> float:
        """The first page of a word."""
        return self._measured(f"search {word}", "exchanges", lambda: {"text": word})

    def deep(self) -> float:
        """How much longer than the first page one takes that is far down."""
        after: dict[str, Any] = {}
        for _ in range(PAGES_DOWN):
            following = self._get("exchanges", after).json()["next"]
            if following is None:
                break
            after = {"cursor": following}
        first, far = ([], [])
        for _ in range(self._rounds):
            # In turn, so that what else the machine does hits both alike.
            first.append(self._timed("exchanges", {}))
            far.append(self._timed("exchanges", after))
        times = statistics.median(far) / statistics.median(first)
        print(f"  {self._caller}: {times:.2f} times as long far down", flush=True)
        return times

    def _measured(self, what: str, path: str, params: Any) -> float:
        for _ in range(10):
            self._get(path, params())
        taken = [self._timed(path, params()) for _ in range(self._rounds)]
        worst = statistics.quantiles(taken, n=100)[98]
        median = statistics.median(taken)
        print(f"  {self._caller}: {what}: {median:.1f} ms, p99 {worst:.1f} ms", flush=True)
        return worst

    def _timed(self, path: str, params: dict[str, Any]) -> float:
        before = time.perf_counter()
        self._get(path, params)
        return (time.perf_counter() - before) * 1000

    def _get(self, path: str, params: dict[str, Any]) -> Any:
        return self._client.get(f"/api/v1/{path}", params=params).raise_for_status()


@contextmanager
def _server(url: str, company: Path) -> Iterator[str]:
    command = [sys.executable, __file__, "--serve", url, str(company)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin and process.stdout
        yield process.stdout.readline().strip()
        process.stdin.close()


def _serve(url: str, kept: str) -> None:
    company: _many.Company = pickle.loads(Path(kept).read_bytes())
    # Nobody reads what it would tell of each request.
    quiet = structlog.make_filtering_bound_logger(logging.WARNING)
    structlog.configure(wrapper_class=quiet)
    store = open_store(url)
    with store.read() as tx:
        users = people.users(tx)
    callers = {web.token_hash(name): users[getattr(company, name)] for name in CALLERS}
    links = Links(lambda _: LinkText("", "", "en"), lambda _: LinkText("", "", "en"))
    app = web.build(store, lambda: Readiness(()), callers, links)
    server = web.Server(app, "127.0.0.1", 0)
    server.start()
    print(server.url, flush=True)
    sys.stdin.read()
    server.stop()
    store.close()


if __name__ == "__main__":
    main()
