"""Mails that people write from an exchange."""

from typing import Any

from fastapi import Response

from daemon.sheet import letters
from daemon.sheet.once import once
from daemon.sheet.writer import Writer
from daemon.web.caller import Caller
from daemon.web.house import House, InHouse
from daemon.web.route import Route
from daemon.web.shapes import mail as shapes
from daemon.web.shapes.written import Recorded
from daemon.web.writing import ExchangeName, Key, made, reading, writing

PATH = "/api/v1/exchanges/{exchange}/mails"


def send(
    house: InHouse,
    caller: Caller,
    exchange: ExchangeName,
    given: shapes.MailGiven,
    response: Response,
    key: Key = None,
) -> Recorded:
    """Send a mail to these addresses, in the caller's name: it is recorded as an outbound exchange,
    once, and leaves as soon as suivi may send."""
    with writing(house, caller) as writer:
        asked = ["mail", exchange.upper(), given.model_dump(mode="json")]
        answer, _new = once(writer, key, asked, lambda: _sent(house, writer, exchange, given, key))
    house.desk().woken()
    recorded = Recorded.model_validate(answer)
    if recorded.exchange is not None:
        response.headers["Location"] = f"/api/v1/exchanges/{recorded.exchange.ref}"
    return recorded


def _sent(
    house: House, writer: Writer, exchange: str, given: shapes.MailGiven, key: str | None
) -> dict[str, Any]:
    recorded = letters.send(writer, house.desk().sender, exchange, given.written(), key)
    told = Recorded(exchange=made(recorded.id, recorded.ref, recorded.revision))
    return told.model_dump(mode="json")


def sent(house: InHouse, caller: Caller, exchange: ExchangeName) -> shapes.MailsShown:
    """What became of the mail that an exchange records, for each recipient."""
    with reading(house, caller) as writer:
        return shapes.MailsShown(items=list(map(shapes.mail, letters.sent(writer, exchange))))


ROUTES = (
    Route("POST", PATH, send, Recorded, status=202, problems=(401, 403, 404, 409, 422)),
    Route("GET", PATH, sent, shapes.MailsShown, problems=(401, 403, 404, 422)),
)
