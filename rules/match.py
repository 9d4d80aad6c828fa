"""To which third party does a participant belong (spec §4)?

Exact address of a contact, then the thread, then the company's domain. Two candidates of one
strength are never guessed: that participant is `Ambiguous`, the others still match.
"""

from collections.abc import Iterable, Iterator, Mapping
from operator import attrgetter
from types import MappingProxyType

from rules import identity
from rules.freemail import FREE_MAIL
from rules.model.decisions import (
    Ambiguous,
    By,
    Match,
    Nobody,
    RememberAddress,
    Settled,
)
from rules.model.people import (
    Address,
    AddressKey,
    Contact,
    ContactId,
    Directory,
    Group,
    Standing,
    ThirdParty,
    ThirdPartyId,
    User,
    UserId,
)
from rules.model.sightings import Answer, Event, Message, Report, Sighting

Result = Match | Ambiguous | Nobody
Parties = tuple[ThirdPartyId, ...]

_MOST_REMEMBERED = 16_384


def index(
    version: int,
    users: Iterable[User],
    third_parties: Iterable[ThirdParty],
    contacts: Iterable[Contact],
    own_domains: Iterable[str],
    free_mail: Iterable[str] = FREE_MAIL,
    groups: Iterable[Group] = (),
    whose: Mapping[AddressKey, ThirdPartyId] = MappingProxyType({}),
    former_codes: Mapping[str, ThirdPartyId] = MappingProxyType({}),
) -> Directory:
    """The directory, indexed. Inactive parties and contacts don't match; former staff stay ours.
    `whose` are the addresses of which a person has decided whose they are; `former_codes` those of
    third parties that were merged."""
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
        parties_by_code={
            **{c: p for c, p in former_codes.items() if p in parties and parties[p].active},
            **{p.code: p.id for p in parties.values() if p.active},
        },
        groups={g.id: g.name for g in groups},
        whose={k: p for k, p in whose.items() if p in parties and parties[p].active},
    )


def standing(directory: Directory, email: str) -> Standing:
    """What the directory tells of an address, or of its key. Remembered: a mailbox has the same few
    thousand again and again."""
    known = directory.standings.get(email)
    if known is None:
        known = _standing(directory, identity.key(email))
        if len(directory.standings) >= _MOST_REMEMBERED:
            directory.standings.clear()
        # A hostile one may be a megabyte long.
        if len(email) <= identity.LONGEST:
            directory.standings[email] = known
    return known


def _standing(directory: Directory, key: AddressKey) -> Standing:
    hosts = tuple(upwards(identity.domain(key)))
    user = directory.users_by_key.get(key)
    ours = user is not None or not directory.own_domains.isdisjoint(hosts)
    contacts = directory.contacts_by_key.get(key, ())
    parties = {directory.contacts[c].third_party for c in contacts}
    if directory.whose and key in directory.whose:
        decided = directory.whose[key]
        contacts = tuple(c for c in contacts if directory.contacts[c].third_party == decided)
        parties = {decided}
    by_domain = () if parties else _by_domain(directory, hosts)
    return Standing(key, (key, *hosts), user, ours, contacts, tuple(sorted(parties)), by_domain)


def is_internal(directory: Directory, key: AddressKey) -> bool:
    """Staff: an own domain or one below it, or a known address elsewhere (free mail, say)."""
    return standing(directory, key).ours


def user_of(directory: Directory, address: Address) -> UserId | None:
    """The member of staff that an address belongs to."""
    return standing(directory, address.email).user


def match(directory: Directory, address: Address, thread: tuple[ThirdPartyId, ...] = ()) -> Result:
    """The strongest that is known of one participant; staff are Nobody."""
    known = standing(directory, address.email)
    if known.ours:
        return _NOBODY
    return _by_address(known) or _otherwise(known, thread)


_NOBODY = Nobody()
_ADDRESS, _THREAD, _DOMAIN = By.ADDRESS, By.THREAD, By.DOMAIN


def _by_address(known: Standing) -> Match | Ambiguous | None:
    """The contact with exactly this address; a shared one tells the third party, not the person."""
    contacts, parties = known.contacts, known.parties
    if not parties:
        return None
    if len(parties) > 1:
        return Ambiguous(parties, contacts, _ADDRESS)
    return Match(parties[0], contacts[0] if len(contacts) == 1 else None, _ADDRESS)


