"""Whom do staff write with most? Domains and people to start a directory from (spec §13)."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from rules import identity, mailkind, match
from rules.model.decisions import Nobody
from rules.model.people import AddressKey, Directory
from rules.model.sightings import MailKind, Message
from rules.words import one_line

_MACHINES = (
    "noreply",
    "no-reply",
    "donotreply",
    "ne-pas-repondre",
    "nepasrepondre",
    "mailer-daemon",
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody outside: how often staff wrote to them, and they to staff."""

    address: AddressKey
    name: str
    written: int
    received: int


@dataclass(frozen=True, slots=True)
class Domain:
    """A company's domain, with its people; a free-mail domain is never one."""

    domain: str
    written: int
    received: int
    people: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Best first: what staff wrote counts before what they received, for a newsletter is no
    customer. `people` are those at free-mail addresses."""

    domains: tuple[Domain, ...] = ()
    people: tuple[Person, ...] = ()


@dataclass(slots=True)
class _Tally:
    written: Counter[AddressKey] = field(default_factory=Counter)
    received: Counter[AddressKey] = field(default_factory=Counter)
    names: dict[AddressKey, str] = field(default_factory=dict)


def tally(
    messages: Iterable[Message],
    directory: Directory,
    is_public_suffix: Callable[[str], bool],
    limit: int = 50,
) -> Suggestions:
    """Count by headers alone; who matches somebody already is not suggested again.

    `is_public_suffix` tells whether domains under a name belong to different owners (`co.uk`).
    """
    counts = _Tally()
    for message in messages:
        _count(counts, directory, message)
    people = [
        Person(key, counts.names.get(key, ""), counts.written[key], counts.received[key])
        for key in counts.written | counts.received
    ]
    alone = [p for p in people if _is_free(directory, p)]
    by_domain: dict[str, list[Person]] = {}
    for person in people:
        if not _is_free(directory, person):
            name = registered(identity.domain(person.address), is_public_suffix)
            by_domain.setdefault(name, []).append(person)
    domains = [
        Domain(name, sum(p.written for p in group), sum(p.received for p in group), _ranked(group))
        for name, group in by_domain.items()
    ]
    domains.sort(key=lambda d: (-d.written, -d.received, d.domain))
    return Suggestions(tuple(domains[:limit]), _ranked(alone)[:limit])


def registered(host: str, is_public_suffix: Callable[[str], bool]) -> str:
    """The domain that somebody registered: one label below a public suffix."""
    while "." in host:
        parent = host.partition(".")[2]
        if is_public_suffix(parent):
            return host
        host = parent
    return host


def _count(counts: _Tally, directory: Directory, message: Message) -> None:
    ours = any(match.is_internal(directory, identity.key(a.email)) for a in message.from_)
    if not ours and mailkind.kind(message) is not MailKind.HUMAN:
        return
    addresses = (*message.to, *message.cc) if ours else message.from_
    counter = counts.written if ours else counts.received
    for address in {identity.key(a.email): a for a in addresses}.values():
        key = identity.key(address.email)
        if not _is_person(key):
            continue
        if match.is_internal(directory, key):
            continue
        if not isinstance(match.match(directory, address), Nobody):
            continue
        counter[key] += 1
        if address.name and key not in counts.names:
            counts.names[key] = one_line(address.name, 100)


def _is_person(key: AddressKey) -> bool:
    host = identity.domain(key)
    return "." in host and len(host) <= identity.LONGEST and not key.startswith(_MACHINES)


def _is_free(directory: Directory, person: Person) -> bool:
    return identity.domain(person.address) in directory.free_mail


def _ranked(people: Iterable[Person]) -> tuple[Person, ...]:
    return tuple(sorted(people, key=lambda p: (-p.written, -p.received, p.address)))
