"""A CalDAV server that answers as told: what real servers do on a bad day, one thing at a time.

with crooked(lambda asked: Reply(500 if asked.method == "PUT" else 404)) as server: ...
"""

import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.servers.certificates import Certificate


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `seconds` is waited before it; status 0 hangs up instead; `hangs_up` does so
    afterwards, without having said so."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0
    hangs_up: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


Answers = Callable[[Asked], Reply]


@dataclass(slots=True)
class Crooked:
    """The running server; `asked` lists what it was asked."""

    port: int
    asked: list[Asked]
    scheme: str = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/"

    def methods(self) -> list[str]:
        return [each.method for each in self.asked]


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Clients hang up here on purpose; anything else is shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # passed on


@contextmanager
def crooked(answers: Answers, tls: Certificate | None = None) -> Iterator[Crooked]:
    """Serve `answers` on loopback, in a thread."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Asked(self.command, self.path, headers, body)
            asked.append(request)
            reply = answers(request)
            time.sleep(reply.seconds)
            if reply.status == 0:
                self.close_connection = True
                return
            # A Date of its own stands for a clock that is wrong.
            say = self.send_response_only if "Date" in reply.headers else self.send_response
            say(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.status not in (204, 304):
                self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)
            self.close_connection = self.close_connection or reply.hangs_up

        def log_message(self, *_: object) -> None:
            """Say nothing: `asked` holds it all."""

    server = _Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls.cert, tls.key)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield Crooked(server.server_address[1], asked, "https" if tls else "http")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