def _otherwise(known: Standing, thread: tuple[ThirdPartyId, ...]) -> Result:
    """What is known of somebody outside whose address nobody has: by thread, then by domain."""
    by_domain = known.by_domain
    if thread:
        # Whoever writes from the domain of one party of the thread belongs to that one.
        inside = tuple(p for p in by_domain if p in thread)
        return _one_of(inside or tuple(sorted(set(thread))), _THREAD)
    return _one_of(by_domain, _DOMAIN) if by_domain else _NOBODY


def _by_domain(directory: Directory, hosts: Iterable[str]) -> tuple[ThirdPartyId, ...]:
    for name in hosts:
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
    matches = tuple([f for f in found if isinstance(f, Match)])
    return matches if len(matches) < 2 else tuple(dict.fromkeys(matches))


def _one_of(parties: tuple[ThirdPartyId, ...], by: By) -> Match | Ambiguous:
    return Match(parties[0], None, by) if len(parties) == 1 else Ambiguous(parties, (), by)


def participants(what: Message | Event) -> tuple[Address, ...]:
    """Everybody who takes part, once each; attendees who declined do not (RFC 5545 §3.2.12)."""
    once: dict[AddressKey, Address] = {}
    for address in _everybody(what):
        once.setdefault(identity.key(address.email), address)
    return tuple(once.values())


def people(directory: Directory, what: Message | Event) -> tuple[Standing, ...]:
    """The same, but for what is no address at all, as the directory knows them."""
    found = [standing(directory, address.email) for address in _everybody(what)]
    return tuple({known.key: known for known in found if known.key}.values())


def _everybody(what: Message | Event) -> tuple[Address, ...]:
    if isinstance(what, Message):
        return (*what.from_, *what.sender, *what.reply_to, *what.to, *what.cc, *what.bcc)
    there = (a.address for a in what.attendees if a.answer is not Answer.DECLINED)
    return (*((what.organizer,) if what.organizer else ()), *there)


def parties(
    directory: Directory, sighting: Sighting, thread: tuple[ThirdPartyId, ...] = ()
) -> tuple[Result, ...]:
    """What is known of each participant from outside, in an order that headers don't decide."""
    return outsiders(people(directory, sighting.what), thread)


def unreached(
    directory: Directory, report: Report, thread: tuple[ThirdPartyId, ...]
) -> tuple[Result, ...]:
    """Whom a bounce concerns: those whom the mail did not reach, else all whom it was for."""
    whom = [standing(directory, one.recipient) for one in report.undelivered]
    found = outsiders(whom, thread)
    return found or (_one_of(tuple(sorted(set(thread))), _THREAD),)


def outsiders(
    people: Iterable[Standing], thread: tuple[ThirdPartyId, ...] = ()
) -> tuple[Result, ...]:
    """What is known of each of these that is from outside, by their keys.

    The thread counts only where no participant matched by address.
    """
    outside = [known for known in people if not known.ours and "@" in known.key]
    if len(outside) > 1:
        outside.sort(key=attrgetter("key"))
    if thread and any(known.parties for known in outside):
        thread = ()
    return tuple([_by_address(known) or _otherwise(known, thread) for known in outside])


def settled(
    directory: Directory, found: Iterable[Result], answers: Iterable[Settled]
) -> tuple[Result, ...]:
    """The same, with what a person has answered in place of the ties that were asked about."""
    by_question = {(answer.by, answer.candidates): answer for answer in answers}
    return tuple(_settled(directory, one, by_question) for one in found)


def _settled(
    directory: Directory, one: Result, answers: Mapping[tuple[By, Parties], Settled]
) -> Result:
    if not isinstance(one, Ambiguous) or (one.by, one.candidates) not in answers:
        return one
    chosen = answers[one.by, one.candidates].chosen
    if chosen is None or chosen not in directory.third_parties:
        return _NOBODY
    theirs = [c for c in one.contacts if directory.contacts[c].third_party == chosen]
    return Match(chosen, theirs[0] if len(theirs) == 1 else None, one.by)


def remembered(
    people: Iterable[Standing], found: Iterable[Result], answers: Iterable[Settled]
) -> tuple[RememberAddress, ...]:
    """Of the answers that count from then on: whose address it is, for the participants (in the
    order of `outsiders`) that were asked about."""
    outside = sorted(
        (known for known in people if not known.ours and "@" in known.key), key=attrgetter("key")
    )
    wanted = {(a.by, a.candidates): a for a in answers if a.remember and a.chosen is not None}
    return tuple(
        RememberAddress(known.key, answer.chosen, answer.user)
        for known, one in zip(outside, found, strict=False)
        if isinstance(one, Ambiguous)
        and (answer := wanted.get((one.by, one.candidates))) is not None
        and answer.chosen is not None
    )
