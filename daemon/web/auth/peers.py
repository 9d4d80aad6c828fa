"""Who is at the other end: the peer of the connection, and whom a trusted proxy speaks for."""

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from daemon.web.auth.doors import UNIX, Trusted

_PEER = "suivi.peer"


class Peers:
    """ASGI middleware. `X-Forwarded-For` and `X-Forwarded-Proto` count where the peer is trusted,
    and nowhere else."""

    def __init__(self, app: ASGIApp, trusted: Trusted) -> None:
        self._app = app
        self._trusted = trusted
        # uvicorn knows how the headers are written, and which of several addresses counts.
        self._proxied = ProxyHeadersMiddleware(app, list(trusted.listed))  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # uvicorn tells no address of who comes by a Unix socket.
        client = scope.get("client") or (UNIX, 0)
        scope["client"] = client
        scope[_PEER] = client[0]
        if client[0] in self._trusted:
            await self._proxied(scope, receive, send)  # type: ignore[arg-type]
        else:
            await self._app(scope, receive, send)


def peer(request: Request) -> str:
    """The other end of the connection itself."""
    found: str = request.scope.get(_PEER, "")
    return found


def address(request: Request) -> str:
    """Where the visitor is, by the word of a trusted proxy or by the connection."""
    return request.client.host if request.client is not None else ""
