"""One's own tokens: what programs call with in one's name."""

from datetime import timedelta

from daemon.clock import now
from daemon.i18n import mark
from daemon.logins import secret
from daemon.logins.admitting import Admitted
from daemon.store import audit
from daemon.store import tokens as stored
from daemon.web.api.sessions import a_user
from daemon.web.caller import Caller, Present
from daemon.web.house import InHouse
from daemon.web.ids import Id
from daemon.web.problems import Problem
from daemon.web.route import Route
from daemon.web.shapes import logins as shapes
from rules.logins import Scope

_MOST = 100
"""Tokens of one user that are not revoked."""


def tokens(house: InHouse, caller: Caller) -> shapes.Tokens:
    """Those that were not revoked."""
    with house.store.read() as tx:
        found = stored.all_of(tx, caller.id)
    return shapes.Tokens(items=[shapes.token(one) for one in found])


def create(house: InHouse, present: Present, wanted: shapes.NewToken) -> shapes.MadeToken:
    """Make a token. Its secret is in this answer, and nowhere else."""
    user = a_user(present.user)
    _may_make(present)
    told, moment = secret.new(secret.TOKEN), now()
    until = moment + timedelta(days=wanted.days)
    with house.store.write() as tx:
        if len(stored.all_of(tx, user.id)) >= _MOST:
            raise Problem(409, mark("that are too many tokens: revoke some that are not used"))
        number = stored.add(
            tx, user.id, wanted.name, secret.hashed(told), set(wanted.scopes), moment, until
        )
        audit.note(tx, user.email, "create token", f"token {number}", moment)
        made = stored.get(tx, number)
    if made is None:
        raise Problem(409, mark("the token is gone already"))
    url = None
    if Scope.FEED in made.scopes:
        url = f"{(house.doors.public_url or '').rstrip('/')}/feeds/{told}.ics"
    return shapes.MadeToken(token=told, url=url, **shapes.token(made).model_dump())


def revoke(house: InHouse, caller: Caller, number: Id) -> None:
    """It opens nothing any more, from now on."""
    with house.store.write() as tx:
        found = stored.get(tx, number)
        if found is None or found.user != caller.id or found.revoked_at is not None:
            raise Problem(404, mark("you have no token {number}"), number=number)
        stored.revoke(tx, number, now())
        audit.note(tx, caller.email, "revoke token", f"token {number}", now())


def _may_make(present: Admitted) -> None:
    """A token makes no other that outlives or outdoes it, unless it may do all."""
    if present.scopes is not None and Scope.ADMIN not in present.scopes:
        text = mark("only a session, or a token for {scope}, makes tokens")
        raise Problem(403, text, kind="insufficient-scope", scope=Scope.ADMIN.value)


ROUTES = (
    Route("GET", "/api/v1/tokens", tokens, shapes.Tokens, problems=(401, 403)),
    Route("POST", "/api/v1/tokens", create, shapes.MadeToken, status=201, problems=(401, 403, 409)),
    Route("DELETE", "/api/v1/tokens/{number}", revoke, status=204, problems=(401, 403, 404, 422)),
)
