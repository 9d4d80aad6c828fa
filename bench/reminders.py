"""Reminders that are due in one and the same second, from a ledger with many more.

The real daemon runs beside a mail server that only takes and counts, on SQLite and on PostgreSQL,
every commit on the disk. Lateness is the arrival at that server after the second in which all were
due. The bare loop hands the same bytes to the same server over one connection of aiosmtplib, and
remembers nothing. Prints one JSON object as its last line:

    p50_ms, p99_ms, max_ms (of the slower database), sqlite_mails_per_s, postgres_mails_per_s,
    vs_bare_loop (of the slower), idle_tick_ms (a tick with nothing to do and a million entries in
    the ledger; the slower)

    ./run bench reminders [--open N] [--due N] [--ledger N]
"""

import argparse
import asyncio
import json
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiosmtplib
import sqlalchemy as sa

from daemon.app.parts import assemble
from daemon.app.ticks import Ticks
from daemon.config import load
from daemon.jobs import Pool, Turn
from daemon.loop import Loop
from daemon.reminders.plan import plan
from daemon.store import follow_ups, installation, open_store, people, upgrade
from daemon.store.tables import metadata
from rules.model.followups import Assignee, FollowUpDraft, Reminder
from rules.model.sightings import When
from tests.servers import postgres

TOML = """
state_dir = "{folder}"
runtime_dir = "{folder}/run"
[company]
name = "Atelier Lumen"
domains = ["lumen.example"]
timezone = "Europe/Paris"
[database]
url = "{url}"
[http]
listen = "127.0.0.1:0"
[smtp]
host = "127.0.0.1"
port = {port}
security = "none"
from = "suivi@lumen.example"
[observe]
days = 0
[log]
level = "warning"
[[users]]
name = "Ann Lumen"
email = "ann@lumen.example"
"""
HOUR = timedelta(hours=1)
# The daemon must stand, and have slept, before the second comes.
STARTS_WITHIN = 12


@dataclass(frozen=True, slots=True)
class Run:
    """One database: lateness in ms, mails a second, the bare loop's, and an idle tick in ms."""

    late: list[float]
    rate: float
    bare: float
    idle: float


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--open", type=int, default=100_000)
    parser.add_argument("--due", type=int, default=1_000)
    parser.add_argument("--ledger", type=int, default=1_000_000)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(_serve(options.serve))
        return
    with tempfile.TemporaryDirectory(prefix="suivi-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        (folder / "sqlite").mkdir()
        runs = {"sqlite": _run(folder / "sqlite", f"sqlite:///{folder}/sqlite/db", options)}
        with postgres.serve(_made(folder / "server"), durable=True) as url:
            runs["postgres"] = _run(_made(folder / "postgres"), url, options)
    worst = max(runs.values(), key=lambda run: max(run.late))
    result = {
        "bench": "reminders",
        "p50_ms": round(statistics.median(worst.late)),
        "p99_ms": round(statistics.quantiles(worst.late, n=100)[98]),
        "max_ms": round(max(worst.late)),
        "sqlite_mails_per_s": round(runs["sqlite"].rate),
        "postgres_mails_per_s": round(runs["postgres"].rate),
        "vs_bare_loop": round(min(run.rate / run.bare for run in runs.values()), 2),
        "idle_tick_ms": round(max(run.idle for run in runs.values()), 2),
    }
    print(json.dumps(result))


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _run(folder: Path, url: str, options: Any) -> Run:
    upgrade(url)
    with _server(folder / "arrivals") as port:
        config = folder / "suivi.toml"
        config.write_text(TOML.format(folder=folder, url=url, port=port))
        config.chmod(0o600)
        assemble(load(config)).store.close()
        due_at = _fill(url, options.open, options.due, config)
        sent = folder / "arrivals"
        with _daemon(config, folder):
            _until(lambda: sent.exists() and len(sent.read_bytes().splitlines()) >= options.due)
        arrivals = [json.loads(line) for line in sent.read_text().splitlines()]
    late = [(at - due_at.timestamp()) * 1000 for at, _ in arrivals]
    assert len({name for _, name in arrivals}) == len(arrivals) == options.due, len(arrivals)
    assert min(late) >= 0, min(late)
    rate = options.due / (max(late) / 1000)
    bare = _bare(folder, options.due)
    idle = _idle(url, options.ledger, config)
    print(f"{folder.name}: {rate:.0f} mails/s, bare {bare:.0f}, idle {idle:.2f} ms", flush=True)
    return Run(late, rate, bare, idle)


# The ledger.


def _fill(url: str, opened: int, due: int, config: Path) -> datetime:
    """Follow-ups far ahead, and some whose reminders are due in one second; that second."""
    print(f"filling {opened} and {due}", flush=True)
    store = open_store(url)
    parts = assemble(load(config), store)
    moment = datetime.now(UTC)
    with store.write() as tx:
        (user,) = people.users(tx)
        draft = FollowUpDraft(
            key="first",
            title="Rappeler pour le devis",
            when=When(moment + timedelta(days=30), zone="Europe/Paris"),
            assignees=(Assignee(user, owner=True),),
            reminders=(Reminder(HOUR),),
        )
        follow_ups.open(tx, draft, moment, installation.get(tx).live_since)
    plan(store, parts.rulebook, moment)
    _copy(store, opened - 1, moment + timedelta(days=30))
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=STARTS_WITHIN)
    _copy(store, due, at + HOUR, "due")
    _analyze(url)
    store.close()
    return at


