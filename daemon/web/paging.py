"""Pages that stay put while rows are added: a cursor names the last row seen, not a number."""

import base64
import json
from typing import Annotated, Any

from fastapi import Query

from daemon.i18n import mark
from daemon.web.problems import Problem

LARGEST = 200

Limit = Annotated[int, Query(ge=1, le=LARGEST, description="How many at most.")]
After = Annotated[
    str | None,
    Query(alias="cursor", max_length=512, description="`next` of the page before."),
]


def cursor(*key: Any) -> str:
    """The key of a row as a cursor; opaque to whoever gets it."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def key_of(cursor: str, *types: type) -> tuple[Any, ...]:
    """The key in a cursor that we made. Raises a 422 Problem for any other text."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        key = json.loads(base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True))
    except (ValueError, RecursionError):
        key = None
    fits = isinstance(key, list) and len(key) == len(types)
    if not fits or not all(type(part) is kind for part, kind in zip(key, types, strict=True)):
        raise Problem(422, mark("cursor: not one that this API gave"))
    return tuple(key)
