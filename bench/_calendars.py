"""What the benchmarks of calendars share: two servers with a filled calendar, a relay that counts
what goes through it, suivi and vdirsyncer as processes of their own.

The objects are written into the servers' own folders: one PUT each would take minutes. Longer than
others, for the three benchmarks start the same servers and programs.
"""

import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from _recorded import recorded

from connectors.demo.company.ics import PARIS
from tests.servers.clients import VDIRSYNCER_CONF
from tests.servers.dav import DavServer
from tests.servers.radicale import radicale
from tests.servers.relay import relay
from tests.servers.xandikos import xandikos

ROOT = Path(__file__).parents[1]
VDIRSYNCER = "vdirsyncer==0.21.0"
USER = "ann"
CONTACT = 0.05
RECURRING = 0.10

_TITLES = (
    "Point d'équipe",
    "Déjeuner",
    "Revue du projet",
    "Entretien annuel",
    "Formation",
    "Train",
)
_REQUEST = re.compile(rb"(?:PROPFIND|REPORT|OPTIONS|GET|PUT|DELETE|HEAD) [^ \r\n]+ HTTP/1\.1\r\n")
_TOML = """\
state_dir = "{home}/state"
runtime_dir = "{home}/run"
[company]
name = "Atelier Lumen"
domains = ["lumen.example"]
timezone = "Europe/Paris"
[database]
url = "sqlite:///{home}/suivi.sqlite3"
[observe]
days = 0
[[users]]
name = "Ann Lumen"
email = "ann@lumen.example"
admin = true
[[calendars]]
name = "ann"
owner = "ann@lumen.example"
url = "{url}"
user = "{user}"
password = "{password}"
"""
_PEOPLE = """\
code,name,kind,domain,contact,email
CU-1,Brasserie Mistral,customer,mistral.example,Jean Mistral,jean@mistral.example
"""


@dataclass(slots=True)
class Traffic:
    """What has gone through a relay: octets to the server and from it, and requests."""

    up: int = 0
    down: int = 0
    requests: int = 0

    @property
    def octets(self) -> int:
        """Both ways."""
        return self.up + self.down


@dataclass(slots=True)
class Box:
    """A calendar "work" on a running server, through a relay that counts."""

    name: str
    server: DavServer
    folder: Path
    href: str
    held: int
    port: int = 0
    traffic: Traffic = field(default_factory=Traffic)

    @property
    def url(self) -> str:
        """The server, through the relay."""
        return f"http://127.0.0.1:{self.port}/"

    @property
    def password(self) -> str:
        """What Xandikos does not ask for."""
        return self.server.passwords[USER] or "none"

    def config(self, template: str, home: Path, **more: str) -> str:
        """A configuration that reads this box into `home`."""
        home.mkdir(parents=True, exist_ok=True)
        return template.format(home=home, url=self.url, user=USER, password=self.password, **more)

    def counted(self) -> Traffic:
        """The traffic since it was asked last."""
        # The last octets may be on their way.
        time.sleep(0.1)
        seen = Traffic(self.traffic.up, self.traffic.down, self.traffic.requests)
        self.traffic.up = self.traffic.down = self.traffic.requests = 0
        return seen

    def change(self, number: int) -> None:
        """Somebody moves an event that is nobody's, as a phone does: by a PUT."""
        uid, data = event(number)
        moved = data.replace(b"DTSTAMP:2025", b"DTSTAMP:2026").replace(b"SUMMARY:", b"SUMMARY:x ")
        self.server.put(USER, f"{self.href}{uid}.ics", moved)


@dataclass(frozen=True, slots=True)
class Run:
    """One run: seconds of the whole process and of CPU, MiB at most; what it says of itself."""

    wall: float
    cpu: float
    peak: float
    said: dict[str, Any]


