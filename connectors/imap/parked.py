"""One connection parked in IDLE (RFC 2177), without blocking: what came, and what is due."""

import ssl
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto

from connectors.imap.session import Session, shown
from connectors.imap.wire import Response, WireError

ANSWER_SECONDS = 30.0
"""How long a server may take to accept IDLE or to end it."""
READS_MOST = 16
"""Reads in a row from one connection before the others have their turn."""
SHORTEST_IDLE = 1.0
"""Seconds: a server that ends IDLE sooner by itself would have us ask in a loop."""


class Lost(Exception):
    """The connection is of no use any more; the text says why."""


class State(Enum):
    """Where a connection is."""

    ASKED = auto()
    PARKED = auto()
    ENDING = auto()
    FREE = auto()


@dataclass(slots=True)
class Parked:
    """A session of which INBOX is open. `deadline` is when `due` must be called (monotonic)."""

    session: Session
    renew: float
    state: State = State.ASKED
    deadline: float = 0.0
    since: float = 0.0
    unsent: bytearray = field(default_factory=bytearray)
    _count: int = 0
    _returning: bool = False

    def start(self, now: float) -> bool:
        """Ask for IDLE. Whether mail may have come meanwhile; raises Lost."""
        self.session.sock.settimeout(0)
        self.since = now
        self._ask(now)
        return self._changed(self.session.left_over(), now)

    def ready(self, now: float) -> tuple[bool, bool]:
        """Take what has come: (mail may have come, more is waiting). Raises Lost."""
        changed = False
        self.flush()
        for count, data in enumerate(self._segments()):
            try:
                responses = self.session.parser.feed(data)
            except WireError as error:
                raise Lost(str(error)) from error
            changed = self._changed(responses, now) or changed
            if count == READS_MOST:
                return changed, True
        # All that TLS had buffered is read now: nothing can lie there unseen by the selector.
        return changed, False

    def due(self, now: float) -> None:
        """The deadline has passed: renew, or give up. Raises Lost."""
        if self.state is not State.PARKED:
            raise Lost("no answer to IDLE")
        self._done()
        self.deadline = now + ANSWER_SECONDS

    def end(self) -> None:
        """Wait for the end of IDLE; from then on the session takes commands. Raises Lost."""
        self.session.sock.settimeout(ANSWER_SECONDS)
        self._returning = True
        self.flush()
        if self.state is State.PARKED:
            self._done()
        while self.state is not State.FREE:
            try:
                data = self.session.sock.recv(1 << 16)
            except OSError as error:
                raise Lost(shown(str(error))) from error
            if not data:
                raise Lost("the server closed the connection")
            try:
                self._changed(self.session.parser.feed(data), 0.0)
            except WireError as error:
                raise Lost(str(error)) from error
        self.session.wake()

    def leave(self) -> None:
        """Say good-bye if that is possible at once, and hang up."""
        with suppress(Lost):
            self._send(b"DONE\r\nW0 LOGOUT\r\n")
        self.session.kill("closed")

    def flush(self) -> None:
        """Send what could not be sent before. Raises Lost."""
        while self.unsent:
            try:
                sent = self.session.sock.send(self.unsent)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            except OSError as error:
                raise Lost(shown(str(error))) from error
            del self.unsent[:sent]

    def _send(self, data: bytes) -> None:
        self.unsent += data
        self.flush()

    def _done(self) -> None:
        self._send(b"DONE\r\n")
        self.state = State.ENDING

    def _ask(self, now: float) -> None:
        self._count += 1
        self._send(b"W%d IDLE\r\n" % self._count)
        self.state = State.ASKED
        self.deadline = now + ANSWER_SECONDS

    def _segments(self) -> Iterator[bytes]:
        while True:
            try:
                data = self.session.sock.recv(1 << 16)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            except OSError as error:
                raise Lost(shown(str(error))) from error
            if not data:
                raise Lost("the server closed the connection")
            yield data

    def _changed(self, responses: list[Response], now: float) -> bool:
        changed = False
        for response in responses:
            text = response.text
            if text.startswith(b"+"):
                self._accepted(now)
            elif text.startswith(b"* BYE"):
                raise Lost(f"the server hung up: {shown(text[6:])}")
            elif text.startswith(b"*"):
                changed = changed or text.upper().endswith(b" EXISTS")
            else:
                self._ended(text, now)
        return changed

    def _accepted(self, now: float) -> None:
        self.state = State.PARKED
        self.deadline = now + self.renew
        if self._returning:
            # Not before: DONE ends an IDLE that was accepted (RFC 2177 §3).
            self._done()

    def _ended(self, text: bytes, now: float) -> None:
        status = text.split(b" ", 2)[1:2]
        if status != [b"OK"]:
            raise Lost(f"IDLE refused: {shown(text)}")
        if self._returning:
            self.state = State.FREE
            return
        if self.state is State.PARKED and now - (self.deadline - self.renew) < SHORTEST_IDLE:
            raise Lost("the server ends IDLE at once")
        self._ask(now)
