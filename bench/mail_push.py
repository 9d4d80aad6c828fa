"""How soon mail is recorded, and what waiting for it costs: many mailboxes over TLS, all parked.

The real daemon, its HTTP on, watches every mailbox of one real Dovecot. Once all of them were read
and wait, deliveries fall in at a steady rate, each in another mailbox; the time runs from the
moment a message stands in its folder until another connection finds its exchange in the database.
What the server itself needs to tell of a message is measured beside it, by a bare IDLE. By these
figures MemoryHigh=, TasksMax= and LimitNOFILE= of systemd/suivi.service are set.
Prints one JSON object as its last line:

    mailboxes, p50_ms, p95_ms, p99_ms, server_delay_ms, pss_mib, cpu_rest_pct, warm_up_s,
    and peak_mib, threads, descriptors, lost

    ./run bench mail-push [--mailboxes N] [--deliveries N] [--rate N] [--rest S]
"""

import argparse
import json
import os
import re
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imapclient
import sqlalchemy as sa

from daemon.store import open_store
from daemon.store.tables.exchanges import exchange
from tests.servers.dovecot import Dovecot

FOLDERS = ("Archives", "Projets", "Clients", "Fournisseurs", "Divers")
"""Beside the INBOX."""
MESSAGES = 3
"""In each INBOX from the start."""
PATIENCE = 1800
"""Seconds until all of them must be parked."""
AFTERWARDS = 60
"""Seconds for the last deliveries to be recorded."""

TOML = """
state_dir = "{place}/state"
runtime_dir = "{place}/run"
[company]
name = "Atelier Lumen"
domains = ["lumen.example"]
[http]
listen = "127.0.0.1:0"
[observe]
days = 0
"""
MAILBOX = """
[[users]]
name = "{name}"
email = "{name}@lumen.example"
[[mailboxes]]
name = "{name}"
owner = "{name}@lumen.example"
host = "localhost"
port = {port}
ca_file = "{ca}"
user = "{name}"
password = "pw"
"""


# A login process of Dovecot carries the TLS of its sessions on; by default of one only, and there
# are at most a hundred.
MANY = """
service imap-login {
  service_count = 0
  process_limit = 4
  client_limit = 4000
}
service auth {
  client_limit = 8000
}
service anvil {
  client_limit = 8000
}
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What a process takes: mebibytes, proportional to what it shares (PSS) and at most (peak of
    its resident set); threads; descriptors; seconds of processor time."""

    pss: float
    peak: float
    threads: int
    descriptors: int
    cpu: float


def load_of(pid: int) -> Load:
    def number(file: str, name: str) -> int:
        text = Path(f"/proc/{pid}/{file}").read_text()
        found = re.search(rf"^{name}:\s+(\d+)", text, re.MULTILINE)
        assert found is not None
        return int(found[1])

    # Of the fields after the name, which may hold spaces, user and system time (proc(5)).
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return Load(
        round(number("smaps_rollup", "Pss") / 1024, 1),
        round(number("status", "VmHWM") / 1024, 1),
        number("status", "Threads"),
        sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir()),
        sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK"),
    )


def letter(name: str, number: int | str) -> bytes:
    return (
        f"From: Jeanne <jeanne{number}@client.example>\r\nTo: {name}@lumen.example\r\n"
        f"Subject: Letter {number}\r\nMessage-ID: <{name}.{number}@client.example>\r\n"
        f"Date: {time.strftime('%a, %d %b %Y %H:%M:%S +0000', time.gmtime())}\r\n\r\nHello\r\n"
    ).encode()


def suivi(environment: dict[str, str], *words: str) -> str:
    command = [sys.executable, "-m", "daemon.cli", *words]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    return done.stdout if done.returncode == 0 else ""


@contextmanager
def daemon(environment: dict[str, str], log: Path) -> Iterator[int]:
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "daemon.cli", "run"], env=environment, stderr=stream
        )
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(120)


def warm_up(pid: int, environment: dict[str, str], mailboxes: int) -> float:
    """Seconds until every mailbox has been read and waits on a socket of its own."""
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE:
        time.sleep(2)
        told = suivi(environment, "status", "--json")
        read = sum(bool(one["last_ok"]) for one in json.loads(told)["accounts"]) if told else 0
        took, load = time.monotonic() - began, load_of(pid)
        print(f"{took:5.0f} s: {read} read, {load}", file=sys.stderr, flush=True)
        if read == mailboxes and load.descriptors > mailboxes:
            return took
    sys.exit("not all were parked in time")


