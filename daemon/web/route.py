"""One URL of the table, and what the OpenAPI document says of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Route:
    """One URL. `model` describes the JSON answer with which it succeeds, as `status`; `problems`
    are the other statuses it may answer with, each a problem document (RFC 9457); those that go
    without saying (`daemon.web.described`) need not be named. `also` are statuses that answer with
    a document of their own. `body` is how many bytes it takes where that is more than usual. Pages
    have no model and are not in the schema."""

    method: str
    path: str
    endpoint: Callable[..., Any]
    model: type | None = None
    schema: bool = True
    status: int = 200
    problems: tuple[int, ...] = ()
    also: Mapping[int, type] = field(default_factory=dict)
    body: int | None = None
