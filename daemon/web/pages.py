"""The pages behind signed links: opening one changes nothing, its button does (spec §8).

Mail scanners open every link, so only a POST may act.
"""

from collections.abc import Callable

from fastapi import Request
from fastapi.responses import HTMLResponse

from daemon.i18n import LANGUAGES, translator
from daemon.web.house import House, InHouse
from daemon.web.links import LinkRefused, LinkText, Refusal

# Ours are shorter; one that is cut is refused for its signature.
_LONGEST_TOKEN = 2048

_MOVED = 409
_STATUS = {
    Refusal.FORGED: 403,
    Refusal.NOT_YOURS: 403,
    Refusal.EXPIRED: 410,
    Refusal.GONE: 410,
}


def confirm(request: Request, token: str, house: InHouse) -> HTMLResponse:
    """What the link would do, and a button."""
    return _page(request, house, house.links.show, token)


def act(request: Request, token: str, house: InHouse) -> HTMLResponse:
    """Does it, and says what was done."""
    return _page(request, house, house.links.act, token)


def _page(
    request: Request, house: House, call: Callable[[str], LinkText], token: str
) -> HTMLResponse:
    try:
        text = call(token[:_LONGEST_TOKEN])
    except LinkRefused as refused:
        return _render(house, _refused(request, house, refused), _STATUS[refused.why])
    return _render(house, text, _MOVED if text.stale else 200)


def _refused(request: Request, house: House, refused: LinkRefused) -> LinkText:
    language = refused.language or _wanted(
        request.headers.get("accept-language", ""), house.language
    )
    _ = translator(language)
    why = {
        Refusal.FORGED: _("It is not complete: copy all of it, or answer the mail instead."),
        Refusal.EXPIRED: _("It is too old. Change the follow-up in your calendar instead."),
        Refusal.NOT_YOURS: _("This follow-up is not yours any more."),
        Refusal.GONE: _("This follow-up exists no more."),
    }[refused.why]
    return LinkText(_("This link is no longer valid"), why, language)


def _render(house: House, text: LinkText, status: int) -> HTMLResponse:
    page = house.templates.get_template("link.html")
    content = page.render(_=translator(text.language), page=text)
    return HTMLResponse(content, status, headers={"Cache-Control": "no-store"})


def _wanted(accepted: str, otherwise: str) -> str:
    """The first of the browser's languages that we have (RFC 9110 §12.5.4, order only)."""
    for part in accepted.split(","):
        short = part.split(";")[0].strip().lower().split("-")[0]
        if short in LANGUAGES:
            return short
    return otherwise
