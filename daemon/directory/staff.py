"""Users, groups and entities: made and changed by who may manage users, never so that nobody can
any more."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from pydantic import TypeAdapter, ValidationError

from daemon.config.kinds import Email, Timezone
from daemon.directory.acting import Actor, Conflict, Missing, Unfit
from daemon.i18n import LANGUAGES, mark
from daemon.store import Tx, people
from rules import access, identity
from rules.access import Action
from rules.model.people import Entity, EntityId, Group, GroupId, Right, User, UserId

_EMAIL = TypeAdapter[str](Email)
_TIMEZONE = TypeAdapter[str](Timezone)


def user_of(tx: Tx, user: UserId) -> User:
    """One user. Raises Missing."""
    found = people.get_user(tx, user)
    if found is None:
        raise Missing(mark("there is no such user"))
    return found


def group_of(tx: Tx, group: GroupId) -> Group:
    """One group. Raises Missing."""
    found = people.groups(tx).get(group)
    if found is None:
        raise Missing(mark("there is no such group"))
    return found


def entity_of(tx: Tx, entity: EntityId) -> Entity:
    """One entity. Raises Missing."""
    found = next((one for one in people.entities(tx) if one.id == entity), None)
    if found is None:
        raise Missing(mark("there is no such entity"))
    return found


def add_user(tx: Tx, actor: Actor, wanted: User) -> User:
    """A new member of staff. Raises Conflict where one has the address."""
    actor.needs(tx, Action.MANAGE_USERS)
    _check_user(tx, wanted)
    if people.user_by_main_email(tx, wanted.email) is not None:
        raise Conflict(mark("there is a user with this address"))
    new = people.put_user(
        tx,
        name=wanted.name,
        email=wanted.email,
        aliases=wanted.aliases,
        groups=wanted.groups,
        entities=wanted.entities,
        rights=wanted.rights,
        language=wanted.language,
        timezone=wanted.timezone,
        active=wanted.active,
    )
    made = user_of(tx, new)
    actor.note(tx, "create user", f"user {new}")
    _note_rights(tx, actor, f"user {new}", frozenset(), made.rights)
    return made


def edit_user(tx: Tx, actor: Actor, wanted: User) -> User:
    """Make a user this value; the address by which they are known stays. Raises Conflict where
    nobody could manage users any more."""
    actor.needs(tx, Action.MANAGE_USERS)
    before = user_of(tx, wanted.id)
    if identity.key(wanted.email) != identity.key(before.email):
        raise Conflict(mark("a user is known by their address: add an alias instead"))
    _check_user(tx, wanted)
    if wanted == before:
        return before
    with nobody_locked_out(tx):
        people.update_user(tx, wanted)
    subject = f"user {wanted.id}"
    actor.note(tx, "change user", subject)
    _note_rights(tx, actor, subject, before.rights, wanted.rights)
    for group in sorted(before.groups ^ wanted.groups):
        did = "join group" if group in wanted.groups else "leave group"
        actor.note(tx, did, f"{subject}, group {group}")
    if before.active != wanted.active:
        actor.note(tx, "activate user" if wanted.active else "deactivate user", subject)
    return user_of(tx, wanted.id)


def add_group(
    tx: Tx, actor: Actor, name: str, rights: Iterable[Right], members: Iterable[UserId]
) -> Group:
    """A new group. Raises Conflict where one is called so."""
    actor.needs(tx, Action.MANAGE_USERS)
    if any(group.name == name for group in people.groups(tx).values()):
        raise Conflict(mark("there is a group of this name"))
    new = people.put_group(tx, name, rights)
    _put_members(tx, new, members)
    actor.note(tx, "create group", f"group {new}")
    made = group_of(tx, new)
    _note_rights(tx, actor, f"group {new}", frozenset(), made.rights)
    return made


def edit_group(tx: Tx, actor: Actor, wanted: Group, members: Iterable[UserId]) -> Group:
    """Make a group this value, with these members. Raises Conflict where nobody could manage users
    any more."""
    actor.needs(tx, Action.MANAGE_USERS)
    before, subject = group_of(tx, wanted.id), f"group {wanted.id}"
    others = (group for group in people.groups(tx).values() if group.id != wanted.id)
    if any(group.name == wanted.name for group in others):
        raise Conflict(mark("there is a group of this name"))
    was, then = people.members(tx, wanted.id), frozenset(members)
    if wanted == before and was == then:
        return before
    with nobody_locked_out(tx):
        people.update_group(tx, wanted)
        _put_members(tx, wanted.id, then)
    actor.note(tx, "change group", subject)
    _note_rights(tx, actor, subject, before.rights, wanted.rights)
    for user in sorted(was ^ then):
        did = "join group" if user in then else "leave group"
        actor.note(tx, did, f"user {user}, {subject}")
    if before.active != wanted.active:
        actor.note(tx, "activate group" if wanted.active else "deactivate group", subject)
    return group_of(tx, wanted.id)


def add_entity(tx: Tx, actor: Actor, code: str, name: str) -> Entity:
    """A new entity. Raises Conflict where one has the code."""
    actor.needs(tx, Action.MANAGE_USERS)
    if any(one.code == code for one in people.entities(tx)):
        raise Conflict(mark("there is an entity of this code"))
    new = people.put_entity(tx, code, name)
    actor.note(tx, "create entity", f"entity {new}")
    return entity_of(tx, new)


def edit_entity(tx: Tx, actor: Actor, wanted: Entity) -> Entity:
    """Make an entity this value. Raises Conflict where another has the code."""
    actor.needs(tx, Action.MANAGE_USERS)
    before = entity_of(tx, wanted.id)
    if any(one.code == wanted.code and one.id != wanted.id for one in people.entities(tx)):
        raise Conflict(mark("there is an entity of this code"))
    if wanted != before:
        people.update_entity(tx, wanted)
        actor.note(tx, "change entity", f"entity {wanted.id}")
    return entity_of(tx, wanted.id)


def _put_members(tx: Tx, group: GroupId, members: Iterable[UserId]) -> None:
    wanted = frozenset(members)
    if not wanted <= people.users(tx).keys():
        raise Unfit(mark("one of the members is no user"))
    people.put_members(tx, group, wanted)


def _check_user(tx: Tx, wanted: User) -> None:
    """Raises Unfit for what a user can't have."""
    for address in (wanted.email, *wanted.aliases):
        _check(_EMAIL, address, mark("one of the addresses is none"))
    _check(_TIMEZONE, wanted.timezone, mark("the time zone should be such as Europe/Paris"))
    if wanted.language not in LANGUAGES:
        raise Unfit(mark("there are the languages en and fr"))
    groups = people.groups(tx)
    if not all(group in groups and groups[group].active for group in wanted.groups):
        raise Unfit(mark("one of the groups does not exist, or is not active"))
    if not wanted.entities <= {one.id for one in people.entities(tx)}:
        raise Unfit(mark("one of the entities does not exist"))


def _check(kind: TypeAdapter[str], text: str, why: str) -> None:
    try:
        kind.validate_python(text)
    except ValidationError as error:
        raise Unfit(why) from error


def _note_rights(
    tx: Tx, actor: Actor, subject: str, before: frozenset[Right], after: frozenset[Right]
) -> None:
    for right in sorted(before ^ after):
        did = "grant" if right in after else "withdraw"
        actor.note(tx, f"{did} {right}", subject)


@contextmanager
def nobody_locked_out(tx: Tx) -> Iterator[None]:
    """Raises Conflict when this leaves nobody who can manage users, and somebody could before."""
    before = _administrators(tx)
    yield
    if before and not _administrators(tx):
        raise Conflict(
            mark("nobody could manage users any more: give somebody else the right first")
        )


def _administrators(tx: Tx) -> frozenset[UserId]:
    return access.administrators(people.users(tx).values(), people.groups(tx))
