"""uvicorn inside the daemon: a thread with a loop of its own, which leaves signals alone."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI


class CannotListen(Exception):
    """The address is taken or is not ours; one line that says what to do."""


class Server:
    """Serves `app`. It is bound when `start` returns, so the daemon may say READY."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        self._app = app
        self._host = host
        self._port = port
        self._socket: socket.socket | None = None
        self._server: _Quiet | None = None
        self._thread: threading.Thread | None = None

    def start(self, seconds: float = 10.0) -> None:
        """Binds and serves. Raises CannotListen."""
        self._socket = _bound(self._host, self._port)
        config = uvicorn.Config(
            self._app,
            log_config=None,
            # A request line would show signed links.
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=5,
            # More at once are told 503; the daemon's own sockets need their descriptors.
            limit_concurrency=256,
            # Who may say what the client's address is, is for the reverse proxy's issue.
            proxy_headers=False,
        )
        self._server = _Quiet(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="http", daemon=True
        )
        self._thread.start()
        until = time.monotonic() + seconds
        while not self._server.started:
            if time.monotonic() > until or not self._thread.is_alive():
                raise CannotListen(f"http://{self._host}:{self._port} did not come up")
            time.sleep(0.01)

    def stop(self, seconds: float = 10.0) -> None:
        """Finishes the requests in hand and closes."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join(seconds)
        if self._socket is not None:
            self._socket.close()
        self._server = self._thread = self._socket = None

    @property
    def running(self) -> bool:
        """True while it serves."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def url(self) -> str:
        """Where it answers, with the port that was taken."""
        port = self._socket.getsockname()[1] if self._socket is not None else self._port
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{port}"


class _Quiet(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # SIGTERM is the daemon's.
        yield


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        sock = socket.socket(family, kind, proto)
    except OSError as error:
        raise CannotListen(f"[http] listen {host}:{port}: {error.strerror or error}") from error
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(128)
    except OSError as error:
        sock.close()
        hint = "choose another with `[http] listen`"
        raise CannotListen(f"{host}:{port}: {error.strerror or error}: {hint}") from error
    return sock
