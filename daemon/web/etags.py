"""Two editors never overwrite each other: what is changed names the revision it was read at (RFC
9110 §8.8.3, §13.1.1)."""

import re
from typing import Annotated

from fastapi import Header

from daemon.i18n import mark
from daemon.web.problems import Problem

_OURS = re.compile(r'"r(\d{1,18})"')

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match", max_length=200, description="The ETag it was read with; `*`: whatever."
    ),
]


def etag(revision: int) -> str:
    """The strong ETag of a revision."""
    return f'"r{revision}"'


def must_match(if_match: str | None, revision: int) -> None:
    """Let pass who read this revision. Raises a 428 Problem where nothing was said (RFC 6585 §3),
    412 where something else was read."""
    if if_match is None:
        raise Problem(
            428, mark("say with If-Match which revision is meant: the ETag it was read with")
        )
    if if_match.strip() == "*":
        return
    # Weak ones never match here (RFC 9110 §13.1.1), so they are not looked for.
    read = [
        int(found[1]) for part in if_match.split(",") if (found := _OURS.fullmatch(part.strip()))
    ]
    if revision not in read:
        raise Problem(412, mark("it was changed meanwhile: read it again, and change that"))