class Watcher(threading.Thread):
    """Notes when each Message-ID is first found, through a connection of its own."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.seen: dict[str, float] = {}
        self._store = open_store(url)
        self._end = threading.Event()

    def run(self) -> None:
        last = 0
        while not self._end.wait(0.01):
            with self._store.read() as tx:
                newer = sa.select(exchange.c.id, exchange.c.message_id).where(exchange.c.id > last)
                rows = tx.execute(newer.order_by(exchange.c.id)).all()
            now = time.monotonic()
            for row in rows:
                last = row.id
                self.seen[row.message_id] = now

    def end(self) -> None:
        self._end.set()
        self.join()
        self._store.close()


def deliver(server: Dovecot, names: list[str], deliveries: int, rate: float) -> dict[str, float]:
    """Message-ID → when it stood in its folder."""
    sent: dict[str, float] = {}
    began = time.monotonic()
    for number in range(deliveries):
        time.sleep(max(0.0, began + number / rate - time.monotonic()))
        name = names[number * 7919 % len(names)]
        # Before the file is moved in: whatever delivering takes counts against us.
        at = time.monotonic()
        server.deliver(name, "INBOX", letter(name, 1000 + number))
        sent[f"{name}.{1000 + number}@client.example"] = at
    return sent


def server_delay(server: Dovecot, name: str, rounds: int = 9) -> float:
    """Milliseconds in which the server tells a bare IDLE of a message, the median."""
    trust = ssl.create_default_context(cafile=server.ca_file)
    delays = []
    with imapclient.IMAPClient("localhost", server.tls_port, ssl_context=trust) as client:
        client.login(name, "pw")
        client.select_folder("INBOX", readonly=True)
        client.idle()
        for number in range(rounds):
            time.sleep(1.37)
            at = time.monotonic()
            server.deliver(name, "INBOX", letter(name, f"idle{number}"))
            while not any(b"EXISTS" in told for told in client.idle_check(30)):
                pass
            delays.append((time.monotonic() - at) * 1000)
        client.idle_done()
    return statistics.median(delays)


def figures(sent: dict[str, float], seen: dict[str, float]) -> dict[str, Any]:
    late = sorted((seen[one] - at) * 1000 for one, at in sent.items() if one in seen)
    cuts = statistics.quantiles(late, n=100)
    return {
        "p50_ms": round(cuts[49]),
        "p95_ms": round(cuts[94]),
        "p99_ms": round(cuts[98]),
        "lost": len(sent) - len(late),
    }


def measure(place: Path, asked: argparse.Namespace) -> dict[str, Any]:
    names = [f"user{number:04d}" for number in range(asked.mailboxes)]
    users = dict.fromkeys([*names, "idler"], "pw")
    with Dovecot(place / "dovecot", users, more=MANY) as server:
        mailboxes = "".join(
            MAILBOX.format(name=name, port=server.tls_port, ca=server.ca_file) for name in names
        )
        config = place / "suivi.toml"
        config.write_text(TOML.format(place=place) + mailboxes)
        environment = {**os.environ, "SUIVI_CONFIG": str(config)}
        for name in names:
            for folder in FOLDERS:
                server.folder(name, folder)
            for number in range(MESSAGES):
                server.deliver(name, "INBOX", letter(name, number))
        (place / "people.csv").write_text(
            "code,name,kind,domain\nC1,Client,customer,client.example\n"
        )
        suivi(environment, "import", "third-parties", str(place / "people.csv"))
        with daemon(environment, place / "log") as pid:
            warmed = warm_up(pid, environment, asked.mailboxes)
            time.sleep(10)
            before = load_of(pid)
            time.sleep(asked.rest)
            rest = load_of(pid)
            watcher = Watcher(f"sqlite:///{place}/state/suivi.sqlite3")
            watcher.start()
            sent = deliver(server, names, asked.deliveries, asked.rate)
            until = time.monotonic() + AFTERWARDS
            while time.monotonic() < until and not sent.keys() <= watcher.seen.keys():
                time.sleep(0.2)
            watcher.end()
            load = load_of(pid)
        return {
            "bench": "mail-push",
            "mailboxes": asked.mailboxes,
            **figures(sent, watcher.seen),
            "server_delay_ms": round(server_delay(server, "idler")),
            "pss_mib": max(rest.pss, load.pss),
            "cpu_rest_pct": round((rest.cpu - before.cpu) / asked.rest * 100, 2),
            "warm_up_s": round(warmed),
            "peak_mib": load.peak,
            "threads": load.threads,
            "descriptors": load.descriptors,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mailboxes", type=int, default=1000)
    parser.add_argument("--deliveries", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=20.0, help="deliveries a second")
    parser.add_argument("--rest", type=float, default=60.0, help="seconds of waiting to measure")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="suivi-push-") as place:
        print(json.dumps(measure(Path(place), asked)))


if __name__ == "__main__":
    main()
