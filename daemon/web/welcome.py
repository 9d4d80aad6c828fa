"""The page behind an invitation: it asks for a password, once."""

from dataclasses import dataclass
from urllib.parse import parse_qs

from fastapi import Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from daemon.clock import now
from daemon.i18n import Told, translator
from daemon.logins import choosing
from daemon.logins.passwords import Busy
from daemon.web.auth import crossing
from daemon.web.auth.doors import Doors
from daemon.web.house import House, InHouse
from daemon.web.language import language_of

PATH = "/welcome/"
_LONGEST = 200
_FIELDS = 8


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the page says; `form` is the secret of the link, where a password can be chosen. The
    first admin, whom nobody knows yet, has no `email`."""

    language: str
    heading: str
    text: str = ""
    form: str | None = None
    email: str | None = None


def link(doors: Doors, told: str) -> str:
    """The address of an invitation; where suivi does not know its own, the path alone."""
    return f"{(doors.public_url or '').rstrip('/')}{PATH}{told}"


def ask(request: Request, house: InHouse, token: str) -> HTMLResponse:
    """The form; to look at it uses nothing up."""
    return _asking(request, house, token, "")


async def choose(request: Request, house: InHouse, token: str) -> HTMLResponse:
    """Takes the password, and says so."""
    crossing.refuse_strangers(request, house.doors)
    body = (await request.body()).decode("utf-8", "replace")
    return await run_in_threadpool(_chosen, request, house, token, _fields(body))


def _chosen(request: Request, house: House, token: str, form: dict[str, str]) -> HTMLResponse:
    language = language_of(request)
    _ = translator(language)
    password = form.get("password", "")
    if password != form.get("again"):
        return _asking(request, house, token, _("The two passwords differ."))
    name, email = form.get("name", ""), form.get("email", "")
    try:
        user = choosing.accept(house.doors.desk, token[:_LONGEST], password, now(), name, email)
    except choosing.NoInvitation:
        return _useless(request, house)
    except Told as told:
        return _asking(request, house, token, told.told(_))
    except Busy:
        return _asking(request, house, token, _("too many log in at once: try again in a moment"))
    text = _("{email} may log in with this password from now on.").format(email=user.email)
    return _page(house, _Shown(language, _("The password is chosen"), text), 200)


def _asking(request: Request, house: House, token: str, wrong: str) -> HTMLResponse:
    try:
        with house.store.read() as tx:
            user = choosing.invited(tx, token[:_LONGEST], now())
    except choosing.NoInvitation:
        return _useless(request, house)
    language = language_of(request)
    _ = translator(language)
    heading = _("Choose a password")
    email = user.email if user is not None else None
    return _page(house, _Shown(language, heading, wrong, token, email), 422 if wrong else 200)


def _useless(request: Request, house: House) -> HTMLResponse:
    language = language_of(request)
    _ = translator(language)
    text = _("this link was used or is too old: ask an administrator for another")
    return _page(house, _Shown(language, _("This link is no longer valid"), text), 404)


def _page(house: House, shown: _Shown, status: int) -> HTMLResponse:
    page = house.templates.get_template("welcome.html")
    content = page.render(_=translator(shown.language), page=shown, shortest=choosing.SHORTEST)
    return HTMLResponse(content, status, headers={"Cache-Control": "no-store"})


def _fields(body: str) -> dict[str, str]:
    try:
        found = parse_qs(body, max_num_fields=_FIELDS)
    except ValueError:
        return {}
    return {name: values[-1] for name, values in found.items()}