def _copy(store: Any, number: int, start: datetime, name: str = "far") -> None:
    """As many copies of the first follow-up, planned as it is."""
    table = metadata.tables
    with store.write() as tx:
        (first,) = tx.execute(
            sa.select(table["follow_up"]).where(table["follow_up"].c.key == "first")
        ).mappings()
        after = tx.execute(sa.select(sa.func.max(table["follow_up"].c.id))).scalar() + 1
        made = range(after, after + number)
        rows = [
            {**first, "id": i, "key": f"{name}:{i}", "uid": f"{name}:{i}", "start_at": start}
            for i in made
        ]
        tx.execute(sa.insert(table["follow_up"]), rows)
        for part in ("follow_up_assignee", "follow_up_reminder", "ledger"):
            query = sa.select(table[part]).where(table[part].c.follow_up_id == first["id"])
            (row,) = tx.execute(query).mappings()
            own = {"at": start - HOUR} if part == "ledger" else {}
            row = {k: v for k, v in row.items() if k != "id"}
            tx.execute(sa.insert(table[part]), [{**row, **own, "follow_up_id": i} for i in made])
        if tx.dialect.name == "postgresql":
            tx.exec_driver_sql("SELECT setval('follow_up_id_seq', (SELECT max(id) FROM follow_up))")


def _analyze(url: str) -> None:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
    engine.dispose()


def _idle(url: str, entries: int, config: Path) -> float:
    """The median time of the reminders' tick when nothing is due, in ms."""
    store = open_store(url)
    parts = assemble(load(config), store)
    columns = [c.name for c in metadata.tables["ledger"].columns if c.name != "id"]
    for version in range(1, 1 + entries * 2):
        with store.write() as tx:
            there = tx.exec_driver_sql("SELECT count(*) FROM ledger").scalar() or 0
            if there >= entries:
                break
            # What was sent long ago, for earlier versions of the same follow-ups.
            values = {"schedule_version": str(-version), "state": "'sent'", "mail": "NULL"}
            chosen = ", ".join(values.get(column, column) for column in columns)
            tx.exec_driver_sql(
                f"INSERT INTO ledger ({', '.join(columns)}) SELECT {chosen} FROM ledger "
                f"WHERE schedule_version > 0 LIMIT {entries - there}"
            )
    _analyze(url)
    tick = next(
        one
        for one in Ticks(parts, Loop((), Pool(1)), datetime.now(UTC)).all()
        if one.name == "reminders"
    )
    taken = []
    for _ in range(200):
        before = time.perf_counter()
        tick.job(Turn("reminders", threading.Event(), 60))
        taken.append((time.perf_counter() - before) * 1000)
    store.close()
    return statistics.median(taken)


# The daemon, and the mail server.


@contextmanager
def _daemon(config: Path, folder: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "daemon.cli", "--config", str(config), "run"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _until(done: Any) -> None:
    until = time.monotonic() + 120
    while not done():
        assert time.monotonic() < until, "not all mails came"
        time.sleep(0.2)


@contextmanager
def _server(arrivals: Path) -> Iterator[int]:
    command = [sys.executable, __file__, "--serve", str(arrivals)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin and process.stdout
        yield int(process.stdout.readline())
        process.stdin.close()


class _Taking(asyncio.Protocol):
    """Says yes to everything; of each mail, when it was here and its Message-ID."""

    def __init__(self, file: Any) -> None:
        self._file, self._buffer, self._in_data = file, b"", False

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write(b"220 sink.example ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = b"\r\n.\r\n" if self._in_data else b"\r\n"
        while end in self._buffer:
            taken, _, self._buffer = self._buffer.partition(end)
            self._transport.write(self._mail(taken) if self._in_data else self._command(taken))
            end = b"\r\n.\r\n" if self._in_data else b"\r\n"

    def _mail(self, data: bytes) -> bytes:
        name = data.partition(b"\r\nMessage-ID: ")[2].partition(b"\r\n")[0].decode()
        self._file.write(json.dumps([time.time(), name]) + "\n")
        self._file.flush()
        self._in_data = False
        return b"250 taken\r\n"

    def _command(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        if verb == b"EHLO":
            return b"250-sink.example\r\n250-8BITMIME\r\n250 SIZE 10000000\r\n"
        self._in_data = verb == b"DATA"
        return b"354 go on\r\n" if self._in_data else b"250 yes\r\n"


async def _serve(arrivals: Path) -> None:
    loop = asyncio.get_running_loop()
    with arrivals.open("w") as file:
        server = await loop.create_server(lambda: _Taking(file), "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await loop.run_in_executor(None, sys.stdin.buffer.read)


def _bare(folder: Path, number: int) -> float:
    """Mails a second, of about the same size, by a loop that does nothing else."""
    body = ("Bonjour Ann,\r\n" + "x" * 70 + "\r\n") * 60

    async def loop(port: int) -> float:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as smtp:
            start = time.perf_counter()
            for i in range(number):
                mail = f"Subject: x\r\nMessage-ID: <{i}@x.example>\r\n\r\n{body}"
                await smtp.sendmail("suivi@lumen.example", ["ann@lumen.example"], mail)
            return number / (time.perf_counter() - start)

    with _server(folder / "bare") as port:
        return asyncio.run(loop(port))


if __name__ == "__main__":
    main()
