"""JSON as it is meant: it has numbers of one kind, and 10.0 is a whole one (JSON Schema 2020-12,
validation 6.1.1), so that the document and our strict types agree on what a whole number is."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute


class JsonRoute(APIRoute):
    """A route that reads its body so."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """As FastAPI makes it, with another request."""
        handle = super().get_route_handler()

        async def read(request: Request) -> Response:
            return await handle(_Request(request.scope, request.receive))

        return read


class _Request(Request):
    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = json.loads(await self.body(), parse_float=_number)
        return self._json


def _number(text: str) -> int | float:
    value = float(text)
    return int(value) if value.is_integer() else value
