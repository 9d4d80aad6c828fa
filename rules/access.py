"""Who may see and do what (spec §9), and how much of an exchange each one sees (spec §12)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from rules.model.exchanges import ConfidentialComment, Exchange
from rules.model.followups import FollowUp
from rules.model.people import EntityId, Group, GroupId, Level, Right, User, UserId


class Action(StrEnum):
    """What somebody wants to do."""

    SEE_EXCHANGE = "see_exchange"
    CREATE_EXCHANGE = "create_exchange"
    EDIT_EXCHANGE = "edit_exchange"
    DELETE_EXCHANGE = "delete_exchange"
    SEE_CONFIDENTIAL = "see_confidential"
    EDIT_CONFIDENTIAL = "edit_confidential"
    SEE_FOLLOW_UP = "see_follow_up"
    CREATE_FOLLOW_UP = "create_follow_up"
    EDIT_FOLLOW_UP = "edit_follow_up"
    DELETE_FOLLOW_UP = "delete_follow_up"
    ASSIGN_FOLLOW_UP = "assign_follow_up"
    SEE_THIRD_PARTY = "see_third_party"
    DESCRIBE_THIRD_PARTY = "describe_third_party"
    WIDEN_CAPTURE = "widen_capture"
    CONFIGURE = "configure"
    MANAGE_USERS = "manage_users"
    READ_DECISIONS = "read_decisions"


@dataclass(frozen=True, slots=True)
class ExchangeFacts:
    """Of an exchange, what its access depends on. `people` are all who took part: author,
    recorder, collaborators, owners of the mailboxes; `writers` are author and recorder."""

    entity: EntityId | None
    level: Level
    people: frozenset[UserId]
    writers: frozenset[UserId]
    comment_author: UserId | None = None
    comment_groups: frozenset[GroupId] = frozenset()


@dataclass(frozen=True, slots=True)
class FollowUpFacts:
    """Of a follow-up, what its access depends on."""

    entity: EntityId | None
    creator: UserId | None
    assignees: frozenset[UserId]


@dataclass(frozen=True, slots=True)
class PartyFacts:
    """Of a third party or one of its contacts, what its access depends on."""

    entity: EntityId | None


Facts = ExchangeFacts | FollowUpFacts | PartyFacts | None


@dataclass(frozen=True, slots=True)
class Grant:
    """A right that a user has, and what it comes from: given to the user, through `groups`, or
    both."""

    right: Right
    own: bool
    groups: tuple[Group, ...]


def facts_of(
    thing: Exchange | FollowUp, comment: ConfidentialComment | None = None
) -> ExchangeFacts | FollowUpFacts:
    """The facts of a stored exchange, with its confidential comment if it has one, or follow-up."""
    if isinstance(thing, FollowUp):
        assignees = frozenset(a.user for a in thing.assignees)
        return FollowUpFacts(thing.entity, thing.creator, assignees)
    return ExchangeFacts(
        entity=thing.entity,
        level=thing.level,
        people=people_of(thing),
        writers=_writers(thing),
        comment_author=comment.author if comment else None,
        comment_groups=comment.groups if comment else frozenset(),
    )


def people_of(exchange: Exchange) -> frozenset[UserId]:
    """All of us who took part in it."""
    return _writers(exchange) | {*exchange.collaborators, *exchange.mailbox_owners}


def _writers(exchange: Exchange) -> frozenset[UserId]:
    return frozenset(u for u in (exchange.author, exchange.recorder) if u is not None)


def may(user: User, groups: Mapping[GroupId, Group], action: Action, thing: Facts = None) -> bool:
    """Whether `user` may do this, to this thing where it concerns one."""
    if not user.active:
        return False
    rights = rights_of(user, groups)
    if action in _BY_RIGHT:
        return _BY_RIGHT[action] in rights
    if isinstance(thing, ExchangeFacts) and action in _ON_EXCHANGES:
        return _ON_EXCHANGES[action](user, rights, thing)
    if isinstance(thing, FollowUpFacts) and action in _ON_FOLLOW_UPS:
        return _ON_FOLLOW_UPS[action](user, rights, thing)
    if isinstance(thing, PartyFacts) and action in _ON_PARTIES:
        return _on_party(rights, action) and _in_entity(user, rights, thing.entity)
    return False


def reaches(user: User, groups: Mapping[GroupId, Group], entity: EntityId | None) -> bool:
    """Whether what belongs to this entity, a third party say, concerns the user at all."""
    return user.active and _in_entity(user, rights_of(user, groups), entity)


def rights_of(user: User, groups: Mapping[GroupId, Group]) -> frozenset[Right]:
    """A user's own rights and those of their groups, within their limit."""
    rights = user.rights.union(*(one.rights for one in _groups_of(user, groups)))
    return rights if user.limit is None else rights & user.limit


