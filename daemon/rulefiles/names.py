"""What rules may name: the people, lists and accounts that the store and the configuration know."""

from collections.abc import Hashable
from dataclasses import fields

from daemon.store import Tx, accounts, lists, people
from rules.language import Known

NAMES_NOTHING = Known()


def names(tx: Tx, configured: Known = NAMES_NOTHING) -> Known:
    """Everything that a rule may name. `configured` is what the configuration adds: it may be
    newer than the store, before the daemon has started with it."""
    stored = Known(
        users=frozenset(user.email for user in people.users(tx).values() if user.active),
        groups=frozenset(group.name for group in people.groups(tx).values()),
        modes=_codes(tx, "mode"),
        purposes=_codes(tx, "purpose"),
        products=_codes(tx, "product"),
        third_parties=frozenset(party.code for party in people.third_parties(tx)),
        accounts=frozenset(account.name for account in accounts.watched(tx)),
    )
    return joined(stored, configured)


def joined(one: Known, other: Known) -> Known:
    """What either knows; unknown stays what neither can tell."""
    both: dict[str, frozenset[str] | None] = {}
    for field in fields(Known):
        first, second = getattr(one, field.name), getattr(other, field.name)
        both[field.name] = second if first is None else first | (second or frozenset())
    return Known(**both)


def version(tx: Tx) -> Hashable:
    """Differs when `names` may; cheap, for it is asked again and again."""
    return (
        people.directory_version(tx),
        frozenset((user.email, user.active) for user in people.users(tx).values()),
        frozenset(group.name for group in people.groups(tx).values()),
        *(_codes(tx, kind) for kind in ("mode", "purpose", "product")),
        frozenset(account.name for account in accounts.watched(tx)),
    )


def _codes(tx: Tx, kind: str) -> frozenset[str]:
    return frozenset(item.code for item in lists.items(tx, kind) if item.retired_at is None)
