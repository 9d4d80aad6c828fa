"""Entities: the companies that share this suivi."""

from dataclasses import replace

from fastapi import Response

from daemon.directory import staff
from daemon.i18n import mark
from daemon.store import people
from daemon.web.api.acting import CREATES, EDITS, READS, acting, given
from daemon.web.caller import Caller
from daemon.web.etags import IfMatch, etag, must_match
from daemon.web.house import InHouse
from daemon.web.ids import Id
from daemon.web.problems import Problem
from daemon.web.route import Route
from daemon.web.shapes import people as asked
from daemon.web.shapes import third_parties as shapes
from rules.access import Action
from rules.model.people import Entity, EntityId


def entities(house: InHouse, caller: Caller) -> asked.Entities:
    """All entities, by code."""
    _refuse_former(caller.active)
    with house.store.read() as tx:
        return asked.Entities(items=[shapes.entity(one) for one in people.entities(tx)])


def entity(house: InHouse, caller: Caller, response: Response, number: Id) -> asked.Entity:
    """One entity."""
    _refuse_former(caller.active)
    with house.store.read() as tx:
        return _shown(response, staff.entity_of(tx, EntityId(number)))


def create(
    house: InHouse, caller: Caller, response: Response, body: asked.NewEntity
) -> asked.Entity:
    """Make an entity."""
    with house.store.write() as tx:
        made = staff.add_entity(tx, acting(caller), body.code, body.name)
        if not body.active:
            made = staff.edit_entity(tx, acting(caller), replace(made, active=False))
    response.headers["Location"] = f"/api/v1/entities/{made.id}"
    return _shown(response, made)


def edit(
    house: InHouse,
    caller: Caller,
    response: Response,
    number: Id,
    body: asked.EntityChange,
    if_match: IfMatch = None,
) -> asked.Entity:
    """Change what is sent of an entity."""
    with house.store.write() as tx:
        who = acting(caller)
        who.needs(tx, Action.MANAGE_USERS)
        before = staff.entity_of(tx, EntityId(number))
        must_match(if_match, before.revision)
        changed = staff.edit_entity(tx, who, replace(before, **given(body)))
    return _shown(response, changed)


def _refuse_former(active: bool) -> None:
    if not active:
        raise Problem(403, mark("who has left sees nobody"))


def _shown(response: Response, one: Entity) -> asked.Entity:
    response.headers["ETag"] = etag(one.revision)
    return shapes.entity(one)


_ALL = "/api/v1/entities"
_ONE = "/api/v1/entities/{number}"

ROUTES = (
    Route("GET", _ALL, entities, asked.Entities, problems=(401, 403)),
    Route("POST", _ALL, create, asked.Entity, status=201, problems=CREATES),
    Route("GET", _ONE, entity, asked.Entity, problems=(*READS, 422)),
    Route("PATCH", _ONE, edit, asked.Entity, problems=EDITS),
)
