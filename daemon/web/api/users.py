"""Users: in short for everybody who may choose one, whole for themselves and who manages users."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import Query, Response

from daemon.directory import staff
from daemon.i18n import mark
from daemon.logins.leaving import shut_out
from daemon.store import Tx, people
from daemon.web.api.acting import (
    CREATES,
    EDITS,
    LISTS,
    READS,
    acting,
    codes,
    entity_ids,
    given,
    group_ids,
)
from daemon.web.api.asked import Words, says
from daemon.web.api.third_parties import IsActive
from daemon.web.caller import Caller
from daemon.web.etags import IfMatch, etag, must_match
from daemon.web.house import InHouse
from daemon.web.ids import Id
from daemon.web.paging import After, Limit, cursor, key_of
from daemon.web.problems import Problem
from daemon.web.route import Route
from daemon.web.shapes import people as shapes
from rules import access
from rules.access import Action
from rules.model.people import User, UserId

InGroup = Annotated[str | None, Query(max_length=100, description="Only of the group so called.")]


def users(
    house: InHouse,
    caller: Caller,
    text: Words = None,
    group: InGroup = None,
    active: IsActive = None,
    limit: Limit = 50,
    after: After = None,
) -> shapes.Users:
    """Members of staff in short, by id; `text` looks in names and addresses."""
    (last,) = key_of(after, int) if after is not None else (0,)
    if not caller.active:
        raise Problem(403, mark("who has left sees nobody"))
    with house.store.read() as tx:
        of = group_ids(tx, () if group is None else (group,))
        found = [
            user
            for user in people.users(tx).values()
            if user.id > last
            and of <= user.groups
            and active in (None, user.active)
            and says(text, user.name, user.email)
        ]
    page = found[:limit]
    return shapes.Users(
        items=[_short(one) for one in page],
        next=cursor(page[-1].id) if found[limit:] else None,
    )


def user(house: InHouse, caller: Caller, response: Response, number: Id) -> shapes.User:
    """A user, whole: oneself, or with the right to manage users anybody."""
    with house.store.read() as tx:
        return _shown(tx, response, _seen(tx, caller, number))


def rights(house: InHouse, caller: Caller, number: Id) -> shapes.Rights:
    """What a user may do in effect, and where each right comes from."""
    with house.store.read() as tx:
        found = _seen(tx, caller, number)
        granted = access.grants(found, people.groups(tx))
    return shapes.Rights(
        user=found.email,
        active=found.active,
        rights=[
            shapes.Granted(right=g.right, own=g.own, groups=[one.name for one in g.groups])
            for g in granted
        ],
    )


def create(house: InHouse, caller: Caller, response: Response, body: shapes.NewUser) -> shapes.User:
    """Make a member of staff known."""
    with house.store.write() as tx:
        new = User(UserId(0), body.name, body.email)
        made = staff.add_user(tx, acting(caller), replace(new, **_fields(tx, body)))
        response.headers["Location"] = f"/api/v1/users/{made.id}"
        return _shown(tx, response, made)


def edit(
    house: InHouse,
    caller: Caller,
    response: Response,
    number: Id,
    body: shapes.UserChange,
    if_match: IfMatch = None,
) -> shapes.User:
    """Change what is sent of a user; `active` false: they have left, and nothing lets them in."""
    with house.store.write() as tx:
        who = acting(caller)
        who.needs(tx, Action.MANAGE_USERS)
        before = staff.user_of(tx, UserId(number))
        must_match(if_match, before.revision)
        changed = staff.edit_user(tx, who, replace(before, **_fields(tx, body)))
        if before.active and not changed.active:
            # Who comes back later begins anew.
            shut_out(tx, changed, who.name, who.at)
        return _shown(tx, response, changed)


def _seen(tx: Tx, caller: User, number: int) -> User:
    if number != caller.id:
        acting(caller).needs(tx, Action.MANAGE_USERS)
    return staff.user_of(tx, UserId(number))


def _fields(tx: Tx, body: shapes.UserChange) -> dict[str, Any]:
    fields = given(body)
    if "groups" in fields:
        fields["groups"] = group_ids(tx, body.groups)
    if "entities" in fields:
        fields["entities"] = entity_ids(tx, body.entities)
    if "rights" in fields:
        fields["rights"] = frozenset(body.rights)
    if "aliases" in fields:
        fields["aliases"] = tuple(dict.fromkeys(body.aliases))
    return fields


def _short(one: User) -> shapes.UserRef:
    return shapes.UserRef(id=one.id, name=one.name, email=one.email, active=one.active)


def _shown(tx: Tx, response: Response, one: User) -> shapes.User:
    response.headers["ETag"] = etag(one.revision)
    groups, entities = people.groups(tx), codes(tx)
    return shapes.User(
        **_short(one).model_dump(),
        aliases=list(one.aliases),
        groups=sorted(groups[g].name for g in one.groups),
        entities=sorted(entities[e] for e in one.entities),
        rights=sorted(one.rights),
        language=one.language,
        timezone=one.timezone,
        revision=one.revision,
    )


_ALL = "/api/v1/users"
_ONE = "/api/v1/users/{number}"

ROUTES = (
    Route("GET", _ALL, users, shapes.Users, problems=LISTS),
    Route("POST", _ALL, create, shapes.User, status=201, problems=CREATES),
    Route("GET", _ONE, user, shapes.User, problems=(*READS, 422)),
    Route("PATCH", _ONE, edit, shapes.User, problems=EDITS),
    Route("GET", f"{_ONE}/rights", rights, shapes.Rights, problems=(*READS, 422)),
)
