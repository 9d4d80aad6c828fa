"""Who calls the API: a bearer token (RFC 6750), of which only the hash is kept."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from daemon.i18n import mark
from daemon.web.house import InHouse
from daemon.web.problems import Problem
from rules.model.people import Right, User, UserId

# 256 bits.
_TOKEN_BYTES = 32


def token_hash(token: str) -> str:
    """What is kept of a token; it is random, so a plain hash can't be guessed back."""
    return hashlib.sha256(token.encode()).hexdigest()


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
    """The user whose token the request carries, if it is a known one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return None
    presented = token_hash(token.strip())
    found = None
    # Every hash is compared, each in constant time.
    for known, user in house.callers.items():
        if hmac.compare_digest(known, presented):
            found = user
    return found


def _caller(user: Annotated[User | None, Depends(known_caller)]) -> User:
    if user is None:
        raise Problem(
            401,
            mark("a bearer token is needed: Authorization: Bearer …"),
            headers={"WWW-Authenticate": 'Bearer realm="suivi"'},
        )
    return user


Caller = Annotated[User, Depends(_caller)]
MaybeCaller = Annotated[User | None, Depends(known_caller)]
