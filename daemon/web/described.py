"""The OpenAPI document (3.1): what FastAPI derives from the routes, and what it can't know."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from daemon.web.problems import Document, Wrong, documented
from daemon.web.route import Route

ALWAYS = frozenset({400, 500, 503})
"""What any operation may answer: a header or body that can't be read, and what is our fault."""

_BODY = frozenset({413, 415, 422})
_UNUSED = ("HTTPValidationError", "ValidationError")


def responses(route: Route) -> dict[int | str, dict[str, Any]]:
    """What a route may answer with beside success, problems that go without saying too."""
    found = ALWAYS.union(route.problems)
    if route.method in ("POST", "PUT", "PATCH"):
        found |= _BODY
    own: dict[int | str, dict[str, Any]] = {
        status: {**({"model": model} if model else {}), "description": HTTPStatus(status).phrase}
        for status, model in route.also.items()
    }
    return {**documented(sorted(found - route.also.keys())), **own}


def describe(app: FastAPI) -> None:
    """Gives `app` its document, made at the first question."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(
                get_openapi(
                    title=app.title,
                    version=app.version,
                    summary=app.summary,
                    openapi_version="3.1.0",
                    routes=app.routes,
                )
            )
        return app.openapi_schema

    # FastAPI's own way to extend the document.
    app.openapi = openapi  # type: ignore[method-assign]


def _require(document: dict[str, Any], header: str) -> None:
    """Whoever leaves this header out is told what it is for (428), which FastAPI can't: to it the
    header is one that may be left out, or a value that is not valid."""
    for operations in document["paths"].values():
        for operation in operations.values():
            for parameter in (
                operation.get("parameters", ()) if "428" in operation["responses"] else ()
            ):
                if parameter["in"] == "header" and parameter["name"] == header:
                    parameter["required"] = True
                    parameter["schema"] = {"type": "string"}


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    # Every error of ours is a problem document.
    for name in _UNUSED:
        schemas.pop(name, None)
    reference = "#/components/schemas/{model}"
    problem = Document.model_json_schema(ref_template=reference)
    problem.pop("$defs", None)
    schemas["Problem"] = problem
    _require(document, "If-Match")
    schemas["Wrong"] = Wrong.model_json_schema(ref_template=reference)
    return document
