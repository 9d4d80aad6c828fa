"""What connectors hand over: protocol data in plain values, still undecided."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from rules.model.sightings import FolderRole


@dataclass(frozen=True, slots=True)
class FolderInfo:
    """A folder as LIST names it (RFC 9051 §6.3.9), decoded; `role` by SPECIAL-USE, else by name,
    and then it is `guessed`."""

    name: str
    role: FolderRole
    selectable: bool = True
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class FolderState:
    """A folder as EXAMINE answers (RFC 9051 §6.3.3); `modseq` is a hint only."""

    name: str
    uidvalidity: int
    uidnext: int
    exists: int
    modseq: int | None = None


@dataclass(frozen=True, slots=True)
class HeaderRow:
    """One message of a sweep: its header block as raw bytes, and what came with it."""

    uid: int
    header: bytes
    flags: frozenset[str] = frozenset()
    received: datetime | None = None
    emailid: str | None = None
    size: int = 0


@dataclass(frozen=True, slots=True)
class HeaderBatch:
    """The answer for UIDs `lo`…`hi`. `holes` are UIDs the server has but did not answer for,
    though asked again."""

    lo: int
    hi: int
    rows: tuple[HeaderRow, ...]
    holes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A leaf of BODYSTRUCTURE (RFC 9051 §7.5.2); `size` in octets as encoded; `flowed` and `delsp`
    as RFC 3676 §4 has them."""

    section: str
    media_type: str
    charset: str | None = None
    encoding: str = "7bit"
    size: int = 0
    filename: str | None = None
    disposition: str | None = None
    flowed: bool = False
    delsp: bool = False


@dataclass(frozen=True, slots=True)
class FetchedText:
    """The text parts of one message, still encoded, and its other parts by name only."""

    uid: int
    parts: tuple[tuple[Part, bytes], ...]
    others: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class CalendarInfo:
    """A collection as PROPFIND shows it (RFC 4791 §5.2); `trusted` is False where servers of its
    kind are known to forget changes without a word, `lent` True where it lies with somebody who
    has made the account's user their delegate."""

    href: str
    name: str
    components: frozenset[str]
    writable: bool = True
    ctag: str | None = None
    sync_token: str | None = None
    trusted: bool = True
    lent: bool = False


@dataclass(frozen=True, slots=True)
class Homes:
    """Where the calendars of an account were found, so that one request asks for all of them.

    `account` is who asked where, without the password; `places` are collections on `origin`,
    `login` is the scheme of the login that was asked for there, and `calendars` are what was
    found, as it was then.
    """

    account: str
    origin: str
    places: tuple[str, ...]
    login: str
    calendars: tuple[CalendarInfo, ...]


@dataclass(frozen=True, slots=True)
class CalendarDelta:
    """What changed since a token: href → etag, hrefs gone, and the token of the same answer.

    `complete` is True when `changed` lists every object (a full comparison).
    """

    changed: Mapping[str, str]
    removed: frozenset[str]
    token: str | None
    complete: bool = False


@dataclass(frozen=True, slots=True)
class CalendarObject:
    """One object resource: its bytes as served."""

    href: str
    etag: str | None
    data: bytes
    schedule_tag: str | None = None


class Outcome(StrEnum):
    """What became of a mail that was handed to the server."""

    SENT = "sent"
    TRY_AGAIN = "try-again"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail for one recipient (RFC 5321): envelope and bytes."""

    sender: str
    recipient: str
    data: bytes


@dataclass(frozen=True, slots=True)
class SendResult:
    """What the server answered; `detail` is its reply without addresses of others."""

    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One line of an import, numbered from 1 with the header as line 1, or why it can't be used."""

    line: int
    fields: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
