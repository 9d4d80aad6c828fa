"""The cookie of a session: never readable by scripts, and over TLS under a name that no other host
and no plain connection can set (`__Host-`, RFC 6265bis §4.1.3).

Without TLS there is a second form of it, without `Secure` and prefix, for this machine itself: some
browsers take no secure cookie from http://localhost. To other machines none is given without TLS,
unless the configuration says so (`[http] plain_cookies`): who reads the traffic would be logged in.
"""

from datetime import timedelta

from fastapi import Request, Response

from daemon.i18n import mark
from daemon.web.auth.doors import Doors, ip
from daemon.web.auth.peers import address, peer
from daemon.web.problems import Problem

PLAIN = "suivi"
SECURE = f"__Host-{PLAIN}"
SIGN_ON = "suivi-sign-on"
"""What a browser keeps while its user is at a provider; over TLS with the prefix, too."""


def held(request: Request, doors: Doors, name: str = PLAIN) -> str | None:
    """What the cookie of this request holds."""
    if _is_secure(request, doors):
        return request.cookies.get(f"__Host-{name}")
    return request.cookies.get(name) if _may_be_plain(request, doors) else None


def allow(request: Request, doors: Doors) -> None:
    """Raises a 403 Problem where no session may be given."""
    if not _is_secure(request, doors) and not _may_be_plain(request, doors):
        raise Problem(
            403,
            mark("nobody logs in without TLS from another machine: come by https"),
            kind="https-needed",
        )


def give(
    request: Request,
    response: Response,
    doors: Doors,
    value: str,
    lasts: timedelta,
    name: str = PLAIN,
) -> None:
    """Set the cookie."""
    secure = _is_secure(request, doors)
    response.set_cookie(
        f"__Host-{name}" if secure else name,
        value,
        max_age=int(lasts.total_seconds()),
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def take_back(request: Request, response: Response, doors: Doors, name: str = PLAIN) -> None:
    """Have the browser forget it."""
    secure = _is_secure(request, doors)
    name = f"__Host-{name}" if secure else name
    response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="lax")


def _is_secure(request: Request, doors: Doors) -> bool:
    return doors.is_https or request.url.scheme == "https"


def _may_be_plain(request: Request, doors: Doors) -> bool:
    if doors.plain_cookies:
        return True
    ends = (peer(request), address(request))
    return all((found := ip(end)) is not None and found.is_loopback for end in ends)
