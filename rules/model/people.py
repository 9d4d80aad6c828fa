"""People and organisations: whom a dealing is with, and who on our side had it (spec §1, §4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import NewType

from rules.model.quick import quick

EntityId = NewType("EntityId", int)
GroupId = NewType("GroupId", int)
UserId = NewType("UserId", int)
ThirdPartyId = NewType("ThirdPartyId", int)
ContactId = NewType("ContactId", int)

AddressKey = NewType("AddressKey", str)
"""An address in the form that is compared: made by `rules.identity.key`, never by hand."""


class Level(IntEnum):
    """How much of an exchange may be seen (spec §12); the strictest is the smallest."""

    NOTHING = 0
    HAPPENED = 1
    SUBJECT = 2
    EVERYTHING = 3


class PartyKind(StrEnum):
    """What a third party is to us; any mix of these."""

    CUSTOMER = "customer"
    PROSPECT = "prospect"
    SUPPLIER = "supplier"


class Right(StrEnum):
    """What a user may do (spec §9), named after the ancestor's permission page."""

    SEE_EXCHANGES = "see_exchanges"
    CREATE_EXCHANGES = "create_exchanges"
    DELETE_EXCHANGES = "delete_exchanges"
    SEE_ALL_EXCHANGES = "see_all_exchanges"
    SEE_ALL_ENTITIES = "see_all_entities"
    EDIT_ANY_EXCHANGE = "edit_any_exchange"
    SEE_CONFIDENTIAL = "see_confidential"
    SEE_FOLLOW_UPS = "see_follow_ups"
    CREATE_FOLLOW_UPS = "create_follow_ups"
    DELETE_FOLLOW_UPS = "delete_follow_ups"
    SEE_ALL_FOLLOW_UPS = "see_all_follow_ups"
    EDIT_ANY_FOLLOW_UP = "edit_any_follow_up"
    ASSIGN_FOLLOW_UPS = "assign_follow_ups"
    CONFIGURE = "configure"
    MANAGE_USERS = "manage_users"
    READ_DECISIONS = "read_decisions"


@quick
@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox of a header (RFC 5322 §3.4), as it was written."""

    email: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Entity:
    """A company, where several share one suivi."""

    id: EntityId
    code: str
    name: str
    active: bool = True
    revision: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Group:
    """Users that share confidential comments, and rights; one that is not active gives neither."""

    id: GroupId
    name: str
    rights: frozenset[Right] = frozenset()
    active: bool = True
    revision: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class User:
    """A member of staff. `timezone` is an IANA name, `language` "en" or "fr"; `groups` are the
    active ones. With a `limit` no other rights count, whoever gave them: what they called with is
    for that much only."""

    id: UserId
    name: str
    email: str
    aliases: tuple[str, ...] = ()
    groups: frozenset[GroupId] = frozenset()
    entities: frozenset[EntityId] = frozenset()
    rights: frozenset[Right] = frozenset()
    language: str = "en"
    timezone: str = "UTC"
    active: bool = True
    revision: int = field(default=1, compare=False)
    limit: frozenset[Right] | None = None


@dataclass(frozen=True, slots=True)
class ThirdParty:
    """An organisation that we deal with; `entity` None means shared by all entities."""

    id: ThirdPartyId
    code: str
    name: str
    kinds: frozenset[PartyKind] = frozenset()
    former_names: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    entity: EntityId | None = None
    active: bool = True
    revision: int = 1
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Contact:
    """A person of a third party. `level` caps what may be seen of exchanges with them."""

    id: ContactId
    third_party: ThirdPartyId
    name: str
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    level: Level = Level.EVERYTHING
    active: bool = True
    revision: int = 1


@quick
@dataclass(frozen=True, slots=True)
class Standing:
    """What the directory tells of one address: `names` are its key, its domain and those above it,
    `user` whose of staff it is, `ours` whether it is anybody's of us; `contacts` have exactly this
    address and are of `parties`, unless a person decided whose it is; where it is nobody's, its
    domain is that of `by_domain`."""

    key: AddressKey
    names: tuple[str, ...]
    user: UserId | None
    ours: bool
    contacts: tuple[ContactId, ...]
    parties: tuple[ThirdPartyId, ...]
    by_domain: tuple[ThirdPartyId, ...]


@dataclass(frozen=True, slots=True)
class Directory:
    """Everybody we know, indexed for matching. `version` moves with every change (schema 4).

    Build it with `rules.match.index`; several contacts under one key is a tie, kept as such.
    `standings` is what `rules.match.standing` remembers, by address as it was written.
    """

    version: int
    users: Mapping[UserId, User] = field(default_factory=dict)
    third_parties: Mapping[ThirdPartyId, ThirdParty] = field(default_factory=dict)
    contacts: Mapping[ContactId, Contact] = field(default_factory=dict)
    own_domains: frozenset[str] = frozenset()
    free_mail: frozenset[str] = frozenset()
    users_by_key: Mapping[AddressKey, UserId] = field(default_factory=dict)
    contacts_by_key: Mapping[AddressKey, tuple[ContactId, ...]] = field(default_factory=dict)
    parties_by_domain: Mapping[str, tuple[ThirdPartyId, ...]] = field(default_factory=dict)
    parties_by_code: Mapping[str, ThirdPartyId] = field(default_factory=dict)
    groups: Mapping[GroupId, str] = field(default_factory=dict)
    whose: Mapping[AddressKey, ThirdPartyId] = field(default_factory=dict)
    standings: dict[str, Standing] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )
