"""To which third party does a participant belong (spec §4)?

Exact address of a contact, then the thread, then the company's domain. Two candidates of one
strength are never guessed: that participant is `Ambiguous`, the others still match.
"""

from collections.abc import Iterable, Iterator, Mapping

from rules import identity
from rules.freemail import FREE_MAIL
from rules.model.decisions import Ambiguous, By, Match, Nobody
from rules.model.people import (
    Address,
    AddressKey,
    Contact,
    ContactId,
    Directory,
    Group,
    ThirdParty,
    ThirdPartyId,
    User,
    UserId,
)
from rules.model.sightings import Answer, Event, Message, Sighting

Result = Match | Ambiguous | Nobody


def index(
    version: int,
    users: Iterable[User],
    third_parties: Iterable[ThirdParty],
    contacts: Iterable[Contact],
    own_domains: Iterable[str],
    free_mail: Iterable[str] = FREE_MAIL,
    groups: Iterable[Group] = (),
) -> Directory:
    """The directory, indexed. Inactive parties and contacts don't match; former staff stay ours."""
    staff = {u.id: u for u in users}
    parties = {p.id: p for p in third_parties}
    people = {c.id: c for c in contacts}
    own = frozenset(identity.host_key(d) for d in own_domains)
    free = frozenset(identity.host_key(d) for d in free_mail)
    by_key: dict[AddressKey, tuple[ContactId, ...]] = {}
    for contact in sorted(people.values(), key=lambda c: c.id):
        party = parties.get(contact.third_party)
        if not contact.active or party is None or not party.active:
            continue
        for key in sorted({identity.key(e) for e in contact.emails if e.strip()}):
            by_key[key] = (*by_key.get(key, ()), contact.id)
    by_domain: dict[str, tuple[ThirdPartyId, ...]] = {}
    for party in sorted(parties.values(), key=lambda p: p.id):
        if not party.active:
            continue
        for host in sorted({identity.host_key(d) for d in party.domains} - own - free - {""}):
            by_domain[host] = (*by_domain.get(host, ()), party.id)
    return Directory(
        version=version,
        users=staff,
        third_parties=parties,
        contacts=people,
        own_domains=own,
        free_mail=free,
        # Main addresses last: one user's address beats another's alias.
        users_by_key={
            **{identity.key(e): u.id for u in staff.values() for e in u.aliases if e.strip()},
            **{identity.key(u.email): u.id for u in staff.values() if u.email.strip()},
        },
        contacts_by_key=by_key,
        parties_by_domain=by_domain,
        parties_by_code={p.code: p.id for p in parties.values() if p.active},
        groups={g.id: g.name for g in groups},
    )


def is_internal(directory: Directory, key: AddressKey) -> bool:
    """Staff: an own domain or one below it, or a known address elsewhere (free mail, say)."""
    if key in directory.users_by_key:
        return True
    host = identity.domain(key)
    if host.count(".") == 1:
        return host in directory.own_domains
    return not directory.own_domains.isdisjoint(upwards(host))


def is_known(directory: Directory, key: AddressKey) -> bool:
    """Whether an address from outside is a contact's, or of the domain of a third party."""
    return key in directory.contacts_by_key or bool(_by_domain(directory, identity.domain(key)))


def user_of(directory: Directory, address: Address) -> UserId | None:
    """The member of staff that an address belongs to."""
    return directory.users_by_key.get(identity.key(address.email))


def match(directory: Directory, address: Address, thread: tuple[ThirdPartyId, ...] = ()) -> Result:
    """The strongest that is known of one participant; staff are Nobody."""
    key = identity.key(address.email)
    if is_internal(directory, key):
        return Nobody()
    return by_address(directory, key) or _otherwise(directory, key, thread)


def _otherwise(directory: Directory, key: AddressKey, thread: tuple[ThirdPartyId, ...]) -> Result:
    """What is known of somebody outside whose address nobody has: by thread, then by domain."""
    known = _by_domain(directory, identity.domain(key))
    if thread:
        # Whoever writes from the domain of one party of the thread belongs to that one.
        inside = tuple(p for p in known if p in thread)
        return _one_of(inside or tuple(sorted(set(thread))), By.THREAD)
    return _one_of(known, By.DOMAIN) if known else Nobody()


def by_address(directory: Directory, key: AddressKey) -> Match | Ambiguous | None:
    """The contact with exactly this address; a shared one tells the third party, not the person."""
    contacts = directory.contacts_by_key.get(key, ())
    if not contacts:
        return None
    parties = tuple(sorted({directory.contacts[c].third_party for c in contacts}))
    if len(parties) > 1:
        return Ambiguous(parties, contacts, By.ADDRESS)
    return Match(parties[0], contacts[0] if len(contacts) == 1 else None, By.ADDRESS)


def _by_domain(directory: Directory, host: str) -> tuple[ThirdPartyId, ...]:
    for name in upwards(host):
        if name in directory.parties_by_domain:
            return directory.parties_by_domain[name]
        if name in directory.free_mail:
            return ()
    return ()


def upwards(host: str) -> Iterator[str]:
    """`mail.acme.fr`, `acme.fr`; never a single label, nor more labels than DNS allows."""
    if len(host) > identity.LONGEST:
        return
    while "." in host:
        yield host
        host = host.partition(".")[2]


def sure(found: Iterable[Result]) -> tuple[Match, ...]:
    """Those that are certain, each once."""
    return tuple(dict.fromkeys(f for f in found if isinstance(f, Match)))


def _one_of(parties: tuple[ThirdPartyId, ...], by: By) -> Match | Ambiguous:
    return Match(parties[0], None, by) if len(parties) == 1 else Ambiguous(parties, (), by)


def participants(what: Message | Event) -> tuple[Address, ...]:
    """Everybody who takes part, once each; attendees who declined do not (RFC 5545 §3.2.12)."""
    return tuple(by_key(what).values())


def by_key(what: Message | Event) -> Mapping[AddressKey, Address]:
    """The participants by the form in which addresses are compared."""
    if isinstance(what, Event):
        there = (a.address for a in what.attendees if a.answer is not Answer.DECLINED)
        everyone = (*((what.organizer,) if what.organizer else ()), *there)
    else:
        everyone = (
            *what.from_,
            *what.sender,
            *what.reply_to,
            *what.to,
            *what.cc,
            *what.bcc,
        )
    once: dict[AddressKey, Address] = {}
    for address in everyone:
        once.setdefault(identity.key(address.email), address)
    return once


def parties(
    directory: Directory, sighting: Sighting, thread: tuple[ThirdPartyId, ...] = ()
) -> tuple[Result, ...]:
    """What is known of each participant from outside, in an order that headers don't decide.

    The thread counts only where no participant matched by address.
    """
    outside = sorted(
        key for key in by_key(sighting.what) if "@" in key and not is_internal(directory, key)
    )
    exact = {key: by_address(directory, key) for key in outside}
    if any(exact.values()):
        thread = ()
    return tuple(exact[key] or _otherwise(directory, key, thread) for key in outside)