def event(number: int) -> tuple[str, bytes]:
    """One object of a calendar, always the same: 5 % with a contact, 10 % recurring, a quarter with
    guests whom nobody knows, all changed last more than a year ago."""
    chance = random.Random(number)
    uid = f"{chance.getrandbits(128):032x}"
    start = datetime(2025, 12, 1, tzinfo=UTC) + timedelta(days=chance.randrange(400), hours=8)
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN",
        *PARIS.split("\n"),
        "BEGIN:VEVENT",
        f"UID:{uid}",
        "DTSTAMP:20250601T000000Z",
        "LAST-MODIFIED:20250601T000000Z",
        f"DTSTART;TZID=Europe/Paris:{start:%Y%m%dT%H%M%S}",
        f"DTEND;TZID=Europe/Paris:{start + timedelta(hours=1):%Y%m%dT%H%M%S}",
        f"SUMMARY:{chance.choice(_TITLES)} {number}",
        "LOCATION:Salle 3",
        "DESCRIPTION:" + "Ordre du jour\\, notes et suites à donner. " * chance.randrange(1, 9),
    ]
    if has_contact(number):
        lines.append("ATTENDEE;CN=Jean;PARTSTAT=ACCEPTED:mailto:jean@mistral.example")
    elif number % 4 == 0:
        lines.append(f"ATTENDEE;CN=Zoe:mailto:zoe{number % 97}@elsewhere{number % 13}.example")
    if number % 10 == 3:
        lines.append("RRULE:FREQ=WEEKLY;COUNT=20")
    lines += ["BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT15M", "DESCRIPTION:-", "END:VALARM"]
    folded = (re.sub(r"(.{70})(?=.)", r"\1\r\n ", line) for line in lines)
    return uid, "\r\n".join([*folded, "END:VEVENT", "END:VCALENDAR", ""]).encode()


def has_contact(number: int) -> bool:
    """One in twenty; none of the recurring ones."""
    return number % 20 == 7


@contextmanager
def boxes(folder: Path, sizes: dict[str, int]) -> Iterator[dict[str, Box]]:
    """Both servers for each size, filled and read once, so that all find their caches warm."""
    with ExitStack() as stack:
        found = {}
        for name, events in sizes.items():
            for kind, serve in (("radicale", _radicale), ("xandikos", _xandikos)):
                print(f"{kind}: filling {events} events", flush=True)
                place = folder / f"{kind}-{name}"
                box = stack.enter_context(serve(place, events))
                box.port = stack.enter_context(counting(box.server.port, box.traffic))
                _warm(box)
                found[f"{kind}{name}"] = box
        yield found


def _warm(box: Box) -> None:
    """Radicale parses each item once, which takes a minute."""
    bare = [sys.executable, str(ROOT / "bench" / "_bare.py"), str(box.server.port)]
    subprocess.run([*bare, box.href, box.password, "query"], check=True, capture_output=True)


@contextmanager
def _radicale(folder: Path, events: int) -> Iterator[Box]:
    with radicale(folder, {USER: "ann-secret"}) as server:
        href = server.calendar(USER, "work")
        held = _fill(folder / "collections" / "collection-root" / USER / "work", events)
        yield Box("radicale", server, folder, href, held)


@contextmanager
def _xandikos(folder: Path, events: int) -> Iterator[Box]:
    with xandikos(folder, USER) as server:
        href = server.calendar(USER, "work")
        place = folder / "data" / USER / "calendars" / "work"
        held = _fill(place, events)
        who = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"]
        for words in (["add", "-A"], [*who, "commit", "-qm", "filled"]):
            subprocess.run(["git", *words], cwd=place, check=True)
        yield Box("xandikos", server, folder, href, held)


