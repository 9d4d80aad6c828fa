"""Mailboxes and calendars: how they fare, and those that are set up here; rules and templates as
they stand."""

from typing import Any

from fastapi import Request, Response
from pydantic import SecretStr

from daemon.directory import accounts as changing
from daemon.store import Tx, accounts, calendars, folders, people, setups
from daemon.store.accounts import AccountStatus
from daemon.store.setups import Setup
from daemon.web.api.acting import CREATES, EDITS, READS, acting, given
from daemon.web.caller import Caller
from daemon.web.etags import IfMatch, etag, must_match
from daemon.web.house import House, InHouse
from daemon.web.ids import Id
from daemon.web.language import language_of
from daemon.web.route import Route
from daemon.web.shapes import configuration as shapes
from rules.access import Action
from rules.model.people import User


def all_accounts(house: InHouse, caller: Caller) -> shapes.Accounts:
    """Every account that is watched, of the configuration file too, and how it fares."""
    with house.store.read() as tx:
        acting(caller).needs(tx, Action.CONFIGURE)
        here = {(one.kind, one.name): one.id for one in setups.setups(tx)}
        users = people.users(tx)
        items = [_fares(tx, one, here, users) for one in accounts.watched(tx)]
    return shapes.Accounts(items=items)


def mailbox(house: InHouse, caller: Caller, response: Response, number: Id) -> shapes.SetUp:
    """A mailbox that was set up here."""
    return _read(house, caller, response, number, "mail")


def calendar(house: InHouse, caller: Caller, response: Response, number: Id) -> shapes.SetUp:
    """A calendar account that was set up here."""
    return _read(house, caller, response, number, "calendar")


def create_mailbox(
    house: InHouse, caller: Caller, response: Response, body: shapes.NewMailbox
) -> shapes.SetUp:
    """Set a mailbox up: the daemon reads it within seconds, and its past."""
    return _create(house, caller, response, body, "mail", body.name)


def create_calendar(
    house: InHouse, caller: Caller, response: Response, body: shapes.NewCalendar
) -> shapes.SetUp:
    """Set a calendar account up: the daemon reads it within seconds."""
    return _create(house, caller, response, body, "calendar", body.name)


def edit_mailbox(
    house: InHouse,
    caller: Caller,
    response: Response,
    number: Id,
    body: shapes.MailboxChange,
    if_match: IfMatch = None,
) -> shapes.SetUp:
    """Change what is sent of a mailbox; another password counts from the next connection."""
    return _edit(house, caller, response, number, body, "mail", if_match)


def edit_calendar(
    house: InHouse,
    caller: Caller,
    response: Response,
    number: Id,
    body: shapes.CalendarChange,
    if_match: IfMatch = None,
) -> shapes.SetUp:
    """Change what is sent of a calendar account."""
    return _edit(house, caller, response, number, body, "calendar", if_match)


def drop_mailbox(house: InHouse, caller: Caller, number: Id, if_match: IfMatch = None) -> Response:
    """Read a mailbox no more; what was seen in it stays."""
    return _drop(house, caller, number, "mail", if_match)


def drop_calendar(house: InHouse, caller: Caller, number: Id, if_match: IfMatch = None) -> Response:
    """Read a calendar account no more; what was seen in it stays."""
    return _drop(house, caller, number, "calendar", if_match)


def rules(house: InHouse, caller: Caller, request: Request) -> shapes.Rules:
    """The rules in force: their fingerprint, files and findings."""
    with house.store.read() as tx:
        acting(caller).needs(tx, Action.CONFIGURE)
    state = house.machine.rules(language_of(request))
    return shapes.Rules(
        fingerprint=state.fingerprint,
        since=state.since,
        files=list(state.files),
        rules=state.rules,
        warnings=list(state.warnings),
        refused=list(state.refused),
    )


def templates(house: InHouse, caller: Caller, request: Request) -> shapes.Templates:
    """The templates of mails, and what is wrong with them."""
    with house.store.read() as tx:
        acting(caller).needs(tx, Action.CONFIGURE)
    return shapes.Templates(
        items=[
            shapes.Template(
                name=one.name, mail=one.mail, files=list(one.files), mistakes=list(one.mistakes)
            )
            for one in house.machine.templates(language_of(request))
        ]
    )


