"""How much is taken of a request, and who may show suivi in a frame."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from daemon.i18n import mark, translator
from daemon.web.language import language_of
from daemon.web.problems import Problem, answer
from daemon.web.route import Route

_TOO_LARGE = mark("what was sent is too large: at most {bytes} bytes are taken here")


@dataclass(frozen=True, slots=True)
class Limits:
    """`body` is the most bytes that are taken of one, but where an operation takes more;
    `ancestors` are the sites (CSP source expressions) that may frame pages, beside suivi itself."""

    body: int = 1024 * 1024
    ancestors: tuple[str, ...] = ()


USUAL = Limits()


class Bodies:
    """ASGI middleware. A body that says that it is too large is not read at all; one that turns out
    to be is read no further. What a client goes on sending, uvicorn drops as it comes: to hang up
    on it would reset the connection, and the answer would be lost with it."""

    def __init__(self, app: ASGIApp, usual: int, routes: Sequence[Route]) -> None:
        self._app = app
        self._usual = usual
        self._larger = [
            (route.method, re.compile(re.sub(r"\{\w+\}", "[^/]+", route.path)), route.body)
            for route in routes
            if route.body is not None and route.body > usual
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most, taken = self._most(scope), 0
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and (len(declared) > 15 or int(declared) > most):
            await _refuse(most, scope, receive, send)
            return

        async def counting() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                raise Problem(413, _TOO_LARGE, bytes=most)
            return message

        await self._app(scope, counting, send)

    def _most(self, scope: Scope) -> int:
        for method, path, body in self._larger:
            if scope["method"] == method and path.fullmatch(scope["path"]):
                return body
        return self._usual


async def _refuse(most: int, scope: Scope, receive: Receive, send: Send) -> None:
    language = language_of(Request(scope))
    text = translator(language)(_TOO_LARGE).format(bytes=most)
    await answer(413, text, language)(scope, receive, send)
