"""In which language a request is answered: as it asks, else its user's, else the installation's."""

from fastapi import Request

from daemon.i18n import LANGUAGES

_MOST = 32
"""Languages that are looked at in one header: browsers name a handful."""


def accepted(header: str) -> str | None:
    """The language of ours that an Accept-Language header wants most (RFC 9110 §12.5.4); None
    where it names none of them."""
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate(header.split(",")[:_MOST]):
        name, _, parameters = part.partition(";")
        short = name.strip().lower().split("-")[0]
        weight = _weight(parameters)
        if short in LANGUAGES and weight > 0:
            wanted.append((-weight, place, short))
    return min(wanted)[2] if wanted else None


def language_of(request: Request) -> str:
    """The language of the answer to this request."""
    asked = accepted(request.headers.get("accept-language", ""))
    user = getattr(request.state, "user", None)
    if asked is not None:
        return asked
    otherwise: str = request.app.state.house.language
    return user.language if user is not None and user.language in LANGUAGES else otherwise


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
