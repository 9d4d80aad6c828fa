"""The twin of an IMAP account: folders of messages with ascending UIDs."""

import re
from collections.abc import Collection, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from connectors.errors import Refused, Unreachable
from connectors.memory.faults import Faults
from connectors.memory.parts import texts
from rules.model.sightings import FolderRole
from rules.model.wire import FetchedText, FolderInfo, FolderState, HeaderBatch, HeaderRow

_END_OF_HEADER = re.compile(rb"\r?\n\r?\n")
_MESSAGE_ID = re.compile(rb"^message-id:\s*(.*?)\s*$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Stored:
    raw: bytes
    flags: frozenset[str]
    received: datetime | None
    emailid: str | None

    def header(self) -> bytes:
        """The header block with its empty line, as FETCH BODY[HEADER] answers."""
        end = _END_OF_HEADER.search(self.raw)
        return self.raw[: end.end()] if end else self.raw

    def message_id(self) -> bytes:
        found = _MESSAGE_ID.search(self.header())
        return found[1].strip(b"<>") if found else b""


@dataclass(slots=True)
class _Folder:
    role: FolderRole
    uidvalidity: int
    uidnext: int = 1
    messages: dict[int, _Stored] = field(default_factory=dict)


class MemoryMailbox(Faults):
    """Meets the Mailbox port.

    `faults` are raised by the next calls; after Unreachable, or `close`, the session is dead
    until `login`. `silent` holds (folder, uid) pairs that FETCH does not answer for. `read`
    counts the octets that were handed out.
    """

    def __init__(self, folders: Mapping[str, FolderRole] | None = None) -> None:
        super().__init__()
        self.silent: set[tuple[str, int]] = set()
        self.read = 0
        self._epoch = 1
        self._alive = True
        self._current: str | None = None
        self._folders: dict[str, _Folder] = {}
        for name, role in (folders or {"INBOX": FolderRole.INBOX}).items():
            self.create(name, role)

    # What happens on the server.

    def create(self, folder: str, role: FolderRole = FolderRole.OTHER) -> None:
        """A folder appears, empty; one of the same name is gone, and its UIDVALIDITY with it."""
        self._folders[folder] = _Folder(role, self._epoch)
        self._epoch += 1

    def deliver(
        self,
        folder: str,
        raw: bytes,
        uid: int | None = None,
        *,
        received: datetime | None = None,
        flags: Iterable[str] = (),
        emailid: str | None = None,
    ) -> int:
        """A message arrives; returns its UID. A `uid` given must ascend (RFC 9051 §2.3.1.1)."""
        it = self._folders[folder]
        uid = it.uidnext if uid is None else uid
        if uid < it.uidnext:
            raise ValueError(f"UIDs ascend: {uid} is below {it.uidnext}")
        it.messages[uid] = _Stored(raw, frozenset(flags), received, emailid)
        it.uidnext = uid + 1
        return uid

    def expunge(self, folder: str, uid: int) -> None:
        """A message is gone for good."""
        del self._folders[folder].messages[uid]

    def renumber(self, folder: str) -> None:
        """The server loses count: a new UIDVALIDITY, and UIDs from 1 again."""
        it = self._folders[folder]
        it.uidvalidity, self._epoch = self._epoch, self._epoch + 1
        it.messages = dict(enumerate(it.messages.values(), start=1))
        it.uidnext = len(it.messages) + 1

    def login(self) -> "MemoryMailbox":
        """A new session on the same account."""
        self._alive, self._current = True, None
        return self

    # What suivi does: the port.

    def folders(self) -> tuple[FolderInfo, ...]:
        self._call()
        return tuple(FolderInfo(name, it.role) for name, it in self._folders.items())

    def examine(self, folder: str) -> FolderState:
        self._call()
        if folder not in self._folders:
            raise Refused(f"{folder}: there is no such folder")
        self._current = folder
        it = self._folders[folder]
        return FolderState(folder, it.uidvalidity, it.uidnext, len(it.messages))

    def headers(self, lo: int, hi: int) -> HeaderBatch:
        """Every message of the examined folder with `lo` ≤ UID ≤ `hi`, in ascending order."""
        name, it = self._examined()
        there = [uid for uid in it.messages if lo <= uid <= hi]
        holes = tuple(uid for uid in there if (name, uid) in self.silent)
        rows = tuple(self._row(uid, it.messages[uid]) for uid in there if uid not in holes)
        return HeaderBatch(lo, hi, rows, holes)

    def sweep(self, ranges: Iterable[tuple[int, int]]) -> Generator[HeaderBatch, None, None]:
        """One batch a range, in order."""
        for lo, hi in ranges:
            yield self.headers(lo, hi)

    def texts(self, uids: Collection[int]) -> tuple[FetchedText, ...]:
        """The text of those that are still there, in ascending order."""
        name, it = self._examined()
        there = [uid for uid in sorted(uids) if uid in it.messages]
        fetched = tuple(
            texts(uid, it.messages[uid].raw) for uid in there if (name, uid) not in self.silent
        )
        self.read += sum(len(data) for text in fetched for _, data in text.parts)
        return fetched

    def find(self, message_id: str) -> tuple[int, ...]:
        """UIDs in the examined folder of messages whose Message-ID contains this one."""
        _, it = self._examined()
        wanted = message_id.strip("<>").encode()
        return tuple(uid for uid, stored in it.messages.items() if wanted in stored.message_id())

    def close(self) -> None:
        self._alive, self._current = False, None

    def _call(self) -> None:
        if not self._alive:
            raise Unreachable("memory: the session is closed")
        try:
            self._strike()
        except Unreachable:
            self.close()
            raise

    def _examined(self) -> tuple[str, _Folder]:
        self._call()
        if self._current is None:
            raise Refused("memory: no folder has been examined")
        return self._current, self._folders[self._current]

    def _row(self, uid: int, stored: _Stored) -> HeaderRow:
        header = stored.header()
        self.read += len(header)
        return HeaderRow(
            uid, header, stored.flags, stored.received, stored.emailid, len(stored.raw)
        )
