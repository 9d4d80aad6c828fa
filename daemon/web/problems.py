"""Problem details (RFC 9457): what the API answers where it can't do what it was asked."""

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from daemon.i18n import mark, translator

MEDIA_TYPE = "application/problem+json"
TYPE = "urn:suivi:problem:"
"""What the type of every problem begins with; programs may go by the rest, which stays."""

KINDS: Mapping[int, tuple[str, str]] = {
    400: ("bad-request", mark("Bad request")),
    401: ("not-logged-in", mark("Not logged in")),
    403: ("forbidden", mark("Forbidden")),
    404: ("not-found", mark("Not found")),
    405: ("method-not-allowed", mark("Method not allowed")),
    409: ("conflict", mark("Conflict")),
    410: ("gone", mark("Gone")),
    412: ("changed-meanwhile", mark("Changed meanwhile")),
    413: ("too-large", mark("Too large")),
    415: ("unsupported-media-type", mark("Unsupported media type")),
    422: ("invalid", mark("Not valid")),
    428: ("precondition-required", mark("Precondition required")),
    429: ("too-many-requests", mark("Too many requests")),
    500: ("internal", mark("Something went wrong here")),
    502: ("elsewhere", mark("Another server failed")),
    503: ("unavailable", mark("Not available now")),
}
"""What each status is called by its type, and in words."""


class Problem(HTTPException):
    """An answer other than success. `text` says what to do; it is marked for translation
    (`daemon.i18n.mark`), with places for `details`. `kind` names what happened where the status
    says too little, for programs: lower case, with hyphens."""

    def __init__(
        self,
        status: int,
        text: str,
        headers: Mapping[str, str] | None = None,
        *,
        kind: str | None = None,
        **details: object,
    ) -> None:
        super().__init__(status, text.format(**details) if details else text, headers)
        self.kind = kind
        self._text = text
        self._details = details

    def told(self, _: Callable[[str], str]) -> str:
        """The detail in the language of `_`."""
        return _(self._text).format(**self._details) if self._details else _(self._text)


class Wrong(BaseModel):
    """One part of a request that can't be used."""

    parameter: str = Field(description="Which one, from the outside in: `follow_up.start`.")
    detail: str


class Document(BaseModel):
    """A problem document (RFC 9457 §3)."""

    type: str = Field(description="What happened, for programs: `urn:suivi:problem:not-found`.")
    title: str
    status: int
    detail: str = Field(description="What happened and what to do, in the language of the answer.")
    errors: list[Wrong] | None = Field(default=None, description="Each part that is not valid.")


def documented(statuses: Iterable[int]) -> dict[int | str, dict[str, Any]]:
    """These statuses as the OpenAPI document describes them; `daemon.web.described` brings the
    schema that they refer to."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: schema}}
        for status in statuses
    }


def answer(
    status: int,
    detail: str,
    language: str,
    headers: Mapping[str, str] | None = None,
    kind: str | None = None,
    **more: Any,
) -> JSONResponse:
    """A problem document whose `detail` is in `language` already."""
    phrase = HTTPStatus(status).phrase
    usual, title = KINDS.get(status, (phrase.lower().replace(" ", "-"), phrase))
    content = {
        "type": TYPE + (kind or usual),
        "title": translator(language)(title),
        "status": status,
        "detail": detail,
        **more,
    }
    told = {"Content-Language": language, "Vary": "Accept-Language", **(headers or {})}
    return JSONResponse(content, status, headers=told, media_type=MEDIA_TYPE)
