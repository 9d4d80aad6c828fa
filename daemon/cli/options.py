"""Options: what is in force, who set it, and setting it for all, an entity or a user."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli.context import Trouble, ready_store, settings, store, words
from daemon.cli.exchanges import person
from daemon.cli.output import Json, as_json, plain, table
from daemon.cli.shown import local
from daemon.i18n import Told, mark

if TYPE_CHECKING:
    from daemon.options import Option
    from daemon.store import Tx
    from rules.model.people import Entity, EntityId, User, UserId
    from rules.options import Chosen, Scope


def _keys(incomplete: str) -> list[tuple[str, str]]:
    from daemon.options import OPTIONS

    return [(o.key, o.help) for o in OPTIONS.values() if o.key.startswith(incomplete)]


Key = Annotated[
    str,
    typer.Argument(metavar="OPTION", help=mark("Its name."), autocompletion=_keys),
]
OfEntity = Annotated[
    str, typer.Option("--entity", metavar="CODE", help=mark("For this entity only."))
]
OfUser = Annotated[str, typer.Option("--user", metavar="EMAIL", help=mark("For this user only."))]
Who = Annotated[
    str,
    typer.Option(
        "--by",
        metavar="EMAIL",
        envvar="SUIVI_BY",
        help=mark("Who of us does it; without it, whoever runs suivi."),
    ),
]


def add(app: typer.Typer) -> None:
    """These commands."""
    group = typer.Typer(no_args_is_help=True, help=mark("Options, for all or for one."))
    group.command("list", help=mark("Every option, what is in force, and why."))(listed)
    group.command("get", help=mark("What is in force of one option."))(get)
    group.command("set", help=mark("Set an option; it is in force at once."))(put)
    group.command("unset", help=mark("Take back what was set."))(unset)
    group.command("history", help=mark("Who changed what, the latest first."))(history)
    group.command("manual", help=mark("Describe all options, as Markdown."))(manual)
    app.add_typer(group, name="option")


def listed(
    context: typer.Context, *, entity: OfEntity = "", user: OfUser = "", json: Json = False
) -> None:
    """`suivi option list`"""
    from daemon.options import OPTIONS

    _ = words()
    with _in_force(context, entity, user) as (chosen, of_user, of_entity):
        found = [_line(chosen, option, of_user, of_entity) for option in OPTIONS.values()]
    if json:
        as_json(found)
        return
    columns = (_("option"), _("value"), _("set"), _("what it is"))
    table(
        columns, [(o["key"], o["value"], _source(str(o["set"])), _(str(o["help"]))) for o in found]
    )


def get(
    context: typer.Context,
    key: Key,
    *,
    entity: OfEntity = "",
    user: OfUser = "",
    json: Json = False,
) -> None:
    """`suivi option get OPTION`"""
    option = _option(key)
    with _in_force(context, entity, user) as (chosen, of_user, of_entity):
        found = _line(chosen, option, of_user, of_entity)
    if json:
        as_json(found)
    else:
        typer.echo(found["value"])


def put(
    context: typer.Context,
    key: Key,
    value: Annotated[str, typer.Argument(metavar="VALUE", help=mark("As `list` shows it."))],
    *,
    entity: OfEntity = "",
    user: OfUser = "",
    by: Who = "",
) -> None:
    """`suivi option set OPTION VALUE`: the same again changes nothing."""
    _ = words()
    option = _option(key)
    try:
        wanted = option.kind.parse(value)
    except Told as error:
        raise Trouble(f"{key}: {plain(error.told(_))}") from error
    changed = _change(context, option, wanted, entity, user, by)
    shown = option.kind.shown(wanted)
    said = _("{key} is {value}.") if changed else _("{key} was {value} already.")
    typer.echo(said.format(key=key, value=plain(shown) or _("empty")))


def unset(
    context: typer.Context, key: Key, *, entity: OfEntity = "", user: OfUser = "", by: Who = ""
) -> None:
    """`suivi option unset OPTION`"""
    _ = words()
    changed = _change(context, _option(key), None, entity, user, by)
    said = _("{key} is not set here any more.") if changed else _("{key} was not set here.")
    typer.echo(said.format(key=key))


def history(
    context: typer.Context,
    key: Annotated[
        str, typer.Argument(metavar="[OPTION]", help=mark("Its name."), autocompletion=_keys)
    ] = "",
    *,
    limit: Annotated[int, typer.Option(min=1, max=10000, help=mark("How many at most."))] = 50,
    json: Json = False,
) -> None:
    """`suivi option history`"""
    from daemon.store import options, people

    _ = words()
    if key:
        _option(key)
    with store(context) as (loaded, opened), opened.read() as tx:
        found = options.history(tx, key or None, limit)
        users, entities = people.users(tx), {e.id: e for e in people.entities(tx)}
    if json:
        as_json(found)
        return

    def name(user: "UserId | None") -> str:
        return users[user].email if user is not None and user in users else ""

    rows = [
        (
            local(c.at, loaded.company.timezone),
            c.key,
            _("(taken back)") if c.value is None else _shown(c.key, c.value),
            _whose(c.scope, users, entities),
            name(c.by),
        )
        for c in found
    ]
    table((_("when"), _("option"), _("value"), _("for"), _("by")), rows)


def manual() -> None:
    """`suivi option manual`"""
    from daemon import options

    typer.echo(options.manual(), nl=False)


def _change(
    context: typer.Context, option: "Option", value: object, entity: str, user: str, by: str
) -> bool:
    from daemon import clock
    from daemon.store import audit, options

    now = clock.now()
    with ready_store(context) as opened, opened.write() as tx:
        scope = _scope(tx, entity, user)
        changed = options.put(
            tx,
            option.key,
            scope,
            value,  # type: ignore[arg-type]  # what the option's kind made of it, or None
            by=_allowed(tx, by, scope),
            now=now,
            plans=option.plans,
        )
        if changed:
            did = "unset option" if value is None else "set option"
            audit.note(tx, by or "suivi option", did, _named(option.key, scope), now)
        return changed


def _named(key: str, scope: "Scope") -> str:
    if scope.user is not None:
        return f"option {key} of user {scope.user}"
    return f"option {key}" + (f" of entity {scope.entity}" if scope.entity is not None else "")


def _allowed(tx: "Tx", by: str, scope: "Scope") -> "UserId | None":
    """Who does it: whoever configures, or a user for themselves. Raises Trouble."""
    from daemon.store import people
    from rules import access

    if not by:
        return None
    actor = person(tx, by)
    configures = access.may(actor, people.groups(tx), access.Action.CONFIGURE)
    if not configures and not (scope.user == actor.id and actor.active):
        _ = words()
        raise Trouble(_("{name} may set options for themselves only").format(name=actor.email))
    return actor.id


@contextmanager
def _in_force(
    context: typer.Context, entity: str, user: str
) -> "Iterator[tuple[Chosen, User | None, EntityId | None]]":
    from daemon import options
    from daemon.app.rules import options_of
    from daemon.store import options as stored
    from rules.options import entity_of

    loaded = settings(context)
    with store(context) as (_loaded, opened), opened.read() as tx:
        chosen = options.chosen(options_of(loaded), stored.in_force(tx))
        of_user = person(tx, user) if user else None
        of_entity = _entity(tx, entity).id if entity else None
    if of_user is not None:
        of_entity = entity_of(of_user, of_entity)
    yield chosen, of_user, of_entity


def _scope(tx: "Tx", entity: str, user: str) -> "Scope":
    from rules.options import Scope

    if entity and user:
        _ = words()
        raise Trouble(_("an option is set for a user or for an entity, not for both"))
    if user:
        return Scope(user=person(tx, user).id)
    return Scope(entity=_entity(tx, entity).id) if entity else Scope()


def _entity(tx: "Tx", code: str) -> "Entity":
    from daemon.store import people

    known = people.entities(tx)
    found = next((e for e in known if e.code == code), None)
    if found is None:
        _ = words()
        raise Trouble(
            _("there is no entity '{code}': {known}").format(
                code=plain(code), known=", ".join(e.code for e in known)
            )
        )
    return found


def _option(key: str) -> "Option":
    from daemon.options import NoSuchOption, option

    try:
        return option(key)
    except NoSuchOption as error:
        _ = words()
        hint = _("; did you mean '{close}'?").format(close=error.close) if error.close else ""
        raise Trouble(_("there is no option '{key}'").format(key=plain(key)) + hint) from error


def _line(
    chosen: "Chosen", option: "Option", user: "User | None", entity: "EntityId | None"
) -> dict[str, object]:
    of_user = user.id if user else None
    scope = chosen.where(option.key, of_user, entity)
    source = "default"
    if scope is not None:
        source = "user" if scope.user is not None else "entity" if scope.entity else "all"
    elif chosen.builtin[option.key] != option.default:
        source = "configuration"
    value = option.kind.shown(chosen.of(option.key, of_user, entity))
    return {"key": option.key, "value": value, "set": source, "help": option.help}


def _source(name: str) -> str:
    _ = words()
    return {
        "default": "",
        "configuration": _("in the configuration file"),
        "all": _("for all"),
        "entity": _("for the entity"),
        "user": _("for the user"),
    }[name]


def _whose(
    scope: "Scope", users: "Mapping[UserId, User]", entities: "Mapping[EntityId, Entity]"
) -> str:
    if scope.user is not None:
        return users[scope.user].email if scope.user in users else ""
    if scope.entity is not None:
        return entities[scope.entity].code if scope.entity in entities else ""
    return words()("for all")


def _shown(key: str, value: object) -> str:
    from daemon.options import OPTIONS

    if key not in OPTIONS:
        return str(value)
    try:
        return OPTIONS[key].kind.shown(OPTIONS[key].read(value))
    except ValueError:
        # Of another version of the table.
        return str(value)
