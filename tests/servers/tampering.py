"""A proxy before a real calendar server that fails as told, now and then.

with tampering(server.port) as proxy:
    proxy.next.append(Fault("PUT", 500, applied=True))
"""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True)
class Fault:
    """What becomes of the next request of this method ("" for any): this status; 0 hangs up. Where
    it is `applied`, the server has done what was asked all the same."""

    method: str
    status: int
    applied: bool = False


@dataclass(slots=True)
class Proxy:
    """The running proxy. `next` are the faults to come, each once; `met` those that came."""

    port: int
    next: list[Fault] = field(default_factory=list)
    met: list[Fault] = field(default_factory=list)
    puts: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def take(self, method: str) -> Fault | None:
        """The fault that this request meets, if any."""
        for fault in self.next:
            if fault.method in ("", method):
                self.next.remove(fault)
                self.met.append(fault)
                return fault
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients hang up; what is wrong shows in their answers."""


@contextmanager
def tampering(port: int) -> Iterator[Proxy]:
    """Stand before the server at this port of loopback."""
    proxy = Proxy(0)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Header and body are two writes: without this the second waits for an acknowledgement.
        disable_nagle_algorithm = True

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.command == "PUT":
                proxy.puts.append(body)
            fault = proxy.take(self.command)
            if fault is None or fault.applied:
                status, headers, answer = _forward(
                    port, self.command, self.path, self.headers, body
                )
            if fault is not None:
                status, headers, answer = fault.status, {}, b"" if fault.applied else b"no"
            if status == 0:
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing: `met` holds what matters."""

    server = _Server(("127.0.0.1", 0), Handler)
    proxy.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


_HOP = frozenset({"connection", "transfer-encoding", "content-length", "date", "server"})
"""What is said from one end of a connection to the other, and no further."""


def _forward(
    port: int, method: str, path: str, headers: http.client.HTTPMessage, body: bytes
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        kept = {
            n: v for n, v in headers.items() if n.lower() not in ("connection", "content-length")
        }
        connection.request(method, path, body or None, kept)
        answer = connection.getresponse()
        told = {n: v for n, v in answer.getheaders() if n.lower() not in _HOP}
        return answer.status, told, answer.read()
    finally:
        connection.close()
