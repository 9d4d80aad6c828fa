"""What the arrows ask of the outside world; connectors and their memory twins meet these."""

from collections.abc import (
    Callable,
    Collection,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from typing import Protocol

from rules.model.wire import (
    CalendarDelta,
    CalendarInfo,
    CalendarObject,
    FetchedText,
    FolderInfo,
    FolderState,
    HeaderBatch,
    Homes,
    Mail,
    SendResult,
)


class Mailbox(Protocol):
    """One logged-in IMAP account, read-only: no flag changes, nothing moves (spec §5).

    Every call may raise Unreachable or Refused; after Unreachable the session is dead. `sweep`
    yields the `headers` of each range in order; other calls may be made between two of them.
    """

    def folders(self) -> tuple[FolderInfo, ...]: ...

    def examine(self, folder: str) -> FolderState: ...

    def headers(self, lo: int, hi: int) -> HeaderBatch: ...

    def sweep(self, ranges: Iterable[tuple[int, int]]) -> Generator[HeaderBatch, None, None]: ...

    def texts(self, uids: Collection[int]) -> tuple[FetchedText, ...]: ...

    def find(self, message_id: str) -> tuple[int, ...]: ...

    def close(self) -> None: ...


class Calendars(Protocol):
    """One CalDAV account. Every call may raise Unreachable or Refused.

    `homes` is where `discover` found the calendars; `look` asks there again, by one request a
    home, and raises Changed where others are there than is remembered. `load` gives all objects
    of a calendar as they arrive, though some or all may be missing: `changes` tells which.
    """

    @property
    def homes(self) -> Homes | None: ...

    def discover(self) -> tuple[CalendarInfo, ...]: ...

    def look(self, homes: Homes) -> tuple[CalendarInfo, ...]: ...

    def changes(
        self, calendar: str, token: str | None, known: Mapping[str, str]
    ) -> CalendarDelta: ...

    def load(self, calendar: str) -> Iterator[CalendarObject]: ...

    def fetch(self, calendar: str, hrefs: Sequence[str]) -> tuple[CalendarObject, ...]: ...

    def put(self, calendar: str, href: str, data: bytes, etag: str | None) -> CalendarObject: ...

    def delete(self, calendar: str, href: str, etag: str) -> None: ...

    def close(self) -> None: ...


class Outbox(Protocol):
    """An SMTP server. Results come in the order of the mails; never raises for one mail.

    `handed_over` is called for each mail just before its bytes are given to the server,
    `answered` as soon as it is known what became of it; what either raises ends the batch.
    """

    def send(
        self,
        mails: Sequence[Mail],
        handed_over: Callable[[int], None],
        answered: Callable[[int, SendResult], None] | None = None,
    ) -> tuple[SendResult, ...]: ...
