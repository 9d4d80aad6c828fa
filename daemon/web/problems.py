"""Errors of the API as problem details (RFC 9457)."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from daemon.store import StoreError, Unavailable
from daemon.web.headers import SECURITY

log = structlog.stdlib.get_logger(__name__)


class Problem(HTTPException):
    """An answer other than success; `detail` says what to do."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail, headers)


class Document(BaseModel):
    """A problem document (RFC 9457 §3)."""

    type: str
    title: str
    status: int
    detail: str


def documented(statuses: Iterable[int]) -> dict[int | str, dict[str, Any]]:
    """These statuses as the OpenAPI document describes them."""
    schema = {"schema": Document.model_json_schema()}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {"application/problem+json": schema},
        }
        for status in statuses
    }


def answer(
    status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any
) -> JSONResponse:
    """A problem document."""
    title = HTTPStatus(status).phrase
    content = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return JSONResponse(
        content, status, headers=dict(headers or {}), media_type="application/problem+json"
    )


def install(app: FastAPI) -> None:
    """Makes every error of `app` a problem document."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(StoreError, _store)
    app.add_exception_handler(Exception, _unexpected)


async def _http(request: Request, error: Any) -> JSONResponse:
    detail = str(error.detail)
    if detail == HTTPStatus(error.status_code).phrase:
        detail = f"{request.method} {request.url.path}: {detail.lower()}"
    return answer(error.status_code, detail, error.headers)


async def _invalid(_request: Request, error: Any) -> JSONResponse:
    # What was sent is not repeated: it may be a secret in the wrong place.
    errors = [
        {"parameter": ".".join(str(part) for part in problem["loc"][1:]), "detail": problem["msg"]}
        for problem in error.errors()
    ]
    return answer(422, "some parameters can't be used", errors=errors)


async def _store(_request: Request, error: Exception) -> JSONResponse:
    log.error("the store failed a request", kind=type(error).__name__, error=str(error))
    status = 503 if isinstance(error, Unavailable) else 500
    return answer(status, "the database does not answer now: try again")


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    # Starlette raises it again after this answer, and the server logs it with its trace. The
    # route's pattern, not the path: a path may be a signed link.
    route = getattr(request.scope.get("route"), "path", "")
    log.error("request failed", route=route, kind=type(error).__name__)
    # This answer is made outside of the middleware that adds the headers, and uvicorn closes the
    # connection after it: without saying so, a client's next request would be lost on it.
    headers = {**SECURITY, "Connection": "close"}
    return answer(500, "something went wrong here: the daemon's log says what", headers)
