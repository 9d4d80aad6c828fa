"""What operations on people ask alike: who acts, which number is meant, and whose names stand for
numbers."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from daemon.clock import now
from daemon.directory.acting import Actor, actor
from daemon.i18n import mark
from daemon.store import Tx, people
from daemon.web.api.asked import seeing
from daemon.web.problems import Problem
from rules import identity
from rules.access import Scope
from rules.model.people import EntityId, GroupId, Level, Right, User, UserId

READS = (401, 403, 404)
LISTS = (401, 403, 422)
CREATES = (401, 403, 404, 409)
EDITS = (401, 403, 404, 409, 412, 428)


def acting(caller: User) -> Actor:
    """Who calls, as the one who does something."""
    return actor(caller, now())


def reach(tx: Tx, caller: User) -> Scope:
    """Which third parties the caller may see, as the store filters them. Raises a 403 Problem
    where they may see none."""
    return seeing(tx, caller, Right.SEE_EXCHANGES, Right.SEE_FOLLOW_UPS, Right.CONFIGURE)


def given(body: BaseModel) -> dict[str, Any]:
    """The fields that were sent."""
    return {name: getattr(body, name) for name in body.model_fields_set}


def codes(tx: Tx) -> Mapping[EntityId, str]:
    """What entities are called."""
    return {one.id: one.code for one in people.entities(tx)}


def entity_ids(tx: Tx, wanted: Iterable[str]) -> frozenset[EntityId]:
    """Entities by code. Raises a 422 Problem for one that there is not."""
    known = {code: number for number, code in codes(tx).items()}
    return frozenset(known[code] if code in known else _no("entity", code) for code in wanted)


def entity_id(tx: Tx, code: str | None) -> EntityId | None:
    """An entity by code; None is none."""
    return None if code is None else next(iter(entity_ids(tx, (code,))))


def group_ids(tx: Tx, wanted: Iterable[str]) -> frozenset[GroupId]:
    """Groups by name. Raises a 422 Problem for one that there is not."""
    known = {group.name: group.id for group in people.groups(tx).values()}
    return frozenset(known[name] if name in known else _no("group", name) for name in wanted)


def user_ids(tx: Tx, wanted: Iterable[str]) -> frozenset[UserId]:
    """Users by address. Raises a 422 Problem for one that there is not."""
    known = {identity.key(user.email): user.id for user in people.users(tx).values()}
    keys = ((identity.key(email), email) for email in wanted)
    return frozenset(known[key] if key in known else _no("user", email) for key, email in keys)


def level(name: str) -> Level:
    """A level by its name."""
    return Level[name.upper()]


def _no(what: str, name: str) -> Any:
    texts = {
        "entity": mark("there is no entity '{name}'"),
        "group": mark("there is no group '{name}'"),
        "user": mark("there is no user '{name}'"),
    }
    raise Problem(422, texts[what], name=name)
