"""A small real company for one test: mail server, calendar server, SMTP sink, database, suivi.

The daemon and the commands run as processes of their own, as an operator runs them; what they did
is looked up in the servers and through suivi's own commands.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from tests import prefork
from tests.servers.dav import DavServer
from tests.servers.dovecot import Dovecot

T = TypeVar("T")

USERS = {"ann": "ann-secret", "bob": "bob-secret", "suivi": "suivi-secret"}
DOMAIN = "lumen.example"

PEOPLE = """\
code,name,kind,domain,contact,email,phone
CU-1,Brasserie Mistral,customer,mistral.example,Jean Mistral,jean@mistral.example,+33 4 90 00 00 01
CU-2,Hôtel des Alpes,customer/prospect,,Léa Favre,lea.favre@orange.fr,
SU-1,Papeterie Colin,supplier,colin.example,Paul Colin,paul@colin.example,
"""


@dataclass(slots=True)
class House:
    """Where everything is. `extra` is TOML that a test adds at the end of suivi.toml,
    `mailbox_options` what it adds to the mailbox of a user."""

    folder: Path
    dovecot: Dovecot
    database: str
    smtp_port: int | None = None
    connections: int = 4
    dav: DavServer | None = None
    extra: str = ""
    observe_days: float = 0
    batch: int = 500
    http_port: int = 0
    lease_seconds: float = 60
    users: tuple[str, ...] = ("ann", "bob")
    environment: dict[str, str] = field(default_factory=dict)
    mailbox_options: dict[str, str] = field(default_factory=dict)

    def configure(self) -> Path:
        """Write suivi.toml as it is wanted now."""
        path = self.folder / "suivi.toml"
        path.write_text(self._toml(), "utf-8")
        path.chmod(0o600)
        return path

    def suivi(
        self, *arguments: str, check: bool = True, timeout: float = 120, **environment: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run one command to its end."""
        done = prefork.run(self.words(*arguments), self.environ(environment), timeout)
        if check:
            assert done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done

    def json(self, *arguments: str) -> Any:
        """The answer of a command that speaks JSON."""
        return json.loads(self.suivi(*arguments, "--json").stdout)

    def history(self, party: str, limit: int = 1000) -> list[dict[str, Any]]:
        """The exchanges with a third party, as `suivi history` tells them."""
        answer = self.json("history", party, "--limit", str(limit))
        exchanges: list[dict[str, Any]] = answer["exchanges"]
        return exchanges

    def prepare(self, people: str = PEOPLE) -> None:
        """Configuration, database and third parties, by one command."""
        self.configure()
        listed = self.folder / "people.csv"
        listed.write_text(people, "utf-8")
        self.suivi("import", "third-parties", str(listed))

    @contextmanager
    def daemon(self, **environment: str) -> Iterator[prefork.Started]:
        """The daemon, running; stopped in good order at the end if it still lives."""
        log = (self.folder / "daemon.log").open("ab")
        process = prefork.start(self.words("run"), self.environ(environment), log, log)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
            log.close()

    def log(self) -> str:
        """What the daemon has said so far."""
        path = self.folder / "daemon.log"
        return path.read_text("utf-8", errors="replace") if path.exists() else ""

    def command(self, *arguments: str) -> list[str]:
        """The words that run suivi."""
        return [sys.executable, "-m", "daemon.cli", *self.words(*arguments)]

    def words(self, *arguments: str) -> list[str]:
        """What follows the name of the command."""
        return ["--config", str(self.folder / "suivi.toml"), *arguments]

    def environ(self, more: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
        """The environment of suivi's processes, with nothing of the developer's own."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("SUIVI_")}
        kept |= {"SUIVI_LANGUAGE": "en", "PYTHONPATH": str(Path(__file__).parents[2])}
        return {**kept, **self.environment, **more}

    def _toml(self) -> str:
        parts = [
            f"""
state_dir = "{self.folder / "state"}"
runtime_dir = "{self.folder / "run"}"

[company]
name = "Atelier Lumen"
domains = ["{DOMAIN}"]
language = "en"
timezone = "Europe/Paris"

[database]
url = "{self.database}"

[http]
listen = "127.0.0.1:{self.http_port}"
{f'public_url = "http://127.0.0.1:{self.http_port}"' if self.http_port else ""}

[capture]
poll_seconds = 1
batch = {self.batch}
lease_seconds = {self.lease_seconds}

[reminders]
tick_seconds = 0.3
lease_seconds = {self.lease_seconds}

[observe]
days = {self.observe_days}

[[users]]
name = "Ann Lumen"
email = "ann@{DOMAIN}"
admin = true

[[users]]
name = "Bob Lumen"
email = "bob@{DOMAIN}"
aliases = ["bob.lumen@gmail.com"]
language = "fr"
"""
        ]
        parts += [self._mailbox(u, self.mailbox_options.get(u, "")) for u in self.users]
        if self.smtp_port is not None:
            parts.append(
                f"""
[smtp]
host = "127.0.0.1"
port = {self.smtp_port}
security = "none"
from = "suivi@{DOMAIN}"
connections = {self.connections}
"""
            )
            commands = f'purpose = "commands"\naddress = "suivi@{DOMAIN}"\n'
            parts.append(self._mailbox("suivi", commands + self.mailbox_options.get("suivi", "")))
        if self.dav is not None:
            parts += [self._calendar(user) for user in self.users]
        return "".join([*parts, self.extra])

    def _mailbox(self, user: str, more: str = "") -> str:
        owner = f'owner = "{user}@{DOMAIN}"' if user != "suivi" else ""
        return f"""
[[mailboxes]]
name = "{user}"
{owner}
host = "127.0.0.1"
port = {self.dovecot.port}
security = "none"
user = "{user}"
password = "{USERS[user]}"
{more}
"""

    def _calendar(self, user: str) -> str:
        assert self.dav is not None
        return f"""
[[calendars]]
name = "{user}-calendar"
owner = "{user}@{DOMAIN}"
url = "{self.dav.url}"
user = "{user}"
password = "{USERS[user]}"
follow_ups = "work"
"""


def eventually(
    look: Callable[[], T], *, seconds: float = 30, what: str = "", house: House | None = None
) -> T:
    """The first true answer of `look`; fails with the daemon's last words after `seconds`."""
    until = time.monotonic() + seconds
    while True:
        answer = look()
        if answer:
            return answer
        if time.monotonic() > until:
            tail = house.log()[-3000:] if house else ""
            raise AssertionError(f"not within {seconds} s: {what or look}: {answer!r}\n{tail}")
        time.sleep(0.1)


def mail(
    sender: str,
    to: str,
    subject: str,
    text: str = "Bonjour,\r\n\r\nÀ bientôt.\r\n",
    *,
    message_id: str,
    date: str = "Mon, 23 Nov 2026 09:00:00 +0100",
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """A plain message, UTF-8, as it lies in a mailbox."""
    lines = {
        "From": sender,
        "To": to,
        "Subject": subject,
        "Date": date,
        "Message-ID": f"<{message_id}>",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
        **(headers or {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{head}\r\n{text}".encode()
