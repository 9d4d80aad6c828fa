"""The journal's native protocol: one datagram an entry, with priority and fields
(systemd.journal-fields(7), https://systemd.io/JOURNAL_NATIVE_PROTOCOL)."""

import fcntl
import logging
import os
import re
import socket
import struct
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, TextIO

from daemon.logs.veil import VEIL

SOCKET = Path("/run/systemd/journal/socket")

_PRIORITY = {"critical": 2, "error": 3, "warning": 4, "info": 6, "debug": 7}
_PATIENCE = 2.0
_STRANGE = re.compile(r"[^A-Z0-9_]")
_LONGEST_NAME = 64
_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL


def is_journal(stream: TextIO) -> bool:
    """Whether this stream leads to the journal: systemd names it in JOURNAL_STREAM by device and
    inode (systemd.exec(5)); a variable that was merely inherited says nothing."""
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def fields(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    """The message as a person reads it; its parts as fields are left at the record."""
    record = event.pop("_record")
    for ours in ("_from_structlog", "journal"):
        event.pop(ours, None)
    priority = _PRIORITY.get(event.pop("level", "info"), 6)
    name = event.pop("logger", None)
    what = str(event.pop("event", ""))
    trace = event.pop("exception", None)
    told = " ".join(f"{key}={_value(value)}" for key, value in event.items())
    head = " ".join(part for part in (f"{name}:" if name else "", what, told) if part)
    message = VEIL.over(f"{head}\n{trace}" if trace else head)
    record.journal |= {
        "MESSAGE": message,
        "PRIORITY": str(priority),
        "SYSLOG_IDENTIFIER": "suivi",
        "SUIVI_LOGGER": str(name or ""),
        **{_name(key): VEIL.over(str(value)) for key, value in event.items()},
    }
    return message


def _value(value: Any) -> str:
    text = str(value)
    return repr(text) if not text or any(c.isspace() or c in "\"'=" for c in text) else text


def _name(key: str) -> str:
    return f"SUIVI_{_STRANGE.sub('_', key.upper())}"[:_LONGEST_NAME]


class JournalHandler(logging.Handler):
    """Sends entries; where nobody takes one, it goes to the stream, each line with its priority
    (sd-daemon(3))."""

    def __init__(self, stream: TextIO, path: Path = SOCKET) -> None:
        super().__init__()
        self._stream = stream
        self._path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.settimeout(_PATIENCE)

    def emit(self, record: logging.LogRecord) -> None:
        """One entry."""
        try:
            # Filled in by `fields`; the record itself is copied on its way there.
            entry: dict[str, str] = {}
            record.journal = entry
            message = self.format(record)
            if not self._sent(datagram(entry)):
                mark = f"<{entry['PRIORITY']}>"
                lines = "".join(f"{mark}{line}\n" for line in message.splitlines() or [""])
                self._stream.write(lines)
                self._stream.flush()
        except Exception:  # noqa: BLE001  as logging wants it: an entry never breaks its caller
            self.handleError(record)

    def close(self) -> None:
        """Gives the socket back."""
        self._socket.close()
        super().close()

    def _sent(self, data: bytes) -> bool:
        try:
            self._socket.sendto(data, self._path)
        except OSError as error:
            if not isinstance(error, TimeoutError | FileNotFoundError | ConnectionRefusedError):
                return self._sent_as_file(data)
            return False
        return True

    def _sent_as_file(self, data: bytes) -> bool:
        """An entry that is too large for a datagram: a sealed file without a name goes instead."""
        try:
            file = os.memfd_create("suivi-log", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
            try:
                with os.fdopen(os.dup(file), "wb") as stream:
                    stream.write(data)
                fcntl.fcntl(file, fcntl.F_ADD_SEALS, _SEALS)
                # Not socket.send_fds, which takes an address and sends without it.
                rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", file))
                self._socket.sendmsg([b""], [rights], 0, self._path)
            finally:
                os.close(file)
        except OSError:
            return False
        return True


def datagram(entry: Mapping[str, str]) -> bytes:
    """An entry as it travels; a value with a line end has its length before it, so that nothing in
    it passes for a field."""
    parts = []
    for name, value in entry.items():
        data = value.encode("utf-8", "replace")
        if b"\n" in data:
            parts.append(name.encode() + b"\n" + struct.pack("<Q", len(data)) + data + b"\n")
        else:
            parts.append(name.encode() + b"=" + data + b"\n")
    return b"".join(parts)
