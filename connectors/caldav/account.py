"""One CalDAV account, logged in: what `daemon.ports.Calendars` asks for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from connectors.caldav import discover, reading, sync, writing
from connectors.caldav.hrefs import Spellings, under
from connectors.caldav.http import Session
from connectors.oauth import Tokens
from rules.model.wire import CalendarDelta, CalendarInfo, CalendarObject, Homes


@dataclass(frozen=True, slots=True)
class CaldavAccount:
    """Where to log in. `url` is the server, the principal, the home set or one calendar, or only a
    domain, or an address in it, which DNS tells the server of (RFC 6764); `ca_file`
    a PEM file of further authorities; `timeout` in seconds, for connecting and for each read. With
    `tokens` the login is by one of these instead of a password."""

    url: str
    user: str
    password: str = field(repr=False)
    ca_file: str | None = None
    timeout: float = 30
    tokens: Tokens | None = field(default=None, repr=False)


class CaldavAccountClient:
    """The calendars of one account; for one thread at a time. Every call may raise Unreachable
    or Refused. Hrefs are canonical paths (`connectors.caldav.hrefs`)."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._spellings = Spellings()
        self._homes: Homes | None = None

    def discover(self) -> tuple[CalendarInfo, ...]:
        """Every calendar of the account."""
        self._homes = discover.discover(self._session, self._spellings)
        return self._homes.calendars

    @property
    def homes(self) -> Homes | None:
        """Where `discover` found them; None before."""
        return self._homes

    def look(self, homes: Homes) -> tuple[CalendarInfo, ...]:
        """The calendars that were found before, as they stand now, by one request for each home.
        Raises Changed where others are there than is remembered: discover them anew."""
        return discover.look(self._session, self._spellings, homes)

    def changes(self, calendar: str, token: str | None, known: Mapping[str, str]) -> CalendarDelta:
        """What changed since `token`; `known` maps the hrefs that the caller has to etags."""
        return sync.changes(self._session, self._spellings, calendar, token, known)

    def fetch(self, calendar: str, hrefs: Sequence[str]) -> tuple[CalendarObject, ...]:
        """The objects as served. One that is gone is absent from the answer."""
        wanted = [under(calendar, href) for href in hrefs]
        return reading.fetch(self._session, self._spellings, calendar, wanted)

    def load(self, calendar: str) -> Iterator[CalendarObject]:
        """All objects, as they arrive; some or all may be missing: `changes` tells which."""
        return reading.load(self._session, self._spellings, calendar)

    def put(self, calendar: str, href: str, data: bytes, etag: str | None) -> CalendarObject:
        """Create (`etag` None) or replace; returns the object as read back, whose href may be
        another one where an earlier copy stands. Raises Changed."""
        href = under(calendar, href)
        if etag is None:
            return writing.create(self._session, self._spellings, calendar, href, data)
        return writing.update(self._session, self._spellings, href, data, etag)

    def delete(self, calendar: str, href: str, etag: str) -> None:
        """Delete; one that is gone already is as good. Raises Changed."""
        writing.delete(self._session, self._spellings, under(calendar, href), etag)

    @property
    def certificate_ends(self) -> datetime | None:
        """Until when the server's certificate is good; None before a call, and without TLS."""
        return self._session.certificate_ends

    @property
    def date(self) -> datetime | None:
        """What time it was at the server when it last answered, to the second."""
        return self._session.date

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


def connect(account: CaldavAccount) -> CaldavAccountClient:
    """A client for the account; nothing is sent before the first call."""
    return CaldavAccountClient(
        Session(
            account.url,
            account.user,
            account.password,
            account.ca_file,
            account.timeout,
            account.tokens,
        )
    )
