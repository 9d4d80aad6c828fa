"""Who calls the API, as a dependency of its operations."""

import os
import secrets
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer

from daemon.i18n import mark
from daemon.logins import secret
from daemon.logins.admitting import Admitted
from daemon.web.auth import cookies
from daemon.web.auth.admission import admitted
from daemon.web.auth.crossing import SAFE
from daemon.web.house import InHouse
from daemon.web.problems import Problem
from rules.logins import Scope, may_change
from rules.model.people import Right, User, UserId

# 256 bits.
_TOKEN_BYTES = 32

# They describe the ways in for the OpenAPI document; `admitted` looks at the request itself.
_TOKEN = HTTPBearer(
    scheme_name="token", description="A token of `suivi user token create`.", auto_error=False
)
_COOKIE = APIKeyCookie(
    scheme_name="session",
    name=cookies.SECURE,
    description=f"The cookie of a session; without TLS, on the same machine, `{cookies.PLAIN}`.",
    auto_error=False,
)


def token_hash(token: str) -> str:
    """What is kept of a token; it is random, so a plain hash can't be guessed back."""
    return secret.hashed(token)


def admin_token(file: Path) -> str:
    """The token in `file`, made at the first start and readable by its owner only."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text().strip()
    with os.fdopen(descriptor, "w") as stream:
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        stream.write(token + "\n")
    return token


def admin() -> User:
    """The caller behind the admin token: every right, no mailbox, in no exchange."""
    return User(UserId(0), "administrator", "", rights=frozenset(Right))


def known_caller(request: Request, house: InHouse) -> User | None:
    """The user who makes the request, if they prove who they are."""
    found = admitted(request, house)
    return None if found is None else found.user


def _present(
    request: Request,
    house: InHouse,
    _token: Annotated[object, Security(_TOKEN)],
    _cookie: Annotated[object, Security(_COOKIE)],
) -> Admitted:
    found = admitted(request, house)
    if found is None:
        raise Problem(
            401,
            mark("log in first, or send a token: Authorization: Bearer …"),
            headers={"WWW-Authenticate": 'Bearer realm="suivi"'},
        )
    # Problems are told in their language.
    request.state.user = found.user
    scopes = found.scopes
    if scopes is not None and (
        scopes == {Scope.MONITOR} or (request.method not in SAFE and not may_change(scopes))
    ):
        text = mark("this token is not for that: it is for {scopes}")
        told = ", ".join(sorted(scopes))
        header = {"WWW-Authenticate": 'Bearer realm="suivi", error="insufficient_scope"'}
        raise Problem(403, text, headers=header, kind="insufficient-scope", scopes=told)
    return found


Present = Annotated[Admitted, Depends(_present)]


def _caller(present: Present) -> User:
    return present.user


Caller = Annotated[User, Depends(_caller)]
MaybeCaller = Annotated[User | None, Depends(known_caller)]
