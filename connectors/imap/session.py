"""One IMAP session after login: tags, commands in flight, answers (RFC 9051 §2.2, §5.5)."""

import re
import socket
import time
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import NoReturn

from connectors.errors import Refused, Unreachable
from connectors.imap.wire import Parser, Response, WireError

DEPTH = 4
"""Commands in flight: enough that a far server never waits for us."""

COMMAND_SECONDS = 600.0
"""How long one command may take as a whole, though octets keep dripping in."""

# What a server says when it is asked too much, too often or too early: later it will be fine.
_BUSY = re.compile(
    rb"UNAVAILABLE|INUSE|LIMIT|OVERQUOTA|throttl|backoff|bandwidth"
    rb"|too many|try again|temporar|not connected",
    re.IGNORECASE,
)
# What it says when it fails: over one message, for good, or over all, until it is mended.
_BROKEN = re.compile(rb"SERVERBUG|CONTACTADMIN|internal error", re.IGNORECASE)
_PLAIN = re.compile(rb"[\x20-\x7e]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a command brought: its status ("OK", "NO", "BAD"), its text, and the data before."""

    tag: bytes
    status: str
    text: bytes
    data: tuple[Response, ...]

    @property
    def ok(self) -> bool:
        """Whether the server did it."""
        return self.status == "OK"

    @property
    def busy(self) -> bool:
        """Whether the server said no for now, not for good."""
        return _BUSY.search(self.text) is not None


class Session:
    """A logged-in connection. One thread at a time; after Unreachable it is dead."""

    def __init__(
        self,
        sock: socket.socket,
        host: str,
        capabilities: frozenset[str],
        *,
        timeout: float,
        welcome: bytes = b"",
        early: bytes = b"",
    ) -> None:
        self.sock = sock
        self.host = host
        self.capabilities = capabilities
        self.welcome = welcome
        self.parser = Parser()
        self._timeout = timeout
        self._count = 0
        self._ready: deque[Response] = deque(self.parser.feed(early))
        self._in_flight: set[bytes] = set()
        self._abandoned: set[bytes] = set()
        self._data: list[Response] = []
        self._done: dict[bytes, Reply] = {}
        self._settled: set[bytes] = set()
        self._dead = ""
        self.news = False
        """Whether the server has told that mail came, since this was last set to False."""
        sock.settimeout(timeout)

    def offers(self, capability: str) -> bool:
        """Whether the server has this capability (RFC 9051 §6.1.1)."""
        return capability in self.capabilities

    def run(self, *words: bytes | str) -> Reply:
        """One command, word by word: str is sent as it stands, bytes as an IMAP string."""
        self._keep_apart(())
        tag = self._tag()
        line = bytearray(tag)
        for word in words:
            line += b" "
            if isinstance(word, str):
                line += word.encode("ascii")
            elif _PLAIN.fullmatch(word):
                line += b'"' + word.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
            else:
                line += b"{%d}\r\n" % len(word)
                self._send(bytes(line))
                refusal = self._await_continuation(tag)
                if refusal is not None:
                    return refusal
                line = bytearray(word)
        self._send(bytes(line) + b"\r\n")
        return self._reply(tag)

    def must(self, *words: bytes | str) -> Reply:
        """`run`, where only OK will do. Raises Refused, or Unreachable for a passing trouble."""
        reply = self.run(*words)
        if not reply.ok:
            self.refuse(reply, str(words[0]))
        return reply

    def refuse(self, reply: Reply, what: str) -> NoReturn:
        """Raise what a NO or BAD means for the caller."""
        said = f"{self.host}: {what}: {shown(reply.text)}"
        if reply.status == "NO" and not reply.busy and not _BROKEN.search(reply.text):
            raise Refused(said)
        raise Unreachable(said)

    def pipeline(self, commands: Iterable[str], depth: int = DEPTH) -> Iterator[Reply]:
        """The replies in the order of the commands, `depth` of which are in flight.

        A reply holds all data since the one before, be it an answer to this command or to a
        later one: Dovecot searches while it fetches, and RFC 9051 §5.5 lets it. So callers go by
        the UIDs. Other commands may be run between two replies.
        """
        waiting: deque[bytes] = deque()
        source = iter(commands)
        try:
            while True:
                burst = bytearray()
                self._keep_apart(waiting)
                for command in islice(source, depth - len(waiting)):
                    waiting.append(self._tag())
                    burst += waiting[-1] + b" " + command.encode("ascii") + b"\r\n"
                if burst:
                    self._send(bytes(burst))
                if not waiting:
                    return
                yield self._reply(waiting.popleft())
                self._keep_apart(waiting)
        finally:
            # The reader may stop early: what is still in flight is then answered to nobody.
            self._abandoned.update(self._in_flight.intersection(waiting))
            self._in_flight.difference_update(waiting)
            for tag in waiting:
                self._done.pop(tag, None)
            if waiting:
                self._data.clear()

    def left_over(self) -> list[Response]:
        """What has been read and asked for by nobody, for who goes on reading the socket."""
        responses = list(self._ready)
        self._ready.clear()
        return responses

    def wake(self) -> None:
        """Take commands again, after somebody else has read the socket."""
        self.sock.settimeout(self._timeout)

    def logout(self) -> None:
        """Say good-bye without waiting for an answer, and hang up. Never raises."""
        try:
            if not self._dead:
                self.sock.settimeout(2.0)
                self.sock.sendall(self._tag() + b" LOGOUT\r\n")
                self.sock.shutdown(socket.SHUT_WR)
        except OSError as error:
            self._dead = str(error)
        finally:
            self.kill("closed")

    def kill(self, why: str) -> None:
        """Hang up at once; what is asked of the session later fails with this reason."""
        self._dead = self._dead or why
        self.sock.close()

    # ------------------------------------------------------------------ octets

    def _tag(self) -> bytes:
        self._count += 1
        tag = b"S%d" % self._count
        self._in_flight.add(tag)
        return tag

    def _keep_apart(self, mine: Collection[bytes]) -> None:
        """Let everybody else's commands end, and lay their data aside, before mine go on."""
        alone = self._in_flight.issubset(mine) and self._done.keys() <= set(mine)
        if alone and not self._abandoned:
            return
        until = time.monotonic() + COMMAND_SECONDS
        while self._in_flight or self._abandoned:
            self._take(self._next(until))
        fresh = sorted((tag for tag in self._done if tag not in self._settled), key=_number)
        if fresh:
            # The first of them is the first to be asked for.
            first = self._done[fresh[0]]
            self._done[fresh[0]] = replace(first, data=tuple(self._data))
            self._settled.update(fresh)
        self._data.clear()

    def _send(self, data: bytes) -> None:
        if self._dead:
            raise Unreachable(f"{self.host}: {self._dead}")
        try:
            self.sock.sendall(data)
        except OSError as error:
            self._lost(error)

    def _reply(self, tag: bytes) -> Reply:
        """The reply to `tag`, with all data that has come."""
        until = time.monotonic() + COMMAND_SECONDS
        while tag not in self._done:
            self._take(self._next(until))
        return self._collect(tag)

    def _collect(self, tag: bytes) -> Reply:
        reply = self._done.pop(tag)
        if tag in self._settled:
            self._settled.discard(tag)
            return reply
        data, self._data = tuple(self._data), []
        return replace(reply, data=data)

    def _await_continuation(self, tag: bytes) -> Reply | None:
        """None when the server waits for the literal, else its refusal of the command."""
        until = time.monotonic() + COMMAND_SECONDS
        while tag not in self._done:
            response = self._next(until)
            if response.text.startswith(b"+"):
                return None
            self._take(response)
        return self._collect(tag)

    def _take(self, response: Response) -> None:
        text = response.text
        if text.startswith(b"* BYE"):
            self._fail(f"the server hung up: {shown(text[6:])}")
        if text.startswith(b"*"):
            self._data.append(response)
            if text[-7:].upper() == b" EXISTS":
                self.news = True
            return
        if text.startswith(b"+"):
            return
        tag, _, rest = text.partition(b" ")
        status, _, said = rest.partition(b" ")
        if tag in self._in_flight:
            self._in_flight.discard(tag)
            self._done[tag] = Reply(tag, status.decode("latin-1").upper(), said, ())
        elif tag in self._abandoned:
            self._abandoned.discard(tag)
        else:
            self._fail(f"an answer to nothing: {shown(text)}")

    def _next(self, until: float) -> Response:
        while not self._ready:
            if time.monotonic() > until:
                self._fail("a command took too long")
            try:
                data = self.sock.recv(1 << 17)
            except OSError as error:
                self._lost(error)
            if not data:
                self._fail("the server closed the connection")
            try:
                self._ready.extend(self.parser.feed(data))
            except WireError as error:
                self.kill(str(error))
                raise Unreachable(f"{self.host}: {error}") from error
        return self._ready.popleft()

    def _fail(self, why: str) -> NoReturn:
        self.kill(why)
        raise Unreachable(f"{self.host}: {why}")

    def _lost(self, error: OSError) -> NoReturn:
        why = "no answer in time" if isinstance(error, TimeoutError) else shown(str(error))
        self.kill(why)
        raise Unreachable(f"{self.host}: {why}") from error


def _number(tag: bytes) -> int:
    return int(tag[1:])


def shown(text: bytes | str, most: int = 200) -> str:
    """What a server said, fit for an error message: one line, short, no control characters."""
    if isinstance(text, bytes):
        text = text[: 4 * most].decode("utf-8", "replace")
    return _CONTROL.sub(" ", text).strip()[:most] or "no reason given"
