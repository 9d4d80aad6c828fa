"""Headers that every answer carries: what a page may load, and who may frame it (spec §10)."""

from collections.abc import Mapping, Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


def security(ancestors: Sequence[str] = ()) -> Mapping[str, str]:
    """The headers; `ancestors` are sites that may frame pages of ours, beside ourselves."""
    framing = " ".join(("'self'", *ancestors))
    headers = {
        "Content-Security-Policy": (
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
            f"base-uri 'none'; frame-ancestors {framing}"
        ),
        "X-Frame-Options": "SAMEORIGIN",
        "X-Content-Type-Options": "nosniff",
        # A signed link must not travel on in a Referer.
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if ancestors:
        # It knows no list; where frame-ancestors is, browsers ignore it (CSP 3 §6.4.2.2), and some
        # that are old would refuse what is allowed.
        del headers["X-Frame-Options"]
    return headers


SECURITY = security()


class SecurityHeaders:
    """ASGI middleware; answers are for whoever asked, so caches keep nothing."""

    def __init__(self, app: ASGIApp, ancestors: Sequence[str] = ()) -> None:
        self._app = app
        self._headers = security(ancestors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, with_headers)
