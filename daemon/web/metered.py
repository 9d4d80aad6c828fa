"""How long each request took, by the pattern of its URL: a path may be a signed link. And its
number, by which its entries in the log and its answer belong together."""

import re
import time
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from daemon.meter import Meter

log = structlog.stdlib.get_logger(__name__)

REQUEST_ID = "X-Request-ID"
"""A reverse proxy may give it; the answer always has it."""

_GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metered:
    """ASGI middleware around all others."""

    def __init__(self, app: ASGIApp, meter: Meter) -> None:
        self._app = app
        self._meter = meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, number = time.monotonic(), 500, _number(scope)

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = number
            await send(message)

        with structlog.contextvars.bound_contextvars(request=number):
            try:
                await self._app(scope, receive, noting)
            finally:
                self._tell(scope, status, time.monotonic() - began)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        # Whoever asks for what there is not must not make a series each.
        route = getattr(scope.get("route"), "path", "") or "other"
        method = scope["method"] if scope["method"] in METHODS else "other"
        self._meter.request(route, method, status, seconds)
        say = log.warning if status >= 500 else log.debug
        say("answered", route=route, method=method, status=status, seconds=round(seconds, 3))


def _number(scope: Scope) -> str:
    given = Headers(scope=scope).get(REQUEST_ID, "")
    return given if _GIVEN.fullmatch(given) else uuid4().hex