def _read(house: House, caller: User, response: Response, number: int, kind: str) -> shapes.SetUp:
    with house.store.read() as tx:
        return _shown(response, changing.setup_of(tx, acting(caller), number, kind))


def _create(
    house: House,
    caller: User,
    response: Response,
    body: shapes.NewMailbox | shapes.NewCalendar,
    kind: str,
    name: str,
) -> shapes.SetUp:
    options, password = _fields(body)
    with house.store.write() as tx:
        seal = house.machine.vault.seal
        secret = password or SecretStr("")
        made = changing.add(tx, acting(caller), kind, name, options, secret, seal)
    return _shown(response, made)


def _edit(
    house: House,
    caller: User,
    response: Response,
    number: int,
    body: shapes.MailboxChange | shapes.CalendarChange,
    kind: str,
    if_match: str | None,
) -> shapes.SetUp:
    options, password = _fields(body)
    with house.store.write() as tx:
        who = acting(caller)
        before = changing.setup_of(tx, who, number, kind)
        must_match(if_match, before.revision)
        changed = changing.change(tx, who, before, options, password, house.machine.vault.seal)
    return _shown(response, changed)


def _drop(house: House, caller: User, number: int, kind: str, if_match: str | None) -> Response:
    with house.store.write() as tx:
        who = acting(caller)
        before = changing.setup_of(tx, who, number, kind)
        must_match(if_match, before.revision)
        changing.drop(tx, who, before)
    return Response(status_code=204)


def _fields(
    body: shapes.MailboxChange | shapes.CalendarChange,
) -> tuple[dict[str, Any], SecretStr | None]:
    fields = given(body)
    fields.pop("name", None)
    return fields, fields.pop("password", None)


def _fares(
    tx: Tx, one: AccountStatus, here: dict[tuple[str, str], int], users: Any
) -> shapes.Account:
    seen = (
        [folder.name for folder in folders.of(tx, one.id)]
        if one.kind == "mail"
        else [book.name for book in calendars.of(tx, one.id)]
    )
    return shapes.Account(
        kind="mail" if one.kind == "mail" else "calendar",
        name=one.name,
        host=one.host,
        owner=users[one.owner].email if one.owner in users else None,
        level=one.level.name.lower(),
        setup=here.get((one.kind, one.name)),
        watches=sorted(seen),
        last_ok_at=one.last_ok_at,
        failing_since=one.failing_since,
        last_error=one.last_error,
        next_try_at=one.next_try_at,
    )


def _shown(response: Response, one: Setup) -> shapes.SetUp:
    response.headers["ETag"] = etag(one.revision)
    kind: Any = one.kind
    return shapes.SetUp(
        id=one.id, kind=kind, name=one.name, options=dict(one.options), revision=one.revision
    )


_BOXES, _BOX = "/api/v1/mailboxes", "/api/v1/mailboxes/{number}"
_BOOKS, _BOOK = "/api/v1/calendar-accounts", "/api/v1/calendar-accounts/{number}"
_DROPS = (401, 403, 404, 412, 422, 428)

ROUTES = (
    Route("GET", "/api/v1/accounts", all_accounts, shapes.Accounts, problems=(401, 403)),
    Route("POST", _BOXES, create_mailbox, shapes.SetUp, status=201, problems=CREATES),
    Route("GET", _BOX, mailbox, shapes.SetUp, problems=(*READS, 422)),
    Route("PATCH", _BOX, edit_mailbox, shapes.SetUp, problems=EDITS),
    Route("DELETE", _BOX, drop_mailbox, status=204, problems=_DROPS),
    Route("POST", _BOOKS, create_calendar, shapes.SetUp, status=201, problems=CREATES),
    Route("GET", _BOOK, calendar, shapes.SetUp, problems=(*READS, 422)),
    Route("PATCH", _BOOK, edit_calendar, shapes.SetUp, problems=EDITS),
    Route("DELETE", _BOOK, drop_calendar, status=204, problems=_DROPS),
    Route("GET", "/api/v1/rules", rules, shapes.Rules, problems=(401, 403)),
    Route("GET", "/api/v1/templates", templates, shapes.Templates, problems=(401, 403)),
)
