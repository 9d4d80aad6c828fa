"""One URL of the table, and what the OpenAPI document says of it."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException


@dataclass(frozen=True, slots=True)
class Route:
    """One URL. `model` describes the JSON answer with which it succeeds, as `status`; `problems`
    are the other statuses it may answer with, each a problem document (RFC 9457); those that go
    without saying (`daemon.web.described`) need not be named. `also` are statuses that answer with
    a document of their own, or with none. `body` is how many bytes it takes where that is more than
    usual, `answer` the class of an answer that is no JSON. Pages have no model and are not in the
    schema."""

    method: str
    path: str
    endpoint: Callable[..., Any]
    model: type | None = None
    schema: bool = True
    status: int = 200
    problems: tuple[int, ...] = ()
    also: Mapping[int, type | None] = field(default_factory=dict)
    body: int | None = None
    answer: type[Response] = JSONResponse


def refuse_method() -> None:
    """An address does not know the method."""
    raise HTTPException(405)


def shadowed(routes: Sequence[Route]) -> Iterator[tuple[str, list[str]]]:
    """Paths that are also an instance of another path, with the methods that only that one has:
    without more, `GET /exchanges/delete` would look for an exchange called so."""
    for path in sorted({route.path for route in routes if "{" not in route.path}):
        own = {route.method for route in routes if route.path == path}
        others = {
            route.method
            for route in routes
            if "{" in route.path and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", route.path), path)
        }
        if methods := sorted(others - own):
            yield path, methods
