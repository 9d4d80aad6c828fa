"""Signing on at an OpenID provider: to it, and back. Nobody becomes a user by it: who has an
address that suivi knows is let in."""

import hmac
from typing import Annotated

import structlog
from fastapi import Query, Request
from fastapi.responses import RedirectResponse

from connectors.errors import ConnectorError, Unreachable
from daemon.clock import now
from daemon.i18n import mark
from daemon.logins import admitting
from daemon.logins.desk import Place
from daemon.logins.entering import begin as begin_session
from daemon.web.auth import cookies, signing
from daemon.web.auth.doors import Doors, SignOn
from daemon.web.auth.peers import address
from daemon.web.house import InHouse
from daemon.web.problems import Problem

log = structlog.stdlib.get_logger(__name__)

LOGIN, CALLBACK = "/oidc/login", "/oidc/callback"
BY_PROVIDER = "sign-on"
_Text = Annotated[str, Query(max_length=2000)]


def login(
    request: Request, house: InHouse, onward: Annotated[_Text, Query(alias="next")] = "/"
) -> RedirectResponse:
    """To the provider."""
    doors = house.doors
    sign_on = _sign_on(doors)
    cookies.allow(request, doors)
    try:
        begun = sign_on.begin(_redirect(doors))
    except ConnectorError as error:
        raise _failed(error) from error
    kept = signing.Kept(begun.state, begun.nonce, begun.verifier, signing.onward(onward))
    response = RedirectResponse(begun.url, 303)
    value = signing.sealed(doors.desk.key, kept, now())
    cookies.give(request, response, doors, value, signing.LASTS, cookies.SIGN_ON)
    return response


def callback(
    request: Request, house: InHouse, state: _Text = "", code: _Text = "", error: _Text = ""
) -> RedirectResponse:
    """Back from the provider: a session for the user whose verified address it tells."""
    doors = house.doors
    sign_on = _sign_on(doors)
    cookies.allow(request, doors)
    cookie = cookies.held(request, doors, cookies.SIGN_ON)
    kept = signing.opened(doors.desk.key, cookie, now()) if cookie is not None else None
    if kept is None or not hmac.compare_digest(kept.state.encode(), state.encode()):
        text = mark("this sign-on was not begun here, or is too old: begin again")
        raise Problem(400, text, kind="sign-on-stale")
    if error or not code:
        raise Problem(403, mark("the provider did not sign you on"), kind="sign-on-refused")
    try:
        email = sign_on.finish(_redirect(doors), code, kept.nonce, kept.verifier)
    except ConnectorError as failure:
        raise _failed(failure) from failure
    found = admitting.by_name(doors.desk, email)
    if found is None:
        text = mark("suivi knows no user with the address that the sign-on names")
        raise Problem(403, text, kind="unknown-user")
    place = Place(address(request), request.headers.get("user-agent", ""))
    entered = begin_session(doors.desk, found.user, BY_PROVIDER, place, now())
    response = RedirectResponse(kept.onward, 303)
    cookies.give(request, response, doors, entered.secret, doors.desk.lasting.most)
    cookies.take_back(request, response, doors, cookies.SIGN_ON)
    return response


def _sign_on(doors: Doors) -> SignOn:
    if doors.sign_on is None:
        raise Problem(404, mark("there is no sign-on by a provider here"), kind="no-sign-on")
    return doors.sign_on


def _redirect(doors: Doors) -> str:
    return f"{(doors.public_url or '').rstrip('/')}{CALLBACK}"


def _failed(error: ConnectorError) -> Problem:
    # Why is for the admin: it may tell how to forge.
    log.warning("sign-on failed", why=str(error))
    if isinstance(error, Unreachable):
        text = mark("the provider does not answer as it should: try again, or tell the admin")
        return Problem(502, text, kind="sign-on-unreachable")
    text = mark("what the provider says is not to be believed: the log says why")
    return Problem(403, text, kind="sign-on-refused")
