"""uvicorn inside the daemon: a thread with a loop of its own, which leaves signals alone."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import uvicorn
from fastapi import FastAPI

_FIRST_WORDS = 0.5
"""Seconds that a new connection has for its first request when the server stops."""


class CannotListen(Exception):
    """The address is taken or is not ours; one line that says what to do."""


class Server:
    """Serves `app`. It is bound when `start` returns, so the daemon may say READY.

    `handed` are listening sockets that somebody else keeps open (`daemon.handed`): they are served
    instead of `host` and `port`, and who comes after `stop` waits in their queue.
    """

    def __init__(
        self, app: FastAPI, host: str, port: int, handed: Sequence[socket.socket] = ()
    ) -> None:
        self._app = app
        self._host = host
        self._port = port
        self._sockets = tuple(handed)
        self._server: _Quiet | None = None
        self._thread: threading.Thread | None = None

    def start(self, seconds: float = 10.0) -> None:
        """Binds and serves. Raises CannotListen."""
        self._sockets = self._sockets or (_bound(self._host, self._port),)
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
            target=self._server.run,
            kwargs={"sockets": list(self._sockets)},
            name="http",
            daemon=True,
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
        for sock in self._sockets:
            sock.close()
        self._server = self._thread = None
        self._sockets = ()

    def call(self, answer: Callable[[], None]) -> None:
        """Has `answer` called in the server's loop; RuntimeError when that has ended."""
        if self._server is None or self._server.loop is None:
            raise RuntimeError("the server does not run")
        self._server.loop.call_soon_threadsafe(answer)

    @property
    def running(self) -> bool:
        """True while it serves."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def url(self) -> str:
        """Where it answers, with the port that was taken."""
        host, port = self._host, self._port
        if self._sockets:
            name = self._sockets[0].getsockname()
            if isinstance(name, str):
                return f"unix:{name}"
            # The name that was asked for, such as localhost, says more than its address.
            host, port = (host if port in (0, name[1]) else name[0]), name[1]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"


class _Quiet(uvicorn.Server):
    loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        await super().startup(sockets=sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # From here on connections wait for the next daemon. Those that were taken a moment ago
        # and have said nothing yet are heard out: hanging up on them would lose a request.
        for server in self.servers:
            server.close()
        until = time.monotonic() + _FIRST_WORDS
        await asyncio.sleep(0.05)
        while any(map(_has_said_nothing, self.server_state.connections)):
            if time.monotonic() > until:
                break
            await asyncio.sleep(0.01)
        await super().shutdown(sockets=sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # SIGTERM is the daemon's.
        yield


def _has_said_nothing(connection: object) -> bool:
    return getattr(connection, "cycle", connection) is None


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
