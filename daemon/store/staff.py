"""Entities, users and groups; `daemon.store.people` is the door to them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

import sqlalchemy as sa

from daemon.store import options
from daemon.store.database import Tx
from daemon.store.errors import Stale
from daemon.store.rows import chunks, count, grouped, new_id, replace_rows
from daemon.store.tables import people
from rules import identity
from rules.model.people import Entity, EntityId, Group, GroupId, Right, User, UserId
from rules.options import Scope


def put_entity(tx: Tx, code: str, name: str) -> EntityId:
    """Make an entity known, or rename it; idempotent by code."""
    table = people.entity
    known = tx.execute(sa.select(table).where(table.c.code == code)).first()
    if known is None:
        return EntityId(new_id(tx, table, code=code, name=name, active=True, revision=1))
    update_entity(tx, Entity(EntityId(known.id), code, name, known.active))
    return EntityId(known.id)


def update_entity(tx: Tx, entity: Entity) -> None:
    """Make a stored one exactly this value, but for its revision."""
    table = people.entity
    facts = {"code": entity.code, "name": entity.name, "active": entity.active}
    differs = sa.or_(*(table.c[name] != value for name, value in facts.items()))
    this = sa.update(table).where(table.c.id == entity.id, differs)
    tx.execute(this.values(**facts, revision=table.c.revision + 1))


def entities(tx: Tx) -> tuple[Entity, ...]:
    """Every entity, by code."""
    rows = tx.execute(sa.select(people.entity).order_by(people.entity.c.code))
    return tuple(Entity(EntityId(r.id), r.code, r.name, r.active, r.revision) for r in rows)


def entity_code(tx: Tx, entity: EntityId) -> str | None:
    """The code of an entity, None when it is gone."""
    table = people.entity
    found: str | None = tx.execute(sa.select(table.c.code).where(table.c.id == entity)).scalar()
    return found


def put_group(tx: Tx, name: str, rights: Iterable[Right] = ()) -> GroupId:
    """Make a group known with exactly these rights; idempotent by name."""
    table = people.staff_group
    known = tx.execute(sa.select(table).where(table.c.name == name)).first()
    if known is None:
        new = GroupId(new_id(tx, table, name=name, active=True, revision=1))
        _put_group_rights(tx, new, frozenset(rights))
        # Rules name groups, so the directory is another one.
        count(tx, "directory")
        return new
    group = Group(GroupId(known.id), name, frozenset(rights), known.active)
    update_group(tx, group)
    return group.id


def update_group(tx: Tx, group: Group) -> None:
    """Make a stored one exactly this value, but for its revision."""
    table = people.staff_group
    before = groups(tx)[group.id]
    if group == before:
        return
    this = sa.update(table).where(table.c.id == group.id)
    bump = table.c.revision + 1
    tx.execute(this.values(name=group.name, active=group.active, revision=bump))
    _put_group_rights(tx, group.id, group.rights)
    if (group.name, group.active) != (before.name, before.active):
        count(tx, "directory")


def _put_group_rights(tx: Tx, group: GroupId, rights: frozenset[Right]) -> None:
    rows = [{"group_id": group, "right": right} for right in sorted(rights)]
    replace_rows(tx, people.group_right.c.group_id == group, people.group_right, rows)


def members(tx: Tx, group: GroupId) -> frozenset[UserId]:
    """Who is in a group, active or not."""
    c = people.group_member.c
    found = tx.execute(sa.select(c.user_id).where(c.group_id == group)).scalars()
    return frozenset(UserId(user) for user in found)


def put_members(tx: Tx, group: GroupId, wanted: Iterable[UserId]) -> None:
    """Make these the members of a group."""
    table, now_in = people.group_member, members(tx, group)
    then = frozenset(wanted)
    if then == now_in:
        return
    rows = [{"group_id": group, "user_id": user} for user in sorted(then)]
    replace_rows(tx, table.c.group_id == group, table, rows)
    row = people.staff
    for some in chunks(then ^ now_in):
        tx.execute(sa.update(row).where(row.c.id.in_(some)).values(revision=row.c.revision + 1))
    whole = people.staff_group
    tx.execute(sa.update(whole).where(whole.c.id == group).values(revision=whole.c.revision + 1))
    options.moved(tx)
    count(tx, "directory")


def groups(tx: Tx) -> Mapping[GroupId, Group]:
    """Every group with its rights."""
    found: dict[GroupId, Any] = {}
    rights: dict[GroupId, set[Right]] = defaultdict(set)
    for r in tx.execute(_GROUPS):
        found[GroupId(r.id)] = r
        if r.right is not None:
            rights[GroupId(r.id)].add(Right(r.right))
    return {
        id_: Group(id_, r.name, frozenset(rights[id_]), r.active, r.revision)
        for id_, r in found.items()
    }


_GROUPS: Final = sa.select(people.staff_group, people.group_right.c.right).select_from(
    people.staff_group.outerjoin(people.group_right)
)
"""Asked at each request: built once."""


def put_user(
    tx: Tx,
    *,
    name: str,
    email: str,
    aliases: Iterable[str] = (),
    groups: Iterable[GroupId] = (),
    entities: Iterable[EntityId] = (),
    rights: Iterable[Right] = (),
    language: str = "en",
    timezone: str = "UTC",
    active: bool = True,
) -> UserId:
    """Make a member of staff known exactly so; idempotent by email address.

    The directory's version moves only when matching may come out differently.
    """
    key = identity.key(email)
    before = user_by_main_email(tx, email)
    wanted = User(
        id=before.id if before else UserId(0),
        name=name,
        email=email,
        aliases=tuple(dict.fromkeys(aliases)),
        groups=frozenset(groups),
        entities=frozenset(entities),
        rights=frozenset(rights),
        language=language,
        timezone=timezone,
        active=active,
    )
    if wanted == before:
        return wanted.id
    if before is not None:
        update_user(tx, wanted)
        return before.id
    options.moved(tx)
    facts = {"name": name, "email": email, "language": language, "timezone": timezone}
    user = UserId(new_id(tx, people.staff, **facts, email_key=key, active=active, revision=1))
    _put_memberships(tx, user, wanted)
    count(tx, "directory")
    return user


def update_user(tx: Tx, wanted: User) -> None:
    """Make a stored user exactly this value, but for the revision. Raises Unstorable when another
    user has the address."""
    before = get_user(tx, wanted.id)
    if before is None:
        raise Stale(f"user {wanted.id} is gone")
    if wanted == before:
        return
    options.moved(tx)
    _plan_again(tx, before, wanted)
    row = people.staff
    tx.execute(
        sa.update(row)
        .where(row.c.id == wanted.id)
        .values(
            name=wanted.name,
            email=wanted.email,
            email_key=identity.key(wanted.email),
            language=wanted.language,
            timezone=wanted.timezone,
            active=wanted.active,
            revision=row.c.revision + 1,
        )
    )
    _put_memberships(tx, wanted.id, wanted)
    if _matching(before) != _matching(wanted):
        count(tx, "directory")


def _reminded(user: User) -> tuple[object, ...]:
    return user.timezone, user.active, user.entities


def _matching(user: User) -> tuple[object, ...]:
    return user.email, user.aliases, user.name, user.active, user.groups


def _plan_again(tx: Tx, before: User, after: User) -> None:
    """Another zone moves all-day reminders, another entity has other options; one who left gets
    none."""
    if _reminded(before) != _reminded(after):
        options.plan_again(tx, Scope(user=after.id))


def _put_memberships(tx: Tx, user: UserId, wanted: User) -> None:
    p = people
    aliases = [
        {"user_id": user, "position": n, "email": a, "key": identity.key(a)}
        for n, a in enumerate(wanted.aliases)
    ]
    replace_rows(tx, p.staff_alias.c.user_id == user, p.staff_alias, aliases)
    groups = [{"user_id": user, "group_id": g} for g in sorted(wanted.groups)]
    # Of groups that are not active, which a user doesn't show, memberships stay as they are.
    shown = p.group_member.c.group_id.in_(_active_groups())
    mine = sa.and_(p.group_member.c.user_id == user, shown)
    replace_rows(tx, mine, p.group_member, groups)
    entities = [{"user_id": user, "entity_id": e} for e in sorted(wanted.entities)]
    replace_rows(tx, p.staff_entity.c.user_id == user, p.staff_entity, entities)
    rights = [{"user_id": user, "right": r} for r in sorted(wanted.rights)]
    replace_rows(tx, p.staff_right.c.user_id == user, p.staff_right, rights)


def _active_groups() -> sa.Select[tuple[int]]:
    c = people.staff_group.c
    return sa.select(c.id).where(c.active.is_(True))


def users(tx: Tx) -> Mapping[UserId, User]:
    """Every user, former ones too."""
    return {u.id: u for u in _users(tx, sa.select(people.staff).order_by(people.staff.c.id))}


def get_user(tx: Tx, user: UserId) -> User | None:
    """One user."""
    return _one(tx, people.staff.c.id == user)


def user_by_main_email(tx: Tx, email: str) -> User | None:
    """The user whose own address this is; aliases don't count."""
    return _one(tx, people.staff.c.email_key == identity.key(email))


