"""What mails link to: whether `[http] public_url` can be reached, and until when it is trusted."""

import socket
import ssl
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit

from connectors import certificates
from daemon.app.checkup.lines import Asked, CheckLine, certificate, ok, until, warning

SECONDS = 10.0


def website(asked: Asked) -> Iterator[CheckLine]:
    """A connection, and no request: the reverse proxy may answer whatever it likes meanwhile."""
    _, url = asked.words, asked.settings.http.public_url
    if url is None:
        return
    try:
        ends = _ends(url)
    except ssl.SSLError as error:
        text = _("{url}: its certificate is not trusted ({why}): recipients of mails are warned")
        why = getattr(error, "verify_message", "") or error.reason or type(error).__name__
        yield warning("website", text.format(url=url, why=why))
    except OSError as error:
        text = _("{url}: can't be reached from here ({why}); links in mails lead there")
        yield warning("website", text.format(url=url, why=error.strerror or type(error).__name__))
    else:
        yield ok("website", url + until(asked, ends))
        yield from certificate(asked, "website", "", ends)


def _ends(url: str) -> datetime | None:
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    place = (parts.hostname or "", parts.port or (443 if secure else 80))
    with socket.create_connection(place, SECONDS) as plain:
        if not secure:
            return None
        context = ssl.create_default_context()
        with context.wrap_socket(plain, server_hostname=parts.hostname) as wrapped:
            return certificates.ends(wrapped.getpeercert())