def grants(user: User, groups: Mapping[GroupId, Group]) -> tuple[Grant, ...]:
    """The same with what each comes from, in the order of the permission page."""
    of = sorted(_groups_of(user, groups), key=lambda one: (one.name, one.id))
    found = (
        Grant(right, right in user.rights, tuple(one for one in of if right in one.rights))
        for right in Right
    )
    return tuple(grant for grant in found if grant.own or grant.groups)


def _groups_of(user: User, groups: Mapping[GroupId, Group]) -> list[Group]:
    return [groups[g] for g in user.groups if g in groups and groups[g].active]


def administrators(users: Iterable[User], groups: Mapping[GroupId, Group]) -> frozenset[UserId]:
    """Who can give rights. A change that leaves nobody of them locks everybody out."""
    return frozenset(user.id for user in users if may(user, groups, Action.MANAGE_USERS))


def visible(exchange: Exchange, user: User, groups: Mapping[GroupId, Group]) -> Exchange | None:
    """The exchange as this user may see it: whole, without what its level hides, or not at all."""
    facts = facts_of(exchange)
    if not isinstance(facts, ExchangeFacts) or not may(user, groups, Action.SEE_EXCHANGE, facts):
        return None
    return as_seen(exchange, scope(user, groups))


def as_seen(exchange: Exchange, scope: "Scope") -> Exchange:
    """An exchange that is in this scope: whole, or without what its level hides."""
    if scope.whole or exchange.level is Level.EVERYTHING or scope.user in people_of(exchange):
        return exchange
    level = exchange.level
    came_back = tuple(replace(one, recipient="") for one in exchange.undelivered)
    silent = replace(exchange, comment="", html=None, quoted_from=None, undelivered=came_back)
    return silent if level is Level.SUBJECT else replace(silent, subject="")


