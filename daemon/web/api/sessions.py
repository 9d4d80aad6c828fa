"""Logging in and out, who one is, and one's password."""

import math
from typing import Any

from fastapi import Request, Response

from daemon.clock import now
from daemon.i18n import Told, mark
from daemon.logins import choosing, secret
from daemon.logins.desk import Place
from daemon.logins.entering import BY_PASSWORD, Wait, Wrong, begin, prove
from daemon.logins.passwords import Busy
from daemon.store import audit, passwords, people
from daemon.store import sessions as stored
from daemon.web.auth import cookies, crossing
from daemon.web.auth.peers import address
from daemon.web.caller import Present
from daemon.web.house import House, InHouse
from daemon.web.ids import Id
from daemon.web.problems import Problem
from daemon.web.route import Route
from daemon.web.shapes import logins as shapes
from rules import access
from rules.model.people import User


def create(request: Request, response: Response, house: InHouse, login: shapes.Login) -> shapes.Me:
    """Log in; the answer sets the cookie of a session. What goes wrong often has to wait."""
    crossing.refuse_strangers(request, house.doors)
    cookies.allow(request, house.doors)
    user = _proved(request, house, login.email, login.password)
    desk = house.doors.desk
    _end_old(request, house)
    entered = begin(desk, user, BY_PASSWORD, _place(request), now())
    cookies.give(request, response, house.doors, entered.secret, desk.lasting.most)
    with house.store.read() as tx:
        rights = access.rights_of(user, people.groups(tx))
    return shapes.me(user, rights, None, crossing.token_of(entered.secret))


def read(request: Request, house: InHouse, present: Present) -> shapes.Me:
    """Who calls, and with which rights."""
    with house.store.read() as tx:
        rights = access.rights_of(present.user, people.groups(tx))
    cookie = cookies.held(request, house.doors) if present.session is not None else None
    csrf = crossing.token_of(cookie) if cookie is not None else None
    return shapes.me(present.user, rights, present.scopes, csrf)


def delete(request: Request, response: Response, house: InHouse, present: Present) -> None:
    """Log out. Who came without a session has none to end."""
    if present.session is not None:
        with house.store.write() as tx:
            stored.end(tx, present.user.id, present.session, now())
            audit.note(tx, present.user.email, "log out", f"user {present.user.id}", now())
    cookies.take_back(request, response, house.doors)


def all_of_mine(house: InHouse, present: Present) -> shapes.Sessions:
    """Where one is logged in."""
    lasting, moment = house.doors.desk.lasting, now()
    with house.store.read() as tx:
        found = stored.of(tx, present.user.id)
    return shapes.Sessions(
        items=[
            shapes.session(one, present.session)
            for one in found
            if not stored.over(one, lasting, moment)
        ]
    )


def end(house: InHouse, present: Present, session: Id) -> None:
    """Log out elsewhere: that session is over at once."""
    with house.store.write() as tx:
        if not stored.end(tx, present.user.id, session, now()):
            raise Problem(404, mark("you have no session {session}"), session=session)
        audit.note(tx, present.user.email, "end session", f"user {present.user.id}", now())


def change_password(
    request: Request, house: InHouse, present: Present, change: shapes.NewPassword
) -> None:
    """Choose another password; all other sessions end."""
    user = a_user(present.user)
    with house.store.read() as tx:
        has_one = passwords.hash_of(tx, user.id) is not None
    if not has_one:
        text = mark("you have no password yet: an administrator gives you a link to choose one")
        raise Problem(409, text, kind="no-password")
    # A guess is one wherever it is made: it counts, and waits, as at the door.
    _proved(request, house, user.email, change.current_password)
    chosen(house, user, change.new_password, present.session)


def chosen(house: House, user: User, password: str, keep: int | None) -> None:
    """Choose a password. Raises a 422 Problem where it is guessed at once, 503."""
    try:
        choosing.choose(house.doors.desk, user, password, user.email, now(), keep)
    except Told as told:
        raise unfit(told) from told
    except Busy as error:
        raise busy() from error


def a_user(user: User) -> User:
    """The caller, who is in the store. Raises a 409 Problem for the machine's own token."""
    if user.id == 0:
        raise Problem(409, mark("the machine's own token belongs to no user"), kind="no-user")
    return user


def unfit(told: Told) -> Problem:
    """Why a password is not taken."""
    details: dict[str, Any] = dict(told.details)
    return Problem(422, told.text, kind="unfit-password", **details)


def busy() -> Problem:
    """Too many passwords are being compared."""
    text = mark("too many log in at once: try again in a moment")
    return Problem(503, text, headers={"Retry-After": "2"})


def _proved(request: Request, house: House, email: str, password: str) -> User:
    try:
        result = prove(house.doors.desk, email, password, _place(request), now())
    except Busy as error:
        raise busy() from error
    if isinstance(result, Wait):
        seconds = max(1, math.ceil(result.pause.total_seconds()))
        text = mark("too much went wrong before: wait {seconds} s")
        raise Problem(429, text, headers={"Retry-After": str(seconds)}, seconds=seconds)
    if isinstance(result, Wrong):
        raise Problem(401, mark("the address or the password is wrong"), kind="wrong-password")
    return result


def _place(request: Request) -> Place:
    return Place(address(request), request.headers.get("user-agent", ""))


def _end_old(request: Request, house: House) -> None:
    """The session that the browser had before it logs in again: its cookie is replaced."""
    cookie = cookies.held(request, house.doors)
    if cookie is None:
        return
    with house.store.write() as tx:
        old = stored.find(tx, secret.hashed(cookie))
        if old is not None:
            stored.end(tx, old.user, old.id, now())


_SESSION = "/api/v1/session"
ROUTES = (
    Route("POST", _SESSION, create, shapes.Me, status=201, problems=(401, 403, 429)),
    Route("GET", _SESSION, read, shapes.Me, problems=(401, 403)),
    Route("DELETE", _SESSION, delete, status=204, problems=(401, 403)),
    Route("GET", "/api/v1/sessions", all_of_mine, shapes.Sessions, problems=(401, 403)),
    Route("DELETE", "/api/v1/sessions/{session}", end, status=204, problems=(401, 403, 404, 422)),
    Route("PUT", "/api/v1/password", change_password, status=204, problems=(401, 403, 409, 429)),
)
