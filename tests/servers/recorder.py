"""A pass-through in front of a calendar server: what is written through it is kept, with what stood
there before.

with recorded(server) as (seen, record): ...   # seen.url passes through; seen.request() does not
"""

import http.client
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.servers.dav import DavServer

_OWN = {"connection", "transfer-encoding", "content-length", "keep-alive", "host", "upgrade"}
_WRITES = {"PUT", "DELETE", "POST", "MOVE", "COPY", "PROPPATCH", "PATCH"}


@dataclass(frozen=True, slots=True)
class Written:
    """One request that changes something; `before` is what stood there, empty for nothing."""

    method: str
    path: str
    before: bytes
    body: bytes
    status: int


@dataclass(slots=True)
class Record:
    """All that has passed: methods in their order, and what was written."""

    methods: list[str] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    octets: int = 0


@contextmanager
def recorded(server: DavServer) -> Iterator[tuple[DavServer, Record]]:
    """The server as suivi is to see it, through a port that keeps a record."""
    record = Record()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            sent = {k: v for k, v in self.headers.items() if k.lower() not in _OWN}
            # The server is to name itself as who asks has named it, in hrefs and redirects.
            sent["Host"] = self.headers["Host"]
            writes = self.command in _WRITES
            try:
                before = self._before() if writes else b""
                status, headers, answer = _pass(server.port, self.command, self.path, sent, body)
            except OSError:
                self.close_connection = True
                return
            record.methods.append(self.command)
            record.octets += len(body) + len(answer)
            if writes:
                done = Written(self.command, self.path, before, body, status)
                record.written.append(done)
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in _OWN:
                    self.send_header(name, value)
            if status not in (204, 304):
                self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def _before(self) -> bytes:
            login = {"Authorization": self.headers.get("Authorization", "")}
            status, _, answer = _pass(server.port, "GET", self.path, login, b"")
            return answer if status == 200 else b""

        def log_message(self, *_: object) -> None:
            """Say nothing: the record holds it all."""

    front = _Server(("127.0.0.1", 0), Handler)
    front.daemon_threads = True
    thread = threading.Thread(target=front.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield replace(server, front=front.server_address[1]), record
    finally:
        front.shutdown()
        front.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Clients hang up; anything else is shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # passed on


def _pass(
    port: int, method: str, path: str, headers: dict[str, str], body: bytes
) -> tuple[int, list[tuple[str, str]], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        return answer.status, answer.getheaders(), answer.read()
    except http.client.HTTPException as error:
        raise OSError("no answer") from error
    finally:
        connection.close()
