"""Who is named in a text? Word by word, accents folded: the strongest that a title can tell."""

from collections.abc import Iterator
from dataclasses import dataclass

from rules.model.decisions import Ambiguous, By, Match, Nobody
from rules.model.people import ContactId, Directory, ThirdParty, ThirdPartyId
from rules.words import find, words

_FORMS = """
sa sas sasu sarl eurl sci snc scop scp selarl earl gie gmbh ag kg ug se ltd limited llc llp plc inc
corp co bv nv spa srl sl oy ab as aps association ste societe ets
"""
_LEGAL_FORMS = frozenset(_FORMS.split())

_LOOK_AT = 500


@dataclass(frozen=True, slots=True)
class _Mention:
    start: int
    end: int
    third_party: ThirdPartyId
    contact: ContactId | None


def named(directory: Directory, text: str) -> Match | Ambiguous | Nobody:
    """The third party or contact that a text names; a longer name beats one inside it
    ("Acme Lyon" beats "Acme"), and two different third parties are Ambiguous."""
    title = words(text[:_LOOK_AT])
    mentions = list(_mentions(directory, title))
    widest = [m for m in mentions if not any(_inside(m, other) for other in mentions)]
    parties = tuple(sorted({m.third_party for m in widest}))
    contacts = tuple(sorted({m.contact for m in widest if m.contact is not None}))
    if not parties:
        return Nobody()
    if len(parties) > 1:
        return Ambiguous(parties, contacts, By.NAME)
    return Match(parties[0], contacts[0] if len(contacts) == 1 else None, By.NAME)


def _mentions(directory: Directory, title: tuple[str, ...]) -> Iterator[_Mention]:
    present = frozenset(title)
    for party in directory.third_parties.values():
        if not party.active:
            continue
        for form in _forms(party):
            if present.issuperset(form) and (at := find(form, title)) is not None:
                yield _Mention(at, at + len(form), party.id, None)
    for contact in directory.contacts.values():
        party_of = directory.third_parties.get(contact.third_party)
        if not contact.active or party_of is None or not party_of.active:
            continue
        name = words(contact.name)
        # A first name alone is nobody's; family names may stand first.
        if len(name) < 2 or not present.issuperset(name):
            continue
        for form in {name, name[::-1], (name[-1], *name[:-1]), (*name[1:], name[0])}:
            if (at := find(form, title)) is not None:
                yield _Mention(at, at + len(form), party_of.id, contact.id)


def _forms(party: ThirdParty) -> Iterator[tuple[str, ...]]:
    if code := words(party.code):
        yield code
    for name in (party.name, *party.former_names):
        full = words(name)
        short = tuple(w for w in full if w not in _LEGAL_FORMS)
        for form in {full, short}:
            if len("".join(form)) >= 3:
                yield form


def _inside(mention: _Mention, other: _Mention) -> bool:
    wider = other.end - other.start > mention.end - mention.start
    return wider and other.start <= mention.start and mention.end <= other.end
