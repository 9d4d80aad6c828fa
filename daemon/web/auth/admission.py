"""Who makes a request. What a proxy may not say is refused; then a token decides, then the user
whom a trusted proxy names, then a session."""

import hmac

from fastapi import Request

from daemon.clock import now
from daemon.i18n import mark
from daemon.logins import admitting, secret
from daemon.logins.admitting import Admitted
from daemon.web.auth import cookies, crossing
from daemon.web.auth.doors import Doors
from daemon.web.auth.peers import peer
from daemon.web.house import House
from daemon.web.problems import Problem
from rules.logins import Scope


def admitted(request: Request, house: House) -> Admitted | None:
    """The caller; None where they prove nothing. Raises a 400 Problem for a header that only a
    trusted proxy may set, 403 for whom it names and we don't know, and for requests that another
    site has a browser make."""
    doors = house.doors
    named = _named(request, doors)
    authorization = request.headers.get("authorization")
    if authorization is not None:
        return _by_token(authorization, house)
    if named is not None:
        found = admitting.by_name(doors.desk, named)
        if found is None:
            text = mark("suivi knows no user with the address that the sign-on names")
            raise Problem(403, text, kind="unknown-user")
        crossing.must_be_ours(request, doors, None)
        return found
    cookie = cookies.held(request, doors)
    if cookie is None:
        return None
    found = admitting.by_session(doors.desk, cookie, now())
    if found is not None:
        crossing.must_be_ours(request, doors, cookie)
    return found


def _named(request: Request, doors: Doors) -> str | None:
    """Whom a trusted proxy names."""
    if doors.user_header is None:
        return None
    given = request.headers.getlist(doors.user_header)
    if not given:
        return None
    if peer(request) not in doors.trusted:
        text = mark("the header {header} is for the reverse proxy alone, and this is not it")
        raise Problem(400, text, kind="untrusted-proxy", header=doors.user_header)
    if len(given) > 1:
        # The proxy adds its own to a visitor's: nobody knows which is whose.
        text = mark("the header {header} is there more than once: the proxy should replace it")
        raise Problem(400, text, kind="untrusted-proxy", header=doors.user_header)
    return given[0].strip() or None


def _by_token(authorization: str, house: House) -> Admitted | None:
    """The user behind a bearer token (RFC 6750)."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return None
    presented = secret.hashed(token.strip())
    machine = None
    # Every hash is compared, each in constant time.
    for known, user in house.callers.items():
        if hmac.compare_digest(known, presented):
            machine = user
    if machine is not None:
        return Admitted(machine, scopes=frozenset({Scope.ADMIN}))
    return admitting.by_token(house.doors.desk, token.strip(), now())
