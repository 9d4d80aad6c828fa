"""The lists of modes, purposes and products: for everybody to choose from, for admins to change."""

from enum import StrEnum
from typing import Annotated, Any

from fastapi import Path, Query, Response

from daemon.directory import lists as changing
from daemon.i18n import mark
from daemon.store import lists
from daemon.web.api.acting import CREATES, EDITS, acting, given
from daemon.web.caller import Caller
from daemon.web.etags import IfMatch, etag, must_match
from daemon.web.house import InHouse
from daemon.web.problems import Problem
from daemon.web.route import Route
from daemon.web.shapes import configuration as shapes
from rules.access import Action


class List(StrEnum):
    """Which list."""

    MODE = "mode"
    PURPOSE = "purpose"
    PRODUCT = "product"


Code = Annotated[str, Path(max_length=64)]
Retired = Annotated[bool, Query(description="Retired ones too.")]


def entries(
    house: InHouse, caller: Caller, which: List, retired: Retired = False
) -> shapes.Entries:
    """The entries of a list, in their order."""
    if not caller.active:
        raise Problem(403, mark("who has left sees nobody"))
    with house.store.read() as tx:
        found = lists.items(tx, which)
    offered = (one for one in found if retired or one.retired_at is None)
    return shapes.Entries(items=[_entry(one) for one in offered])


def create(
    house: InHouse, caller: Caller, response: Response, which: List, body: shapes.NewEntry
) -> shapes.Entry:
    """Put an entry into a list."""
    with house.store.write() as tx:
        labels = {str(language): label for language, label in body.labels.items()}
        made = changing.add(tx, acting(caller), which, body.code, labels, body.position)
    return _shown(response, made)


def edit(
    house: InHouse,
    caller: Caller,
    response: Response,
    which: List,
    code: Code,
    body: shapes.EntryChange,
    if_match: IfMatch = None,
) -> shapes.Entry:
    """Change what is sent of an entry. `retired`: it is not offered any more, and what names it
    stays readable; nothing is ever deleted."""
    with house.store.write() as tx:
        who = acting(caller)
        who.needs(tx, Action.CONFIGURE)
        before = changing.item_of(tx, which, code)
        must_match(if_match, before.revision)
        fields: dict[str, Any] = given(body)
        changed = changing.edit(tx, who, which, before, **fields)
    return _shown(response, changed)


def _entry(one: lists.Item) -> shapes.Entry:
    return shapes.Entry(
        code=one.code,
        labels=dict(one.labels),
        position=one.position,
        retired_at=one.retired_at,
        revision=one.revision,
    )


def _shown(response: Response, one: lists.Item) -> shapes.Entry:
    response.headers["ETag"] = etag(one.revision)
    return _entry(one)


_ALL = "/api/v1/lists/{which}"

ROUTES = (
    Route("GET", _ALL, entries, shapes.Entries, problems=(401, 403, 422)),
    Route("POST", _ALL, create, shapes.Entry, status=201, problems=CREATES),
    Route("PATCH", f"{_ALL}/{{code}}", edit, shapes.Entry, problems=EDITS),
)
