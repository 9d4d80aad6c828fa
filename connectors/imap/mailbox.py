"""One IMAP account, read-only (spec §5): EXAMINE and PEEK only, nothing is flagged or moved."""

import re
import ssl
from collections.abc import Collection, Generator, Iterable
from datetime import datetime

from imapclient import imap_utf7

from connectors import certificates
from connectors.errors import Refused
from connectors.imap import fetch, folders, values
from connectors.imap.account import ImapAccount
from connectors.imap.login import open_session
from connectors.imap.session import Reply, Session, shown
from connectors.imap.texts import texts
from connectors.problems import Problem
from rules.model.wire import FetchedText, FolderInfo, FolderState, HeaderBatch

INBOX = "INBOX"
"""The one name that every server knows (RFC 9051 §5.1)."""

_EXISTS = re.compile(rb"\* (\d{1,10}) EXISTS", re.IGNORECASE)
_CODE = re.compile(rb"\[(UIDVALIDITY|UIDNEXT|HIGHESTMODSEQ) (\d{1,20})\]", re.IGNORECASE)


class ImapMailbox:
    """A logged-in account; every call may raise Unreachable (then it is dead) or Refused.

    One thread at a time. `headers`, `sweep`, `texts` and `find` speak of the folder that was
    examined last.
    """

    def __init__(self, session: Session, fields: tuple[str, ...] = ()) -> None:
        self.session = session
        self._fields = fields
        self._wire_names: dict[str, bytes] = {}
        self._folder: str | None = None
        # UIDNEXT of INBOX when it was first and last examined.
        self._first_next: int | None = None
        self._last_next: int | None = None

    def folders(self) -> tuple[FolderInfo, ...]:
        """Every folder of the account."""
        self._wire_names, found = folders.listed(self.session)
        return found

    def examine(self, folder: str) -> FolderState:
        """Open a folder read-only. Refused when it can't be, or has no lasting UIDs."""
        self._folder = None
        raw = self._wire_names.get(folder)
        name = raw if raw is not None else imap_utf7.encode(folder)
        reply = self.session.run("EXAMINE", name)
        if reply.status == "NO" and not reply.busy:
            # Whatever ails it, be it the server's own fault, ails this folder: others can be read.
            why = shown(reply.text)
            raise Refused.at(self.session.host, Problem.FOLDER, folder=repr(folder), why=why)
        if not reply.ok:
            self.session.refuse(reply, f"folder {folder!r}")
        codes, exists = _state(reply)
        if not codes.get(b"UIDVALIDITY"):
            raise Refused.at(self.session.host, Problem.NO_UIDVALIDITY, folder=repr(folder))
        uidnext = codes.get(b"UIDNEXT") or self._next_uid(exists)
        self._folder = folder
        self.session.news = False
        if folder.upper() == INBOX:
            self._first_next = self._first_next or uidnext
            self._last_next = uidnext
        return FolderState(
            name=folder,
            uidvalidity=codes[b"UIDVALIDITY"],
            uidnext=uidnext,
            exists=exists,
            modseq=codes.get(b"HIGHESTMODSEQ"),
        )

    def headers(self, lo: int, hi: int) -> HeaderBatch:
        """The headers of UIDs `lo`…`hi`, complete: what is not given is named in `holes`."""
        return next(self.sweep([(lo, hi)]))

    def sweep(self, ranges: Iterable[tuple[int, int]]) -> Generator[HeaderBatch, None, None]:
        """One batch a range, in order, with the next ones already asked for.

        Other calls may be made between two batches; opening another folder ends the sweep's use.
        """
        return fetch.batches(self._opened(), ranges, self._fields)

    def texts(self, uids: Collection[int]) -> tuple[FetchedText, ...]:
        """The text parts of these messages; attachments are named, never fetched."""
        return texts(self._opened(), uids)

    def find(self, message_id: str) -> tuple[int, ...]:
        """UIDs of messages whose Message-ID contains this (RFC 9051 §6.4.4: a substring)."""
        session = self._opened()
        wanted = message_id.strip("<>").encode()
        charset = () if wanted.isascii() else ("CHARSET UTF-8",)
        return fetch.found(session.must("UID SEARCH", *charset, "HEADER Message-ID", wanted))

    def at_rest(self) -> bool:
        """Open INBOX, to wait there; whether mail may have come since it was first examined here.
        Raises like `examine`."""
        if self._folder is None or self._folder.upper() != INBOX:
            self.examine(INBOX)
        return self.session.news or self._first_next != self._last_next

    @property
    def capabilities(self) -> frozenset[str]:
        """What the server can do (RFC 9051 §6.1.1), in upper case."""
        return self.session.capabilities

    @property
    def certificate_ends(self) -> datetime | None:
        """Until when the server's certificate is good; None without TLS."""
        sock = self.session.sock
        return certificates.ends(sock.getpeercert() if isinstance(sock, ssl.SSLSocket) else None)

    def close(self) -> None:
        """Log out without waiting; safe to repeat."""
        self.session.logout()

    def _opened(self) -> Session:
        if self._folder is None:
            raise Refused(f"{self.session.host}: no folder has been examined")
        return self.session

    def _next_uid(self, exists: int) -> int:
        """UIDNEXT where EXAMINE did not tell it: one more than the last message's UID."""
        if not exists:
            return 1
        reply = self.session.must("FETCH * (UID)")
        known = [fetch.attributes(response) or {} for response in reply.data]
        return max((values.number(items.get(b"UID")) for items in known), default=0) + 1


def connect(account: ImapAccount) -> ImapMailbox:
    """Log in. Raises Unreachable, or Refused with what to do."""
    return ImapMailbox(open_session(account), account.fields)


def _state(reply: Reply) -> tuple[dict[bytes, int], int]:
    codes: dict[bytes, int] = {}
    exists = 0
    for text in (*(response.text for response in reply.data), b"* " + reply.text):
        for name, value in _CODE.findall(text):
            codes[name.upper()] = int(value)
        count = _EXISTS.match(text)
        if count:
            exists = int(count[1])
    return codes, exists
