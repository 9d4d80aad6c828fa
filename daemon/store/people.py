"""Everybody we know: the one door to users, third parties, contacts, and the directory."""

from collections.abc import Iterable

from daemon.store.database import Tx
from daemon.store.identities import drop_identity, identities, identity_rules, put_identity
from daemon.store.merging import former_codes
from daemon.store.rows import count, counted
from daemon.store.staff import (
    entities,
    entity_code,
    get_user,
    groups,
    members,
    put_entity,
    put_group,
    put_members,
    put_user,
    update_entity,
    update_group,
    update_user,
    user_by_email,
    user_by_main_email,
    users,
)
from daemon.store.third_parties import (
    add_contact,
    contacts,
    find_third_party,
    get_contact,
    get_third_party,
    party_by_code,
    put_contact,
    put_third_party,
    third_parties,
)
from rules import match
from rules.model.people import Directory

__all__ = [
    "add_contact",
    "contacts",
    "directory",
    "directory_changed",
    "directory_version",
    "drop_identity",
    "entities",
    "entity_code",
    "find_third_party",
    "get_contact",
    "get_third_party",
    "get_user",
    "groups",
    "identities",
    "identity_rules",
    "members",
    "party_by_code",
    "put_contact",
    "put_entity",
    "put_group",
    "put_identity",
    "put_members",
    "put_third_party",
    "put_user",
    "third_parties",
    "update_entity",
    "update_group",
    "update_user",
    "user_by_email",
    "user_by_main_email",
    "users",
]


def directory_version(tx: Tx) -> int:
    """Moves with every change that matching may feel."""
    return counted(tx, "directory")


def directory_changed(tx: Tx) -> None:
    """Somebody was put in or changed: what was judged is judged again."""
    count(tx, "directory")


def directory(tx: Tx, own_domains: Iterable[str], free_mail: Iterable[str]) -> Directory:
    """Everybody, indexed for matching."""
    # The version first: whatever changes meanwhile is of a newer one.
    version = directory_version(tx)
    return match.index(
        version,
        users(tx).values(),
        third_parties(tx),
        contacts(tx),
        own_domains,
        free_mail,
        groups(tx).values(),
        identities(tx),
        former_codes(tx),
    )