def visible_level(user: User, thing: ExchangeFacts) -> Level:
    """Who took part sees everything; the level binds all others, whatever their rights."""
    return Level.EVERYTHING if user.id in thing.people else thing.level


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a caller's sight of one noun goes: to their `own`, and with `others` to those of
    other people, in these entities and in none; `entities` None is in all."""

    own: bool = False
    others: bool = False
    entities: frozenset[EntityId] | None = frozenset()


@dataclass(frozen=True, slots=True)
class Scope:
    """What one caller may see, as a value, of which the store makes its filters
    (`daemon.store.sight`). It says what `may` says of SEE_EXCHANGE, SEE_FOLLOW_UP and
    SEE_CONFIDENTIAL, of all things at once; a test holds the two together.

    `user` None takes part in nothing. `confidential` is the right to see all of those comments,
    `groups` whose comments one sees without it. `whole`: no level hides anything, as for who
    reads the database's own file. `decisions`: why something was, or was not, recorded.
    """

    user: UserId | None = None
    exchanges: Reach = Reach()
    follow_ups: Reach = Reach()
    parties: Reach = Reach()
    groups: frozenset[GroupId] = frozenset()
    confidential: bool = False
    whole: bool = False
    decisions: bool = False


_ALL = Reach(own=True, others=True, entities=None)
OPERATOR = Scope(None, _ALL, _ALL, _ALL, confidential=True, whole=True, decisions=True)
"""Who has the machine: the command line, when it acts for nobody."""


def scope(user: User, groups: Mapping[GroupId, Group]) -> Scope:
    """What this user may see."""
    if not user.active:
        return Scope(user.id)
    rights = rights_of(user, groups)
    entities = None if Right.SEE_ALL_ENTITIES in rights else user.entities
    sees = Right.SEE_EXCHANGES in rights
    return Scope(
        user=user.id,
        exchanges=Reach(sees, sees and Right.SEE_ALL_EXCHANGES in rights, entities),
        # One's own need no right: whoever is reminded of it can answer, as in their calendar.
        follow_ups=Reach(
            own=True,
            others={Right.SEE_FOLLOW_UPS, Right.SEE_ALL_FOLLOW_UPS} <= rights,
            entities=entities,
        ),
        parties=Reach(
            own=False, others=_on_party(rights, Action.SEE_THIRD_PARTY), entities=entities
        ),
        groups=user.groups,
        confidential=Right.SEE_CONFIDENTIAL in rights,
        decisions=Right.READ_DECISIONS in rights,
    )


Check = frozenset[Right]


def _in_entity(user: User, rights: Check, entity: EntityId | None) -> bool:
    return entity is None or entity in user.entities or Right.SEE_ALL_ENTITIES in rights


def _sees_exchange(user: User, rights: Check, thing: ExchangeFacts) -> bool:
    if Right.SEE_EXCHANGES not in rights:
        return False
    if user.id in thing.people:
        return True
    if thing.level is Level.NOTHING or Right.SEE_ALL_EXCHANGES not in rights:
        return False
    return _in_entity(user, rights, thing.entity)


def _edits_exchange(user: User, rights: Check, thing: ExchangeFacts) -> bool:
    if not _sees_whole(user, rights, thing):
        return False
    return Right.EDIT_ANY_EXCHANGE in rights or user.id in thing.writers


def _deletes_exchange(user: User, rights: Check, thing: ExchangeFacts) -> bool:
    return Right.DELETE_EXCHANGES in rights and _sees_exchange(user, rights, thing)


def _sees_confidential(user: User, rights: Check, thing: ExchangeFacts) -> bool:
    if not _sees_whole(user, rights, thing):
        return False
    if user.id == thing.comment_author or user.id in thing.writers:
        return True
    return Right.SEE_CONFIDENTIAL in rights or not user.groups.isdisjoint(thing.comment_groups)


def _edits_confidential(user: User, rights: Check, thing: ExchangeFacts) -> bool:
    if not _sees_whole(user, rights, thing):
        return False
    # Whoever else is privy to it reads it only.
    if user.id == thing.comment_author or user.id in thing.writers:
        return True
    return {Right.SEE_CONFIDENTIAL, Right.EDIT_ANY_EXCHANGE} <= rights


def _sees_whole(user: User, rights: Check, thing: ExchangeFacts) -> bool:
    sees = _sees_exchange(user, rights, thing)
    return sees and visible_level(user, thing) is Level.EVERYTHING


def _on_party(rights: Check, action: Action) -> bool:
    needed = _ON_PARTIES[action]
    sees = not rights.isdisjoint(_SEES_PARTIES) or Right.CONFIGURE in rights
    return sees and (needed is None or needed in rights or Right.CONFIGURE in rights)


def _is_own(user: User, thing: FollowUpFacts) -> bool:
    return user.id == thing.creator or user.id in thing.assignees


def _sees_follow_up(user: User, rights: Check, thing: FollowUpFacts) -> bool:
    if _is_own(user, thing):
        return True
    if not {Right.SEE_FOLLOW_UPS, Right.SEE_ALL_FOLLOW_UPS} <= rights:
        return False
    return _in_entity(user, rights, thing.entity)


def _edits_follow_up(user: User, rights: Check, thing: FollowUpFacts) -> bool:
    # No right is asked for one's own: whoever is reminded of it can answer, as in their calendar.
    if _is_own(user, thing):
        return True
    return Right.EDIT_ANY_FOLLOW_UP in rights and _sees_follow_up(user, rights, thing)


def _deletes_follow_up(user: User, rights: Check, thing: FollowUpFacts) -> bool:
    return Right.DELETE_FOLLOW_UPS in rights and _sees_follow_up(user, rights, thing)


def _assigns_follow_up(user: User, rights: Check, thing: FollowUpFacts) -> bool:
    return Right.ASSIGN_FOLLOW_UPS in rights and _edits_follow_up(user, rights, thing)


_BY_RIGHT: Mapping[Action, Right] = {
    Action.CREATE_EXCHANGE: Right.CREATE_EXCHANGES,
    Action.CREATE_FOLLOW_UP: Right.CREATE_FOLLOW_UPS,
    Action.CONFIGURE: Right.CONFIGURE,
    Action.MANAGE_USERS: Right.MANAGE_USERS,
    Action.READ_DECISIONS: Right.READ_DECISIONS,
}

_SEES_PARTIES = frozenset({Right.SEE_EXCHANGES, Right.SEE_FOLLOW_UPS})

# Who records what was said may note with whom. An address, a domain, and how much may be seen of
# exchanges with a contact decide what is taken from every mailbox: that is for who configures.
_ON_PARTIES: Mapping[Action, Right | None] = {
    Action.SEE_THIRD_PARTY: None,
    Action.DESCRIBE_THIRD_PARTY: Right.CREATE_EXCHANGES,
    Action.WIDEN_CAPTURE: Right.CONFIGURE,
}

_ON_EXCHANGES: Mapping[Action, Callable[[User, Check, ExchangeFacts], bool]] = {
    Action.SEE_EXCHANGE: _sees_exchange,
    Action.EDIT_EXCHANGE: _edits_exchange,
    Action.DELETE_EXCHANGE: _deletes_exchange,
    Action.SEE_CONFIDENTIAL: _sees_confidential,
    Action.EDIT_CONFIDENTIAL: _edits_confidential,
}

_ON_FOLLOW_UPS: Mapping[Action, Callable[[User, Check, FollowUpFacts], bool]] = {
    Action.SEE_FOLLOW_UP: _sees_follow_up,
    Action.EDIT_FOLLOW_UP: _edits_follow_up,
    Action.DELETE_FOLLOW_UP: _deletes_follow_up,
    Action.ASSIGN_FOLLOW_UP: _assigns_follow_up,
}
