"""Every error of the application becomes a problem document, in the language of who asked."""

from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import Match

from daemon.directory.acting import Conflict, Missing, NotAllowed, Refusal, Unfit
from daemon.i18n import mark, translator
from daemon.sheet import errors
from daemon.store import StoreError, Unavailable
from daemon.web.headers import SECURITY
from daemon.web.invalid import said
from daemon.web.language import language_of
from daemon.web.problems import Problem, answer
from daemon.web.route import refuse_method
from daemon.web.writing import STATUS

log = structlog.stdlib.get_logger(__name__)

_BY_STATUS = {
    400: mark("the request can't be read: its body should be JSON in UTF-8, not deeply nested"),
    404: mark("{method} {path}: there is no such address"),
    405: mark("{method} {path}: this address does not know that method"),
}
"""What is said where the framework refuses; it says less, and in English."""


def install(app: FastAPI) -> None:
    """Makes every error of `app` a problem document."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(errors.Refusal, _not_written)
    app.add_exception_handler(StoreError, _store)
    app.add_exception_handler(Exception, _unexpected)


async def _http(request: Request, error: Any) -> JSONResponse:
    language = language_of(request)
    _ = translator(language)
    if isinstance(error, Problem):
        told = error.told(_)
        return answer(error.status_code, told, language, error.headers, error.kind)
    status: int = error.status_code
    headers = {**(error.headers or {}), **({"Allow": _allowed(request)} if status == 405 else {})}
    detail = _(_BY_STATUS.get(status, HTTPStatus(status).phrase))
    detail = detail.format(method=request.method, path=request.url.path)
    return answer(status, detail, language, headers)


def _allowed(request: Request) -> str:
    """Every method of the address: Starlette knows those of one route, and each method is one."""
    scope = request.scope
    routes = [
        route
        for route in request.app.routes
        if isinstance(route, APIRoute) and route.matches(scope)[0] is not Match.NONE
    ]
    # The first that matches is what Starlette goes by.
    found = {
        method
        for route in routes
        if route.path == routes[0].path and route.endpoint is not refuse_method
        for method in route.methods or ()
    }
    return ", ".join(sorted(found))


async def _invalid(request: Request, error: Any) -> JSONResponse:
    language = language_of(request)
    _ = translator(language)
    # What was sent is not repeated: it may be a secret in the wrong place.
    errors = [
        {"parameter": ".".join(str(part) for part in wrong["loc"][1:]), "detail": said(wrong, _)}
        for wrong in error.errors()
    ]
    detail = _("some parameters can't be used: `errors` says which")
    return answer(422, detail, language, errors=errors)


_REFUSALS = {NotAllowed: 403, Missing: 404, Conflict: 409, Unfit: 422}


async def _refused(request: Request, error: Any) -> JSONResponse:
    language = language_of(request)
    status = next((_REFUSALS[kind] for kind in type(error).__mro__ if kind in _REFUSALS), 422)
    return answer(status, error.told(translator(language)), language)


async def _not_written(request: Request, error: Any) -> JSONResponse:
    language = language_of(request)
    told = error.told(translator(language))
    if isinstance(error, errors.NotTaken):
        wrong = {"parameter": error.field, "detail": told}
        return answer(STATUS[errors.NotTaken], told, language, errors=[wrong])
    return answer(STATUS[type(error)], told, language)


async def _store(request: Request, error: Exception) -> JSONResponse:
    log.error("the store failed a request", kind=type(error).__name__, error=str(error))
    status = 503 if isinstance(error, Unavailable) else 500
    language = language_of(request)
    _ = translator(language)
    return answer(status, _("the database does not answer now: try again"), language)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    # Starlette raises it again after this answer, and the server logs it with its trace. The
    # route's pattern, not the path: a path may be a signed link.
    route = getattr(request.scope.get("route"), "path", "")
    log.error("request failed", route=route, kind=type(error).__name__)
    # This answer is made outside of the middleware that adds the headers, and uvicorn closes the
    # connection after it: without saying so, a client's next request would be lost on it.
    headers = {**SECURITY, "Connection": "close"}
    language = language_of(request)
    _ = translator(language)
    return answer(
        500, _("something went wrong here: the daemon's log says what"), language, headers
    )
