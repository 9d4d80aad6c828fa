"""One exchange: record it (with its follow-up), see, change, clone, delete it, say what it is
about."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import Query, Request, Response

from daemon.i18n import translator
from daemon.sheet import confidential, exchanges, follow_ups
from daemon.sheet.once import once
from daemon.sheet.writer import Writer
from daemon.store import people
from daemon.web.caller import Caller
from daemon.web.etags import IfMatch, etag
from daemon.web.house import InHouse
from daemon.web.language import language_of
from daemon.web.route import Route
from daemon.web.shapes import exchange as shapes
from daemon.web.shapes.written import Answers, Code, ElementGiven, Line, Recorded
from daemon.web.writing import ExchangeName, Key, each, made, matching, names_of, reading, writing
from rules import access
from rules.access import Action
from rules.model.exchanges import Exchange, Source

PATH = "/api/v1/exchanges/{exchange}"


def record(
    house: InHouse, caller: Caller, given: shapes.ExchangeGiven, response: Response, key: Key = None
) -> Recorded:
    """Record an exchange, and its follow-up and reminders with it: both or neither."""
    with writing(house, caller) as writer:
        asked = given.model_dump(mode="json")
        answer, new = once(writer, key, ["exchange", asked], lambda: _record(writer, given, key))
    recorded = Recorded.model_validate(answer)
    if recorded.follow_up is not None and new:
        house.desk().woken()
    if recorded.exchange is not None:
        response.headers["Location"] = f"/api/v1/exchanges/{recorded.exchange.ref}"
    return recorded


def _record(writer: Writer, given: shapes.ExchangeGiven, key: str | None) -> dict[str, Any]:
    recorded = exchanges.create(writer, given.entry(), source=Source.API)
    told = Recorded(exchange=made(recorded.id, recorded.ref, recorded.revision))
    if given.follow_up is not None:
        entry = given.follow_up.entry(recorded.ref)
        named = follow_ups.key_of(writer, f"{recorded.ref}:{key or ''}")
        opened = follow_ups.create(writer, entry, named)
        told.follow_up = made(opened.id, opened.ref, opened.revision)
    return told.model_dump(mode="json")


def see(
    house: InHouse, caller: Caller, exchange: ExchangeName, response: Response
) -> shapes.ExchangeShown:
    """One exchange, as far as the caller may see it."""
    with reading(house, caller) as writer:
        return _shown(writer, exchanges.find(writer, exchange), response)


def change(
    house: InHouse,
    caller: Caller,
    exchange: ExchangeName,
    given: shapes.ExchangeChanged,
    response: Response,
    if_match: IfMatch = None,
) -> shapes.ExchangeShown:
    """Change what is named of it."""
    with writing(house, caller) as writer:
        check = matching(if_match)
        changed = exchanges.change(writer, exchange, check, given.given())
        return _shown(writer, changed, response)


def clone(house: InHouse, caller: Caller, exchange: ExchangeName, response: Response) -> Recorded:
    """A new exchange, now, that says what this one says to the caller."""
    with writing(house, caller) as writer:
        cloned = exchanges.clone(writer, exchange)
    response.headers["Location"] = f"/api/v1/exchanges/{cloned.ref}"
    return Recorded(exchange=made(cloned.id, cloned.ref, cloned.revision))


def delete(
    house: InHouse,
    caller: Caller,
    exchange: ExchangeName,
    if_match: IfMatch = None,
    reason: Annotated[Line, Query(description="Kept with the tombstone.")] = "",
) -> None:
    """Delete it for good: no mailbox and no calendar brings it back."""
    with writing(house, caller) as writer:
        exchanges.delete(writer, exchange, matching(if_match), reason)


def delete_several(
    request: Request, house: InHouse, caller: Caller, given: shapes.ExchangesNamed
) -> Answers:
    """Delete several, with an answer for each."""
    _ = translator(language_of(request))
    named = [(one.exchange, one.revision) for one in given.exchanges]
    return each(
        house,
        caller,
        named,
        lambda writer, name, check: exchanges.delete(writer, name, check, given.reason),
        lambda error: error.told(_),
    )


def link(
    house: InHouse,
    caller: Caller,
    exchange: ExchangeName,
    given: ElementGiven,
    response: Response,
    if_match: IfMatch = None,
) -> shapes.ExchangeShown:
    """Say that it is about an element."""
    with writing(house, caller) as writer:
        check = matching(if_match)
        return _shown(writer, exchanges.link(writer, exchange, check, given.linked()), response)


def unlink(
    house: InHouse,
    caller: Caller,
    exchange: ExchangeName,
    type_: Annotated[Code, Query(alias="type")],
    ref: Annotated[Code, Query()],
    response: Response,
    if_match: IfMatch = None,
) -> shapes.ExchangeShown:
    """Say that it is not about an element: no rule links it again."""
    with writing(house, caller) as writer:
        check = matching(if_match)
        return _shown(writer, exchanges.unlink(writer, exchange, check, type_, ref), response)


def _shown(writer: Writer, found: Exchange, response: Response) -> shapes.ExchangeShown:
    shown = access.visible(found, writer.user, writer.groups) or found
    if not exchanges.sees_whole(writer, found):
        # They come from headers and text.
        shown = replace(shown, thread=None, tags=())
    facts = access.facts_of(found)
    response.headers["ETag"] = etag(found.revision)
    people_in = [shown.author, shown.recorder, *shown.collaborators]
    contacts = (people.get_contact(writer.tx, contact) for contact in shown.contacts)
    return shapes.shown(
        shown,
        names_of(writer, people_in, shown.third_parties),
        [shapes.ContactRef(id=one.id, name=one.name) for one in contacts if one is not None],
        people.entity_code(writer.tx, shown.entity) if shown.entity is not None else None,
        exchanges.attached(writer, found),
        shapes.MayDo(
            edit=writer.may(Action.EDIT_EXCHANGE, facts),
            delete=writer.may(Action.DELETE_EXCHANGE, facts),
            confidential=confidential.is_privy(writer, found),
        ),
    )


_READS = (401, 403, 404, 422)
_WRITES = (401, 403, 404, 412, 422, 428)
ROUTES = (
    Route(
        "POST",
        "/api/v1/exchanges",
        record,
        Recorded,
        status=201,
        problems=(401, 403, 412, 422),
    ),
    Route("POST", "/api/v1/exchanges/delete", delete_several, Answers, problems=(401, 403, 422)),
    Route("GET", PATH, see, shapes.ExchangeShown, problems=_READS),
    Route("PATCH", PATH, change, shapes.ExchangeShown, problems=_WRITES),
    Route("DELETE", PATH, delete, status=204, problems=_WRITES),
    Route("POST", f"{PATH}/clone", clone, Recorded, status=201, problems=_READS),
    Route("POST", f"{PATH}/elements", link, shapes.ExchangeShown, problems=_WRITES),
    Route("DELETE", f"{PATH}/elements", unlink, shapes.ExchangeShown, problems=_WRITES),
)
