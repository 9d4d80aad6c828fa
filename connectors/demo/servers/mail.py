"""The mail server from outside: start it, fill its mailboxes, send through it, read its keep."""

import json
import smtplib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from imapclient import IMAPClient

from connectors.demo.servers.process import Program
from connectors.errors import Refused

HOST = "127.0.0.1"
BATCH = 100


@dataclass(frozen=True, slots=True)
class MailUser:
    """Who has a mailbox: `folders` maps each folder to its SPECIAL-USE name, or to "" for none."""

    login: str
    password: str = field(repr=False)
    addresses: tuple[str, ...]
    folders: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivered:
    """One message to be put into a folder, as if it had lain there since `at`."""

    data: bytes
    at: datetime
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SentMail:
    """One mail that came in by SMTP."""

    number: str
    sender: str
    recipients: tuple[str, ...]
    data: bytes


class MailServer:
    """A running mail server."""

    def __init__(
        self, program: Program, imap: int, smtp: int, users: Sequence[MailUser], kept: Path
    ) -> None:
        self.program, self.imap, self.smtp, self.kept = program, imap, smtp, kept
        self.users = {user.login: user for user in users}

    @contextmanager
    def session(self, login: str) -> Iterator[Any]:
        """A logged-in IMAPClient (a library without types) of one mailbox, as its owner has it."""
        with IMAPClient(HOST, self.imap, ssl=False, timeout=20) as client:
            client.login(login, self.users[login].password)
            yield client

    def fill(self, login: str, folder: str, messages: Sequence[Delivered]) -> None:
        """Put messages into a folder, many at a time (RFC 3502: one by one costs 44 ms each)."""
        with self.session(login) as client:
            for first in range(0, len(messages), BATCH):
                batch = messages[first : first + BATCH]
                client.multiappend(
                    folder, [{"msg": m.data, "flags": m.flags, "date": m.at} for m in batch]
                )

    def count(self, login: str) -> dict[str, int]:
        """How many messages each folder of a mailbox holds, as the server answers."""
        with self.session(login) as client:
            names = [name for _flags, _delimiter, name in client.list_folders()]
            return {n: int(client.folder_status(n, ["MESSAGES"])[b"MESSAGES"]) for n in names}

    def raw(self, login: str, folder: str, message_id: str) -> tuple[bytes, ...]:
        """The messages of a folder that carry this Message-ID (without brackets)."""
        with self.session(login) as client:
            client.select_folder(folder, readonly=True)
            uids = client.search(["HEADER", "Message-ID", f"<{message_id}>"])
            return tuple(row[b"BODY[]"] for row in client.fetch(uids, ["BODY.PEEK[]"]).values())

    def send(self, sender: str, recipients: Iterable[str], data: bytes) -> None:
        """Hand a mail over by SMTP, as the outside world or a mail client does."""
        with smtplib.SMTP(HOST, self.smtp, timeout=20) as client:
            client.sendmail(sender, list(recipients), data)

    def sent(self) -> tuple[SentMail, ...]:
        """Everything that came in by SMTP, in order."""
        return tuple(_sent(path) for path in sorted(self.kept.glob("*.eml")))


def _sent(path: Path) -> SentMail:
    envelope = json.loads(path.with_suffix(".json").read_text("utf-8"))
    return SentMail(path.stem, envelope["sender"], tuple(envelope["recipients"]), path.read_bytes())


def missing() -> tuple[str, ...]:
    """Packages of the `demo` extra that are not installed."""
    return tuple(name for name in ("pymap", "aiosmtpd", "radicale") if find_spec(name) is None)


@contextmanager
def mail_server(folder: Path, users: Sequence[MailUser]) -> Iterator[MailServer]:
    """A mail server with these mailboxes, for as long as the block runs; files go to `folder`."""
    if missing():
        raise Refused(f"not installed: {', '.join(missing())}: pip install 'suivi[demo]'")
    kept = folder / "sent"
    kept.mkdir(parents=True)
    ready, spec = folder / "ports.json", folder / "mailboxes.json"
    spec.touch(mode=0o600)
    spec.write_text(json.dumps(_spec(users, kept, ready)), "utf-8")
    command = [sys.executable, "-m", "connectors.demo.servers.postoffice", str(spec)]
    with Program("the mail server", command, folder / "mail.log") as program:
        program.wait_until(ready.exists)
        ports = json.loads(ready.read_text("utf-8"))
        yield MailServer(program, ports["imap"], ports["smtp"], users, kept)


def _spec(users: Sequence[MailUser], kept: Path, ready: Path) -> dict[str, object]:
    rows = [
        {
            "login": user.login,
            "password": user.password,
            "addresses": list(user.addresses),
            "folders": dict(user.folders),
        }
        for user in users
    ]
    return {"users": rows, "kept": str(kept), "ready": str(ready)}
