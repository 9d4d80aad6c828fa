"""What users may do and why, and giving and taking rights; groups and entities."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli.acting import For, acting
from daemon.cli.context import Trouble, words
from daemon.cli.exchanges import person
from daemon.cli.output import Json, as_json, table
from daemon.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daemon.store import Tx
    from rules.model.people import Group, Right

Email = Annotated[str, typer.Argument(metavar="EMAIL", help=mark("Their email address."))]
Rights = Annotated[
    list[str], typer.Argument(metavar="RIGHT…", help=mark("Such as see_all_exchanges; or all."))
]
GroupName = Annotated[str, typer.Argument(metavar="NAME", help=mark("What it is called."))]
Allows = Annotated[list[str], typer.Option("--right", help=mark("A right that it gives."))]
Members = Annotated[
    list[str], typer.Option("--member", metavar="EMAIL", help=mark("Who is in it."))
]


def add_to(users: typer.Typer) -> None:
    """The commands about a user's rights."""
    users.command("rights", help=mark("What a user may do, and what each right comes from."))(
        rights
    )
    users.command("grant", help=mark("Give a user rights."))(grant)
    users.command("withdraw", help=mark("Take rights from a user; groups may still give them."))(
        withdraw
    )


def add(app: typer.Typer) -> None:
    """The commands about groups and entities."""
    group = typer.Typer(no_args_is_help=True, help=mark("Groups: members and rights."))
    group.command("list", help=mark("All groups, with their rights and members."))(groups)
    group.command("put", help=mark("A group with exactly these rights and members."))(put_group)
    app.add_typer(group, name="group")
    entity = typer.Typer(no_args_is_help=True, help=mark("Companies that share this suivi."))
    entity.command("list", help=mark("All entities."))(entities)
    entity.command("put", help=mark("An entity of this code, so called."))(put_entity)
    app.add_typer(entity, name="entity")


def rights(context: typer.Context, email: Email, *, by: For = "", json: Json = False) -> None:
    """`suivi user rights EMAIL`"""
    from daemon.store import people
    from rules import access
    from rules.access import Action

    _ = words()
    with acting(context, by) as (tx, who):
        user = person(tx, email)
        if user.id != who.id:
            who.needs(tx, Action.MANAGE_USERS)
        found = access.grants(user, people.groups(tx))
    if json:
        rows = (
            {"right": g.right, "own": g.own, "groups": [x.name for x in g.groups]} for g in found
        )
        as_json(list(rows))
        return
    if not user.active:
        typer.echo(_("{email} has left, and may do nothing.").format(email=user.email))
    from_group = _("from group {name}")
    shown = [
        (
            grant.right,
            ", ".join(
                [_("given")] * grant.own + [from_group.format(name=x.name) for x in grant.groups]
            ),
        )
        for grant in found
    ]
    table((_("right"), _("why")), shown)


def grant(context: typer.Context, email: Email, names: Rights, *, by: For = "") -> None:
    """`suivi user grant EMAIL RIGHT…`: given twice, it is given."""
    from daemon.directory import staff

    wanted = _rights(names)
    with acting(context, by) as (tx, who):
        user = person(tx, email)
        staff.edit_user(tx, who, replace(user, rights=user.rights | wanted))
    _done()


def withdraw(context: typer.Context, email: Email, names: Rights, *, by: For = "") -> None:
    """`suivi user withdraw EMAIL RIGHT…`"""
    from daemon.directory import staff

    wanted = _rights(names)
    with acting(context, by) as (tx, who):
        user = person(tx, email)
        staff.edit_user(tx, who, replace(user, rights=user.rights - wanted))
    _done()


def groups(context: typer.Context, *, by: For = "", json: Json = False) -> None:
    """`suivi group list`"""
    from daemon.store import people
    from rules.access import Action

    _ = words()
    with acting(context, by) as (tx, who):
        who.needs(tx, Action.MANAGE_USERS)
        users = people.users(tx)
        found = [
            {
                "name": one.name,
                "active": one.active,
                "rights": sorted(one.rights),
                "members": sorted(users[user].email for user in people.members(tx, one.id)),
            }
            for one in sorted(people.groups(tx).values(), key=lambda x: x.name)
        ]
    if json:
        as_json(found)
        return
    said = {True: _("yes"), False: _("no")}
    rows = [
        (x["name"], said[bool(x["active"])], _joined(x["rights"]), _joined(x["members"]))
        for x in found
    ]
    table((_("group"), _("active"), _("rights"), _("members")), rows)


def put_group(
    context: typer.Context,
    name: GroupName,
    *,
    right: Allows = [],  # noqa: B006  typer copies it
    member: Members = [],  # noqa: B006
    active: Annotated[
        bool, typer.Option("--active/--inactive", help=mark("An inactive one gives nothing."))
    ] = True,
    by: For = "",
) -> None:
    """`suivi group put NAME --right … --member …`"""
    from daemon.directory import staff
    from daemon.store import people

    wanted = _rights(right)
    with acting(context, by) as (tx, who):
        users = [person(tx, email).id for email in member]
        known = _group(tx, name)
        group = known or staff.add_group(tx, who, name, wanted, users)
        staff.edit_group(tx, who, replace(group, rights=wanted, active=active), users)
        assert people.groups(tx)[group.id].active == active  # noqa: S101  it was just written
    _done()


def entities(context: typer.Context, *, json: Json = False) -> None:
    """`suivi entity list`"""
    from daemon.store import people

    _ = words()
    with acting(context) as (tx, _who):
        found = people.entities(tx)
    if json:
        as_json(found)
        return
    said = {True: _("yes"), False: _("no")}
    rows = [(x.code, x.name, said[x.active]) for x in found]
    table((_("code"), _("name"), _("active")), rows)


def put_entity(
    context: typer.Context,
    code: Annotated[str, typer.Argument(metavar="CODE", help=mark("Its code."))],
    name: GroupName,
    *,
    active: Annotated[
        bool, typer.Option("--active/--inactive", help=mark("Whether it is in use."))
    ] = True,
    by: For = "",
) -> None:
    """`suivi entity put CODE NAME`"""
    from daemon.directory import staff
    from daemon.store import people

    with acting(context, by) as (tx, who):
        known = next((x for x in people.entities(tx) if x.code == code), None)
        entity = known or staff.add_entity(tx, who, code, name)
        staff.edit_entity(tx, who, replace(entity, name=name, active=active))
    _done()


def _group(tx: "Tx", name: str) -> "Group | None":
    from daemon.store import people

    return next((one for one in people.groups(tx).values() if one.name == name), None)


def _rights(names: "Iterable[str]") -> "frozenset[Right]":
    from rules.model.people import Right

    _ = words()
    wanted: set[Right] = set()
    for name in names:
        if name != "all" and name not in list(Right):
            known = ", ".join(Right)
            raise Trouble(
                _("{name} is no right; there are: {known}").format(name=name, known=known)
            )
        wanted |= set(Right) if name == "all" else {Right(name)}
    return frozenset(wanted)


def _joined(found: object) -> str:
    return ", ".join(map(str, found)) if isinstance(found, list) else ""


def _done() -> None:
    _ = words()
    typer.echo(_("Done."))
