"""The pages behind signed links: opening one changes nothing, its button does (spec §8).

Mail scanners open every link, so only a POST may act.
"""

from collections.abc import Callable

from fastapi import Request
from fastapi.responses import HTMLResponse

from daemon.i18n import LANGUAGES, translator
from daemon.web.house import House, InHouse
from daemon.web.links import LinkRefused, LinkText

# Ours are shorter; one that is cut is refused for its signature.
_LONGEST_TOKEN = 2048


def confirm(request: Request, token: str, house: InHouse) -> HTMLResponse:
    """What the link would do, and a button."""
    return _page(request, house, house.links.show, token, button=True)


def act(request: Request, token: str, house: InHouse) -> HTMLResponse:
    """Does it, and says what was done."""
    return _page(request, house, house.links.act, token, button=False)


def _page(
    request: Request,
    house: House,
    call: Callable[[str], LinkText],
    token: str,
    *,
    button: bool,
) -> HTMLResponse:
    try:
        text = call(token[:_LONGEST_TOKEN])
    except LinkRefused:
        return _render(house, _refused(request, house), 403, button=False)
    return _render(house, text, 200, button=button)


def _refused(request: Request, house: House) -> LinkText:
    language = _wanted(request.headers.get("accept-language", ""), house.language)
    _ = translator(language)
    return LinkText(
        _("This link is no longer valid"),
        _("It has expired, or it is not complete. Answer the reminder by mail instead."),
        language,
    )


def _render(house: House, text: LinkText, status: int, *, button: bool) -> HTMLResponse:
    page = house.templates.get_template("link.html")
    content = page.render(_=translator(text.language), page=text, button=button)
    return HTMLResponse(content, status, headers={"Cache-Control": "no-store"})


def _wanted(accepted: str, otherwise: str) -> str:
    """The first of the browser's languages that we have (RFC 9110 §12.5.4, order only)."""
    for part in accepted.split(","):
        short = part.split(";")[0].strip().lower().split("-")[0]
        if short in LANGUAGES:
            return short
    return otherwise
