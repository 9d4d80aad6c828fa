"""An SMTP server that stores: what it has acknowledged is on the disk, whatever dies next.

In the test's own process, with faults that can be changed while it runs:

    with SmtpSink(directory) as sink:
        sink.faults.refuse = {"nobody@example.com"}

or in a process of its own, so that killing a daemon does not take it along:

    with separate(directory) as port: ...      # or: python -m tests.servers.smtpsink DIRECTORY
"""

import argparse
import asyncio
import base64
import json
import os
import ssl
import subprocess
import sys
import threading
import time
import warnings
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Received:
    """A mail as it was accepted: envelope, and the bytes as sent."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes


@dataclass(slots=True)
class Faults:
    """What goes wrong. The counts are used up: so many times, then all is well."""

    greylist: int = 0
    """451 to RCPT."""
    full: int = 0
    """452 after the dot; nothing is kept."""
    refuse: set[str] = field(default_factory=set)
    """Recipients that get 550."""
    spam: int = 0
    """554 after the dot; nothing is kept."""
    drop: int = 0
    """After the dot: store the mail, then hang up without an answer."""
    lose: int = 0
    """After the dot: hang up without an answer, and without storing."""
    hang_up: int = 0
    """421 to MAIL, and the connection is gone: the server goes down."""
    slow: float = 0
    """Seconds before the answer to the dot."""
    tarpit: set[str] = field(default_factory=set)
    """Recipients whose mail gets no answer to its dot for a minute, and is not kept."""
    at_most: int = 0
    """Sessions at once, if any limit: one more gets 421 to its EHLO."""

    def strikes(self, name: str) -> bool:
        """Whether the fault of this name happens now; one less is left."""
        left: int = getattr(self, name)
        setattr(self, name, max(0, left - 1))
        return left > 0


class _Handler:
    def __init__(self, directory: Path, faults: Faults) -> None:
        self.directory, self.faults, self.connections = directory, faults, 0
        self.tokens: set[str] = set()
        self.sessions: weakref.WeakSet[Session] = weakref.WeakSet()

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802
        said = base64.b64decode(args[1]).decode() if len(args) > 1 else ""
        known = any(f"\x01auth=Bearer {token}\x01" in said for token in self.tokens)
        if known:
            return AuthResult(success=True, auth_data=said)
        return AuthResult(success=False, handled=False)

    async def handle_EHLO(  # noqa: N802  (aiosmtpd's names)
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        if 0 < self.faults.at_most <= len(self.sessions):
            await server.push("421 4.7.0 too many connections")
            await _hang_up(server)
        self.sessions.add(session)
        session.host_name = hostname
        self.connections += 1
        return responses

    async def handle_MAIL(  # noqa: N802
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        mail_options: list[str],
    ) -> str:
        if self.faults.strikes("hang_up"):
            await server.push("421 4.3.2 going down")
            cast(asyncio.Transport, server.transport).close()
            await asyncio.sleep(60)
        envelope.mail_from = address
        envelope.mail_options.extend(mail_options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        rcpt_options: list[str],
    ) -> str:
        if self.faults.strikes("greylist"):
            return "451 4.7.1 come back later"
        if address in self.faults.refuse:
            return "550 5.1.1 no such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        await asyncio.sleep(self.faults.slow)
        if self.faults.tarpit & set(envelope.rcpt_tos):
            await asyncio.sleep(60)
        if self.faults.strikes("full"):
            return "452 4.3.1 no room"
        if self.faults.strikes("spam"):
            return "554 5.7.1 looks like spam"
        if self.faults.strikes("lose"):
            await _hang_up(server)
        store(self.directory, envelope)
        if self.faults.strikes("drop"):
            await _hang_up(server)
        return "250 2.0.0 stored"


async def _hang_up(server: SMTP) -> None:
    cast(asyncio.Transport, server.transport).abort()
    # Losing the connection cancels this very coroutine.
    await asyncio.sleep(60)


def store(directory: Path, envelope: Envelope) -> None:
    """Write a mail so that it survives everything from here on."""
    name = f"{time.time_ns():020d}"
    facts = {"sender": envelope.mail_from, "recipients": envelope.rcpt_tos}
    _write(directory / f"{name}.json", json.dumps(facts).encode())
    _write(directory / f"{name}.new", envelope.original_content or b"")
    (directory / f"{name}.new").rename(directory / f"{name}.eml")
    handle = os.open(directory, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def mails(directory: Path) -> tuple[Received, ...]:
    """All that was stored, in order; for those who share only the directory."""
    return tuple(_read(path) for path in sorted(directory.glob("*.eml")))


def _read(path: Path) -> Received:
    facts = json.loads(path.with_suffix(".json").read_bytes())
    return Received(facts["sender"], tuple(facts["recipients"]), path.read_bytes())


@dataclass(frozen=True, slots=True)
class Options:
    """How the server listens. `security` as suivi calls it; a login makes AUTH required."""

    security: str = "none"
    cert: Path | None = None
    key: Path | None = None
    user: str | None = None
    password: str | None = None
    smtputf8: bool = True
    tokens: set[str] = field(default_factory=set)
    """What XOAUTH2 takes, beside the password."""


class SmtpSink:
    """The server in a thread; `start` and `stop` may alternate, on one and the same port."""

    def __init__(self, directory: Path, port: int = 0, options: Options | None = None) -> None:
        self.directory, self.port = directory, port
        self.options = options or Options()
        self.faults = Faults()
        self._handler = _Handler(directory, self.faults)
        self._handler.tokens = self.options.tokens
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        directory.mkdir(parents=True, exist_ok=True)

    @property
    def mails(self) -> tuple[Received, ...]:
        """All that was accepted, and what was dropped after it was stored."""
        return mails(self.directory)

    @property
    def connections(self) -> int:
        """How many greetings there were; STARTTLS takes two each."""
        return self._handler.connections

    def start(self) -> "SmtpSink":
        ready = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(ready)), name="smtpsink", daemon=True
        )
        self._thread.start()
        if not ready.wait(10):
            raise TimeoutError("the SMTP sink did not start")
        return self

    def stop(self) -> None:
        """Connections are cut, and new ones refused."""
        if self._loop is None or self._thread is None:
            return
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(10)
        self._loop = self._thread = None

    def __enter__(self) -> "SmtpSink":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def _serve(self, ready: threading.Event) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        open_ones: list[SMTP] = []

        def connected() -> SMTP:
            open_ones.append(self._protocol())
            return open_ones[-1]

        server = await self._loop.create_server(
            connected,
            "127.0.0.1",
            self.port,
            ssl=self._tls() if self.options.security == "tls" else None,
        )
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self._stopped.wait()
        server.close()
        for protocol in open_ones:
            if protocol.transport is not None:
                cast(asyncio.Transport, protocol.transport).abort()
        await server.wait_closed()

    def _protocol(self) -> SMTP:
        options = self.options
        starttls = options.security == "starttls"
        with warnings.catch_warnings():
            # A password in the clear, over loopback: that is what "none" is there to test.
            warnings.filterwarnings("ignore", message="Requiring AUTH while not requiring TLS")
            return SMTP(
                self._handler,
                loop=self._loop,
                hostname="sink.example",
                enable_SMTPUTF8=options.smtputf8,
                tls_context=self._tls() if starttls else None,
                require_starttls=starttls,
                auth_required=options.user is not None,
                # AUTH over implicit TLS is as safe, but this library can't tell.
                auth_require_tls=options.user is None,
                authenticator=self._authenticate if options.user else None,
            )

    def _tls(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if self.options.cert is None:
            raise ValueError("TLS needs a certificate")
        context.load_cert_chain(self.options.cert, self.options.key)
        return context

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        user, password = self.options.user or "", self.options.password or ""
        known = LoginPassword(user.encode(), password.encode())
        # "handled" False lets the server send its own 535.
        return AuthResult(success=data == known, handled=False)


@contextmanager
def separate(directory: Path, *arguments: str) -> Iterator[int]:
    """A sink in a process of its own; yields its port. Faults are arguments: "--drop=1"."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.servers.smtpsink", str(directory), *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # Its own session: a signal to the test's process group does not reach it.
        start_new_session=True,
    )
    assert process.stdin is not None and process.stdout is not None
    with process:
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()
            process.wait(10)


def main() -> None:
    """Print the port, then serve until standard input ends: so it never outlives its test."""
    parser = argparse.ArgumentParser(description="an SMTP server that stores")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--port", type=int, default=0)
    for name in ("greylist", "full", "spam", "drop", "lose", "hang_up"):
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=0)
    parser.add_argument("--slow", type=float, default=0)
    parser.add_argument("--refuse", action="append", default=[])
    given = parser.parse_args()
    with SmtpSink(given.directory, given.port) as sink:
        for name in ("greylist", "full", "spam", "drop", "lose", "hang_up", "slow"):
            setattr(sink.faults, name, getattr(given, name))
        sink.faults.refuse.update(given.refuse)
        print(sink.port, flush=True)
        sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
