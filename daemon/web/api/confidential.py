"""The confidential comment of an exchange, with an ETag of its own: to whoever is not privy to it
there is none."""

from fastapi import Response

from daemon.sheet import confidential, exchanges
from daemon.sheet.writer import Writer
from daemon.web.caller import Caller
from daemon.web.etags import IfMatch, etag
from daemon.web.house import InHouse
from daemon.web.route import Route
from daemon.web.shapes import exchange as shapes
from daemon.web.writing import ExchangeName, matching, names_of, writing
from rules.model.exchanges import ConfidentialComment

PATH = "/api/v1/exchanges/{exchange}/confidential"


def read(
    house: InHouse, caller: Caller, exchange: ExchangeName, response: Response
) -> shapes.ConfidentialShown:
    """The confidential comment; that it was read stands in the audit trail."""
    with writing(house, caller) as writer:
        comment = confidential.read(writer, exchanges.find(writer, exchange))
        return _shown(writer, comment, response)


def write(
    house: InHouse,
    caller: Caller,
    exchange: ExchangeName,
    given: shapes.ConfidentialGiven,
    response: Response,
    if_match: IfMatch = None,
) -> shapes.ConfidentialShown:
    """Write the confidential comment; the first one with `If-Match: "r0"`."""
    with writing(house, caller) as writer:
        found = exchanges.find(writer, exchange)
        comment = confidential.write(writer, found, matching(if_match), given.secret())
        return _shown(writer, comment, response)


def delete(
    house: InHouse, caller: Caller, exchange: ExchangeName, if_match: IfMatch = None
) -> None:
    """Take the confidential comment away."""
    with writing(house, caller) as writer:
        confidential.delete(writer, exchanges.find(writer, exchange), matching(if_match))


def _shown(
    writer: Writer, comment: ConfidentialComment, response: Response
) -> shapes.ConfidentialShown:
    response.headers["ETag"] = etag(comment.revision)
    known = writer.groups
    groups = sorted(known[group].name for group in comment.groups if group in known)
    return shapes.confidential(comment, names_of(writer, [comment.author]), groups)


_WRITES = (401, 403, 404, 412, 422, 428)
ROUTES = (
    Route("GET", PATH, read, shapes.ConfidentialShown, problems=(401, 404, 422)),
    Route("PUT", PATH, write, shapes.ConfidentialShown, problems=_WRITES),
    Route("DELETE", PATH, delete, status=204, problems=_WRITES),
)
