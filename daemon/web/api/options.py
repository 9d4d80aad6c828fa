"""Options by name: what is in force for whom, setting them, and who changed what."""

from typing import Annotated, Literal

from fastapi import Path, Query, Request

from daemon import options as table
from daemon.directory import options as changing
from daemon.i18n import translator
from daemon.store import Tx, options, people
from daemon.web.api.acting import acting, codes, entity_id, user_ids
from daemon.web.caller import Caller
from daemon.web.house import House, InHouse
from daemon.web.language import language_of
from daemon.web.route import Route
from daemon.web.shapes import configuration as shapes
from rules.access import Action
from rules.model.people import EntityId, User, UserId
from rules.options import ALL, Chosen, Scope, Value, entity_of

Key = Annotated[str, Path(max_length=64)]
OfEntity = Annotated[str | None, Query(max_length=64, description="In this entity.")]
OfUser = Annotated[str | None, Query(max_length=320, description="For this user.")]
OfKey = Annotated[str | None, Query(max_length=64, description="Only of this option.")]
Most = Annotated[int, Query(ge=1, le=1000, description="How many at most.")]


def all_options(
    house: InHouse, caller: Caller, request: Request, user: OfUser = None, entity: OfEntity = None
) -> shapes.Options:
    """What is in force: for oneself; or, with the right to configure, for anybody and all."""
    with house.store.read() as tx:
        whom, where = _asked(tx, caller, user, entity)
        chosen = _chosen(tx, house)
    language = language_of(request)
    return shapes.Options(
        items=[_shown(chosen, one, language, whom, where) for one in table.OPTIONS.values()]
    )


def put(
    house: InHouse, caller: Caller, request: Request, key: Key, body: shapes.OptionValue
) -> shapes.Option:
    """Set an option, or take it back: in force at once. Everybody may set for themselves how they
    are told and when they work; the rest needs the right to configure."""
    with house.store.write() as tx:
        entity = entity_id(tx, body.entity)
        user = None if body.user is None else next(iter(user_ids(tx, (body.user,))))
        scope = Scope(None if user is not None else entity, user)
        changing.put(tx, acting(caller), key, scope, body.value)
        chosen = _chosen(tx, house)
    house.desk().woken()
    return _shown(chosen, changing.option_of(key), language_of(request), user, entity)


def history(
    house: InHouse, caller: Caller, key: OfKey = None, limit: Most = 100
) -> shapes.OptionHistory:
    """Who changed what, the newest first."""
    with house.store.read() as tx:
        acting(caller).needs(tx, Action.CONFIGURE)
        found = options.history(tx, key, limit)
        users, entities = people.users(tx), codes(tx)

    def email(user: UserId | None) -> str | None:
        return users[user].email if user is not None and user in users else None

    return shapes.OptionHistory(
        items=[
            shapes.OptionChange(
                key=one.key,
                value=None if one.value is None else _written(one.key, one.value),
                entity=entities.get(one.scope.entity) if one.scope.entity else None,
                user=email(one.scope.user),
                by=email(one.by),
                at=one.at,
            )
            for one in found
        ]
    )


def _asked(
    tx: Tx, caller: User, user: str | None, entity: str | None
) -> tuple[UserId | None, EntityId | None]:
    """About whom, and in which entity."""
    where = entity_id(tx, entity)
    if user is None and entity is None and caller.id:
        return caller.id, entity_of(caller, None)
    whom = None if user is None else next(iter(user_ids(tx, (user,))))
    if whom != caller.id or whom is None:
        acting(caller).needs(tx, Action.CONFIGURE)
    return whom, where


def _chosen(tx: Tx, house: House) -> Chosen:
    return table.chosen(house.desk().builtin, options.in_force(tx))


def _shown(
    chosen: Chosen,
    option: table.Option,
    language: str,
    user: UserId | None,
    entity: EntityId | None,
) -> shapes.Option:
    _ = translator(language)
    scope = chosen.where(option.key, user, entity)
    return shapes.Option(
        key=option.key,
        takes=option.kind.name,
        help=_(option.help),
        value=option.kind.shown(chosen.of(option.key, user, entity)),
        default=option.kind.shown(option.default),
        set_for=_set_for(scope),
    )


def _set_for(scope: Scope | None) -> Literal["user", "entity", "all"] | None:
    if scope is None:
        return None
    if scope.user is not None:
        return "user"
    return "all" if scope == ALL else "entity"


def _written(key: str, value: Value) -> str:
    known = table.OPTIONS.get(key)
    return str(value) if known is None else known.kind.shown(value)


_ALL = "/api/v1/options"

ROUTES = (
    Route("GET", _ALL, all_options, shapes.Options, problems=(401, 403, 422)),
    Route("GET", "/api/v1/option-changes", history, shapes.OptionHistory, problems=(401, 403, 422)),
    Route("PUT", f"{_ALL}/{{key}}", put, shapes.Option, problems=(401, 403, 404)),
)