def _fill(place: Path, events: int) -> int:
    """Write the objects; returns how many meetings with a contact have taken place by now."""
    held = 0
    for number in range(events):
        uid, data = event(number)
        (place / f"{uid}.ics").write_bytes(data)
        told = re.search(rb"DTEND;TZID=Europe/Paris:(\d{8}T\d{6})", data)
        assert told is not None
        over = datetime.strptime(told[1].decode(), "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        # Paris is ahead: within these hours it may be over or not, and is not counted on.
        held += has_contact(number) and over < datetime.now(UTC)
    return held


@contextmanager
def counting(port: int, traffic: Traffic) -> Iterator[int]:
    """The port of a relay to `port` of this machine that counts into `traffic`."""

    def carry(source: socket.socket, sink: socket.socket, is_up: bool) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 18):
                if is_up:
                    traffic.up += len(data)
                    traffic.requests += len(_REQUEST.findall(data))
                else:
                    traffic.down += len(data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    with relay(port, carry) as near:
        yield near


def vdirsyncer() -> str:
    """The program, from PyPI, in an environment of its own."""
    place = ROOT / ".cache" / "vdirsyncer"
    program = place / "bin" / "vdirsyncer"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        pip = [str(place / "bin" / "pip"), "install", "--quiet", VDIRSYNCER]
        subprocess.run(pip, check=True)
    return str(program)


@dataclass(frozen=True, slots=True)
class Theirs:
    """vdirsyncer with a folder of its own, which knows the calendar but has nothing of it yet."""

    home: Path

    @classmethod
    def fresh(cls, box: Box, folder: Path) -> "Theirs":
        """In a folder where nothing was."""
        home = _fresh(folder / f"vdirsyncer-{box.name}-{box.port}")
        (home / "config").write_text(box.config(VDIRSYNCER_CONF, home, listed='"work"'))
        (home / "calendars" / "work").mkdir(parents=True)
        done = subprocess.run(
            [vdirsyncer(), "-c", str(home / "config"), "discover", "--no-list"],
            input=b"y\ny\n",
            capture_output=True,
            check=False,
        )
        if done.returncode != 0:
            sys.exit(f"vdirsyncer discover: {done.stderr.decode()[-500:]}")
        return cls(home)

    def sync(self, events: int) -> Run:
        """Once; all of it must be there afterwards."""
        run = timed([vdirsyncer(), "-c", str(self.home / "config"), "sync"], dict(os.environ))
        there = sum(1 for _ in (self.home / "calendars" / "work").glob("*.ics"))
        if there != events:
            sys.exit(f"vdirsyncer has {there} objects, {events} expected")
        return run


@dataclass(frozen=True, slots=True)
class Ours:
    """suivi with a database of its own, which knows who people are."""

    home: Path

    @classmethod
    def fresh(cls, box: Box, folder: Path) -> "Ours":
        """In a folder where nothing was."""
        home = _fresh(folder / f"suivi-{box.name}-{box.port}")
        config = home / "suivi.toml"
        config.write_text(box.config(_TOML, home))
        config.chmod(0o600)
        (home / "people.csv").write_text(_PEOPLE)
        one = cls(home)
        words = ["import", "third-parties", str(home / "people.csv")]
        subprocess.run(one._words(*words), env=one._environ(), check=True, capture_output=True)
        return one

    def sync(self, turns: int = 1) -> Run:
        """Once, as a process; and `turns` times more within it, as a daemon does, each timed from
        before it connects to the last commit."""
        words = [sys.executable, str(ROOT / "bench" / "_turns.py"), str(self.home / "suivi.toml")]
        return timed([*words, str(turns)], self._environ())

    def recorded(self) -> int:
        """How many exchanges there are."""
        return recorded(self.home / "suivi.sqlite3")

    def _words(self, *words: str) -> list[str]:
        config = str(self.home / "suivi.toml")
        return [sys.executable, "-m", "daemon.cli", "--config", config, *words]

    def _environ(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("SUIVI_")}
        return {**kept, "PYTHONPATH": str(ROOT), "SUIVI_LANGUAGE": "en"}


def timed(words: list[str], environment: dict[str, str]) -> Run:
    """A whole process, from before it starts to its end."""
    start = time.perf_counter()
    with subprocess.Popen(
        words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        out, errors = process.communicate()
        wall = time.perf_counter() - start
    if process.returncode != 0:
        sys.exit(f"{words[:3]} failed: {errors.decode()[-800:]}")
    lines = out.decode().splitlines()
    said = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
    return Run(wall, said.get("cpu", 0.0), said.get("peak", 0.0), said)


@contextmanager
def in_memory() -> Iterator[Path]:
    """A folder in memory, where there is such a thing: no disk is measured."""
    memory = Path("/dev/shm")
    tempfile.tempdir = str(memory) if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="suivi-bench-") as name:
        yield Path(name)


def _fresh(home: Path) -> Path:
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    return home
