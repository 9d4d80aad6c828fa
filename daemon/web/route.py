"""One URL of the table, and what the OpenAPI document says of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Route:
    """One URL. `model` describes the JSON answer with which it succeeds, as `status`; `problems`
    are the other statuses it may answer with, each a problem document (RFC 9457). Pages have no
    model and are not in the schema."""

    method: str
    path: str
    endpoint: Callable[..., Any]
    model: type | None = None
    schema: bool = True
    status: int = 200
    problems: tuple[int, ...] = ()
