"""A server of a few lines that says what a test tells it to, cut into any segments."""

import re
import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress

from connectors.imap.mailbox import ImapMailbox
from connectors.imap.session import Session

_TAG = re.compile(rb"^(S\d+) (.*)$")


class Script:
    """`answer(tag, command)` gives the octets for each command line, or None to hang up.

    `segments` are the lengths in which what is said is cut; the last one goes on.
    """

    def __init__(
        self, answer: Callable[[bytes, bytes], bytes | None], segments: Iterable[int] = ()
    ) -> None:
        self.client, self._server = socket.socketpair()
        self.commands: list[bytes] = []
        self._answer = answer
        self._segments = list(segments) or [1 << 20]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def mailbox(
        self, *capabilities: str, timeout: float = 5.0, welcome: bytes = b""
    ) -> ImapMailbox:
        """A mailbox logged in to this server, with INBOX open."""
        offered = frozenset({"IMAP4REV1", *capabilities})
        session = Session(self.client, "script", offered, timeout=timeout, welcome=welcome)
        mailbox = ImapMailbox(session)
        mailbox._folder = "INBOX"
        return mailbox

    def __enter__(self) -> "Script":
        return self

    def __exit__(self, *exception: object) -> None:
        self.client.close()
        self._thread.join(5)
        self._server.close()

    def _serve(self) -> None:
        lines = self._server.makefile("rb")
        with lines, suppress(ConnectionError):
            for line in lines:
                match = _TAG.match(line.rstrip(b"\r\n"))
                if match is None:
                    continue
                self.commands.append(match[2])
                said = self._answer(match[1], match[2])
                if said is None:
                    break
                if not self._say(said):
                    return
        # The client may have hung up first.
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)

    def _say(self, octets: bytes) -> bool:
        index = 0
        try:
            while octets:
                length = self._segments[min(index, len(self._segments) - 1)]
                self._server.sendall(octets[:length])
                octets = octets[length:]
                index += 1
        except OSError:
            return False
        return True