def user_by_email(tx: Tx, email: str) -> User | None:
    """The user whose address or alias this is; an own address beats another's alias."""
    alias = people.staff_alias
    holders = sa.select(alias.c.user_id).where(alias.c.key == identity.key(email))
    return user_by_main_email(tx, email) or _one(tx, people.staff.c.id.in_(holders))


def _one(tx: Tx, which: sa.ColumnElement[bool]) -> User | None:
    query = sa.select(people.staff).where(which).order_by(people.staff.c.id).limit(1)
    return next(iter(_users(tx, query)), None)


def _users(tx: Tx, query: sa.Select[tuple[int]]) -> list[User]:
    rows = tx.execute(query).all()
    ids = [r.id for r in rows]
    p = people
    alias = p.staff_alias.c
    aliases = grouped(
        tx,
        sa.select(alias.user_id, alias.email).order_by(alias.position),
        alias.user_id,
        ids,
    )
    member = p.group_member.c
    joined = sa.select(member.user_id, member.group_id)
    joined = joined.where(member.group_id.in_(_active_groups()))
    groups = grouped(tx, joined, member.user_id, ids)
    works = p.staff_entity.c
    entities = grouped(tx, sa.select(works.user_id, works.entity_id), works.user_id, ids)
    right = p.staff_right.c
    rights = grouped(tx, sa.select(right.user_id, right.right), right.user_id, ids)
    return [
        User(
            id=UserId(r.id),
            name=r.name,
            email=r.email,
            aliases=tuple(aliases[r.id]),
            groups=frozenset(groups[r.id]),
            entities=frozenset(entities[r.id]),
            rights=frozenset(map(Right, rights[r.id])),
            language=r.language,
            timezone=r.timezone,
            active=r.active,
            revision=r.revision,
        )
        for r in rows
    ]
