"""Links by which users choose a password: made by who manages users, used once."""

from fastapi import Request

from daemon.clock import now
from daemon.i18n import Told, mark
from daemon.logins import choosing
from daemon.logins.passwords import Busy
from daemon.store import people
from daemon.web.api.asked import require
from daemon.web.api.sessions import busy, unfit
from daemon.web.auth import crossing
from daemon.web.caller import Caller
from daemon.web.house import House, InHouse
from daemon.web.ids import Id
from daemon.web.problems import Problem
from daemon.web.route import Route
from daemon.web.shapes import logins as shapes
from daemon.web.welcome import link
from rules.model.people import Right, User, UserId


def create(house: InHouse, caller: Caller, user: Id) -> shapes.Invitation:
    """Make a link for a user who has no password, or forgot it; links before it end."""
    moment = now()
    with house.store.write() as tx:
        require(tx, caller, Right.MANAGE_USERS)
        found = people.get_user(tx, UserId(user))
        if found is None or not found.active:
            raise Problem(404, mark("there is no user {user} who may log in"), user=user)
        told = choosing.invite(tx, found.id, caller.email or caller.name, moment)
    return shapes.Invitation(link=link(house.doors, told), expires_at=moment + choosing.GOOD_FOR)


def accept(request: Request, house: InHouse, answer: shapes.Accepted) -> shapes.Welcome:
    """Choose a password by a link; that of the first administrator makes them."""
    crossing.refuse_strangers(request, house.doors)
    user = accepted(
        house, answer.invitation, answer.new_password, answer.name or "", answer.email or ""
    )
    return shapes.Welcome(email=user.email)


def accepted(house: House, told: str, password: str, name: str, email: str) -> User:
    """The user who may log in now. Raises a 404 Problem for a link that is of no use, 422 for a
    password that is guessed at once, 503."""
    try:
        return choosing.accept(house.doors.desk, told, password, now(), name, email)
    except choosing.NoInvitation as error:
        text = mark("this link was used or is too old: ask an administrator for another")
        raise Problem(404, text, kind="no-invitation") from error
    except Told as wrong:
        raise unfit(wrong) from wrong
    except Busy as error:
        raise busy() from error


ROUTES = (
    Route(
        "POST",
        "/api/v1/users/{user}/invitation",
        create,
        shapes.Invitation,
        status=201,
        problems=(401, 403, 404),
    ),
    Route("POST", "/api/v1/invitations", accept, shapes.Welcome, problems=(403, 404)),
)
