"""Requests that another site has a browser make (CSRF): refused where the browser proves its user
by itself, by a cookie or through a proxy that signs on.

A browser says from where a request comes: Sec-Fetch-Site (W3C Fetch Metadata), before that Origin
(RFC 6454). Who says neither has to know the session's own token, which no other site can read.
"""

import hmac
from urllib.parse import urlsplit

from fastapi import Request

from daemon.i18n import mark
from daemon.logins import secret
from daemon.web.auth.doors import Doors
from daemon.web.problems import Problem

TOKEN_HEADER = "X-CSRF-Token"  # noqa: S105  a header's name
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


def token_of(cookie: str) -> str:
    """What a form or script of ours sends along, to show that it is ours."""
    return secret.derived(cookie, "csrf")


def refuse_strangers(request: Request, doors: Doors) -> None:
    """Raises a 403 Problem where a browser says that another site makes it do this."""
    if _said(request, doors) is False:
        raise _cross_site()


def must_be_ours(request: Request, doors: Doors, cookie: str | None) -> None:
    """Raises a 403 Problem unless this is known to be made by a page or a program of ours; `cookie`
    is what the session's holds."""
    if request.method in SAFE:
        return
    said = _said(request, doors)
    given = request.headers.get(TOKEN_HEADER)
    if said is False or (said is None and (given is None or cookie is None)):
        raise _cross_site()
    if given is None or cookie is None:
        return
    if not hmac.compare_digest(given.encode(), token_of(cookie).encode()):
        raise _cross_site()


def _said(request: Request, doors: Doors) -> bool | None:
    """Whether the browser says that the request is from our own pages; None: it says nothing."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        # "none": a person typed the address.
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is None:
        return None
    ours = {request.headers.get("host", "")}
    if doors.public_url is not None:
        ours.add(urlsplit(doors.public_url).netloc)
    return _netloc(origin) in ours - {""}


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _cross_site() -> Problem:
    return Problem(
        403,
        mark("this came from another site, or does not say from where: Origin or X-CSRF-Token"),
        kind="cross-site",
    )
