"""Groups of users: their names for everybody, their members and rights for who manages users."""

from dataclasses import replace

from fastapi import Response

from daemon.directory import staff
from daemon.i18n import mark
from daemon.store import Tx, people
from daemon.web.api.acting import CREATES, EDITS, READS, acting, given, user_ids
from daemon.web.caller import Caller
from daemon.web.etags import IfMatch, etag, must_match
from daemon.web.house import InHouse
from daemon.web.ids import Id
from daemon.web.problems import Problem
from daemon.web.route import Route
from daemon.web.shapes import people as shapes
from rules.access import Action
from rules.model.people import Group, GroupId


def groups(house: InHouse, caller: Caller) -> shapes.Groups:
    """All groups in short, by name."""
    if not caller.active:
        raise Problem(403, mark("who has left sees nobody"))
    with house.store.read() as tx:
        found = sorted(people.groups(tx).values(), key=lambda one: (one.name, one.id))
    return shapes.Groups(items=[_short(one) for one in found])


def group(house: InHouse, caller: Caller, response: Response, number: Id) -> shapes.Group:
    """A group, whole."""
    with house.store.read() as tx:
        acting(caller).needs(tx, Action.MANAGE_USERS)
        return _shown(tx, response, staff.group_of(tx, GroupId(number)))


def create(
    house: InHouse, caller: Caller, response: Response, body: shapes.NewGroup
) -> shapes.Group:
    """Make a group."""
    with house.store.write() as tx:
        members = user_ids(tx, body.members)
        made = staff.add_group(tx, acting(caller), body.name, body.rights, members)
        if not body.active:
            closed = replace(made, active=False)
            made = staff.edit_group(tx, acting(caller), closed, members)
        response.headers["Location"] = f"/api/v1/groups/{made.id}"
        return _shown(tx, response, made)


def edit(
    house: InHouse,
    caller: Caller,
    response: Response,
    number: Id,
    body: shapes.GroupChange,
    if_match: IfMatch = None,
) -> shapes.Group:
    """Change what is sent of a group; with `active` false it gives its members nothing."""
    with house.store.write() as tx:
        who = acting(caller)
        who.needs(tx, Action.MANAGE_USERS)
        before = staff.group_of(tx, GroupId(number))
        must_match(if_match, before.revision)
        fields = given(body)
        members = people.members(tx, before.id)
        if fields.pop("members", None) is not None:
            members = user_ids(tx, body.members)
        if "rights" in fields:
            fields["rights"] = frozenset(body.rights)
        changed = staff.edit_group(tx, who, replace(before, **fields), members)
        return _shown(tx, response, changed)


def _short(one: Group) -> shapes.GroupRef:
    return shapes.GroupRef(id=one.id, name=one.name, active=one.active)


def _shown(tx: Tx, response: Response, one: Group) -> shapes.Group:
    response.headers["ETag"] = etag(one.revision)
    users = people.users(tx)
    return shapes.Group(
        **_short(one).model_dump(),
        rights=sorted(one.rights),
        members=sorted(users[user].email for user in people.members(tx, one.id)),
        revision=one.revision,
    )


_ALL = "/api/v1/groups"
_ONE = "/api/v1/groups/{number}"

ROUTES = (
    Route("GET", _ALL, groups, shapes.Groups, problems=(401, 403)),
    Route("POST", _ALL, create, shapes.Group, status=201, problems=CREATES),
    Route("GET", _ONE, group, shapes.Group, problems=(*READS, 422)),
    Route("PATCH", _ONE, edit, shapes.Group, problems=EDITS),
)
