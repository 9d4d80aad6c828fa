"""A few CalDAV requests by plain HTTP: what a phone sends, and a second pair of eyes for the demo.

Written on `http.client` on purpose: what suivi's own connector wrote is verified without it.
"""

import base64
import http.client
from dataclasses import dataclass
from xml.etree import ElementTree

from connectors.errors import Changed, Refused, Unreachable

MKCALENDAR = """<?xml version="1.0" encoding="utf-8"?>
<C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>
<D:displayname>{name}</D:displayname>
</D:prop></D:set></C:mkcalendar>"""

REPORT = """<?xml version="1.0" encoding="utf-8"?>
<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
<D:prop><D:getetag/><C:calendar-data/></D:prop>
<C:filter><C:comp-filter name="VCALENDAR"/></C:filter></C:calendar-query>"""

PRINCIPAL = """<?xml version="1.0" encoding="utf-8"?>
<D:propfind xmlns:D="DAV:"><D:prop><D:current-user-principal/></D:prop></D:propfind>"""


@dataclass(frozen=True, slots=True)
class Stored:
    """One calendar object as the server holds it."""

    href: str
    etag: str
    data: bytes


class Dav:
    """One person's view of a CalDAV server; a connection a request."""

    def __init__(self, host: str, port: int, login: str, password: str) -> None:
        self._host, self._port = host, port
        secret = base64.b64encode(f"{login}:{password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {secret}"}

    def request(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers (lower-case names) and body; Refused on 401 and 403, Changed on 412."""
        connection = http.client.HTTPConnection(self._host, self._port, timeout=20)
        try:
            connection.request(method, path, body, {**self._headers, **(headers or {})})
            answer = connection.getresponse()
            data = answer.read()
        except OSError as error:
            raise Unreachable(f"{method} {path}: {error}") from error
        finally:
            connection.close()
        if answer.status in (401, 403):
            raise Refused(f"{method} {path}: {answer.status}")
        if answer.status == 412:
            raise Changed(f"{method} {path}: 412")
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, data

    def make_calendar(self, path: str, name: str) -> None:
        """MKCALENDAR (RFC 4791 §5.3.1), after the first visit that makes Radicale's principal."""
        self.request("PROPFIND", "/", PRINCIPAL.encode(), {"Depth": "0"})
        body = MKCALENDAR.format(name=name).encode()
        status, _, _ = self.request("MKCALENDAR", path, body, {"Content-Type": "application/xml"})
        if status != 201:
            raise Unreachable(f"MKCALENDAR {path}: {status}")

    def put(self, path: str, data: bytes, etag: str | None = None) -> str:
        """Create, or replace what `etag` names; the new ETag."""
        condition = {"If-None-Match": "*"} if etag is None else {"If-Match": etag}
        kind = {"Content-Type": "text/calendar; charset=utf-8"}
        status, headers, _ = self.request("PUT", path, data, {**kind, **condition})
        if status not in (200, 201, 204):
            raise Unreachable(f"PUT {path}: {status}")
        return headers.get("etag", "")

    def get(self, path: str) -> Stored | None:
        """The object, or None where there is none."""
        status, headers, data = self.request("GET", path)
        if status == 404:
            return None
        if status != 200:
            raise Unreachable(f"GET {path}: {status}")
        return Stored(path, headers.get("etag", ""), data)

    def objects(self, calendar: str) -> tuple[Stored, ...]:
        """Everything in a calendar (calendar-query, RFC 4791 §7.8)."""
        status, _, data = self.request("REPORT", calendar, REPORT.encode(), {"Depth": "1"})
        if status != 207:
            raise Unreachable(f"REPORT {calendar}: {status}")
        tree = ElementTree.fromstring(data)  # noqa: S314  the demo's own server on loopback
        found = []
        for row in tree.iter("{DAV:}response"):
            href, etag = row.findtext("{DAV:}href", ""), row.findtext(".//{DAV:}getetag", "")
            text = row.findtext(".//{urn:ietf:params:xml:ns:caldav}calendar-data", "")
            found.append(Stored(href, etag, text.encode()))
        return tuple(found)
