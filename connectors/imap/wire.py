"""Bytes from an IMAP server → responses (RFC 9051 §2.2.2, §4.3): pure, no socket.

A response is one logical line: text, literal, text, literal, … text. However the bytes are
cut into segments, the same responses come out. Everything is bounded, for a mail of a
stranger decides how long a line or a literal is.
"""

import re
from dataclasses import dataclass

LINE_KEPT = 1 << 20
"""Octets of one text run that are kept; what is longer is cut, and said to be."""
LITERAL_KEPT = 512 * 1024
"""Octets of one literal that are kept; the rest is read and dropped."""
RESPONSE_MOST = 64 << 20
"""Octets of one response, kept or not, beyond which the server is not worth listening to."""

_LITERAL = re.compile(rb"~?\{(\d{1,20})\+?\}$")
_TAIL = 32


class WireError(Exception):
    """The server does not speak IMAP, or says more than anybody can take in."""


@dataclass(frozen=True, slots=True)
class Response:
    """One response; `parts` alternates text (even) and literal (odd), and ends with a text.

    `cut` is True when a part was longer than what is kept.
    """

    parts: tuple[bytes, ...]
    cut: bool = False

    @property
    def text(self) -> bytes:
        """The first text run: tag or "*", and what kind of response it is."""
        return self.parts[0]


class Parser:
    """Eats segments of any size, gives whole responses; holds what is not whole yet."""

    def __init__(self, literal_kept: int = LITERAL_KEPT, line_kept: int = LINE_KEPT) -> None:
        self._literal_kept = literal_kept
        self._line_kept = line_kept
        self._buffer = bytearray()
        self._searched = 0
        self._line = bytearray()
        self._tail = b""
        self._parts: list[bytes] = []
        self._cut = False
        self._literal: bytearray | None = None
        self._awaited = 0
        self._size = 0

    def feed(self, data: bytes) -> list[Response]:
        """The responses that `data` completes. Raises WireError when bounds are passed."""
        self._buffer += data
        whole: list[Response] = []
        while self._step(whole):
            pass
        return whole

    def idle(self) -> bool:
        """Whether everything that was fed has come out: nothing is half said."""
        return not (self._buffer or self._parts or self._line or self._literal is not None)

    def _step(self, whole: list[Response]) -> bool:
        if self._literal is not None:
            return self._take_literal(self._literal)
        return self._take_line(whole)

    def _take_literal(self, literal: bytearray) -> bool:
        taken = min(self._awaited, len(self._buffer))
        room = self._literal_kept - len(literal)
        literal += self._buffer[: min(taken, room)]
        self._cut = self._cut or taken > room
        del self._buffer[:taken]
        self._awaited -= taken
        if self._awaited:
            return False
        self._parts.append(bytes(literal))
        self._literal = None
        self._searched = 0
        return True

    def _take_line(self, whole: list[Response]) -> bool:
        # Some servers end lines with a bare LF: the CR is optional here.
        end = self._buffer.find(b"\n", self._searched)
        if end < 0:
            self._swallow_long_line()
            return False
        segment = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._searched = 0
        self._keep(segment)
        text = bytes(self._line)
        tail = self._tail
        if tail.endswith(b"\r"):
            tail = tail[:-1]
            text = text.removesuffix(b"\r")
        self._line.clear()
        self._tail = b""
        self._parts.append(text)
        literal = _LITERAL.search(tail)
        if literal is None:
            whole.append(Response(tuple(self._parts), self._cut))
            self._parts.clear()
            self._cut = False
            self._size = 0
            return True
        self._awaited = int(literal[1])
        self._grow(self._awaited)
        self._literal = bytearray()
        return True

    def _swallow_long_line(self) -> None:
        """Keep memory flat while a line is still coming."""
        self._searched = len(self._buffer)
        if self._searched > self._line_kept:
            self._keep(bytes(self._buffer))
            self._buffer.clear()
            self._searched = 0

    def _keep(self, segment: bytes) -> None:
        self._grow(len(segment))
        room = self._line_kept - len(self._line)
        self._line += segment[:room]
        # A lone CR may stand between the kept text and a line end that is still to come.
        self._cut = self._cut or len(segment.removesuffix(b"\r")) > room
        self._tail = (self._tail + segment[-_TAIL:])[-_TAIL:]

    def _grow(self, octets: int) -> None:
        self._size += octets
        if self._size > RESPONSE_MOST:
            raise WireError(f"a response of more than {RESPONSE_MOST >> 20} MiB")
