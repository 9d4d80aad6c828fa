"""What rules may name: the people, lists, accounts and calendars that the store and the
configuration know, and the mail templates that lie beside it."""

from collections.abc import Hashable
from dataclasses import fields

from daemon.config import templates
from daemon.rulefiles.reading import Source
from daemon.store import Tx, accounts, calendars, lists, people
from rules.language import Known

_CALENDARS = "calendar"
"""The kind of an account that holds calendars."""


def names(tx: Tx, source: Source) -> Known:
    """Everything that a rule may name. What the configuration adds may be newer than the store,
    before the daemon has started with it."""
    stored = Known(
        users=frozenset(user.email for user in people.users(tx).values() if user.active),
        groups=frozenset(group.name for group in people.groups(tx).values()),
        modes=_codes(tx, "mode"),
        purposes=_codes(tx, "purpose"),
        products=_codes(tx, "product"),
        third_parties=frozenset(party.code for party in people.third_parties(tx)),
        accounts=frozenset(account.name for account in accounts.watched(tx)),
        calendars=_calendars(tx, source.calendars),
        templates=_templates(source),
    )
    return joined(stored, source.configured)


def joined(one: Known, other: Known) -> Known:
    """What either knows; unknown stays what neither can tell."""
    both: dict[str, frozenset[str] | None] = {}
    for field in fields(Known):
        first, second = getattr(one, field.name), getattr(other, field.name)
        both[field.name] = second if first is None else first | (second or frozenset())
    return Known(**both)


def version(tx: Tx, source: Source) -> Hashable:
    """Differs when `names` may; cheap, for it is asked again and again."""
    return (
        people.directory_version(tx),
        frozenset((user.email, user.active) for user in people.users(tx).values()),
        frozenset(group.name for group in people.groups(tx).values()),
        *(_codes(tx, kind) for kind in ("mode", "purpose", "product")),
        frozenset(account.name for account in accounts.watched(tx)),
        _calendars(tx, source.calendars),
        _templates(source),
    )


def _calendars(tx: Tx, configured: frozenset[str]) -> frozenset[str] | None:
    """The calendars that suivi looks into, by the names that people gave them. None as long as one
    of the accounts was never read: a rule may name a calendar that nobody has seen yet."""
    read = {a.name: a.last_ok_at for a in accounts.watched(tx) if a.kind == _CALENDARS}
    if any(read.get(name) is None for name in configured | read.keys()):
        return None
    return calendars.names(tx)


def _templates(source: Source) -> frozenset[str] | None:
    return None if source.templates is None else templates.names(source.templates)


def _codes(tx: Tx, kind: str) -> frozenset[str]:
    return frozenset(item.code for item in lists.items(tx, kind) if item.retired_at is None)
