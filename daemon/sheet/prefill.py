"""What of a new exchange can be known beforehand: from a third party, a contact, an element,
another exchange, or the page of the ERP that somebody is looking at."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, unquote, urlsplit

from daemon.i18n import mark
from daemon.sheet import exchanges, follow_ups
from daemon.sheet.errors import NotThere, Refusal
from daemon.sheet.writer import Writer
from daemon.store import elements as stored
from daemon.store import exchanges as stored_exchanges
from daemon.store import people
from daemon.store.elements import Element
from rules.model.exchanges import LinkedElement
from rules.model.people import Contact, ContactId, ThirdParty, ThirdPartyId

_WORD = re.compile(r"[\w.\-]{3,100}")
_MOST_WORDS = 30


@dataclass(frozen=True, slots=True)
class Known:
    """What is known; what is not is empty."""

    third_parties: tuple[ThirdPartyId, ...] = ()
    contacts: tuple[ContactId, ...] = ()
    elements: tuple[LinkedElement, ...] = ()
    mode: str | None = None
    purpose: str | None = None
    products: tuple[str, ...] = ()
    project: str | None = None
    exchange: str | None = None


def of_party(writer: Writer, number: int) -> Known:
    """From a third party; with its contact, where it has one only. Raises NotThere."""
    party = _party(writer, people.get_third_party(writer.tx, ThirdPartyId(number)))
    active = [one for one in people.contacts(writer.tx, party.id) if one.active]
    contacts = (active[0].id,) if len(active) == 1 else ()
    return Known(third_parties=(party.id,), contacts=contacts)


def of_contact(writer: Writer, number: int) -> Known:
    """From a contact. Raises NotThere."""
    contact = people.get_contact(writer.tx, ContactId(number))
    if contact is None:
        raise NotThere(mark("there is no such contact"))
    return _with_contact(writer, contact)


def _with_contact(writer: Writer, contact: Contact) -> Known:
    party = people.get_third_party(writer.tx, contact.third_party)
    if party is None or not writer.reaches(party.entity):
        raise NotThere(mark("there is no such contact"))
    return Known(third_parties=(party.id,), contacts=(contact.id,))


def of_element(writer: Writer, kind: str | None, ref: str) -> Known:
    """From an element: whose it is, else with whom it was spoken about, where that is one only.
    Raises NotThere."""
    for element in stored.named(writer.tx, ref, kind):
        known = _with_element(writer, element)
        if known is not None:
            return known
    raise NotThere(mark("there is no such element"))


def _with_element(writer: Writer, element: Element) -> Known | None:
    number = element.third_party
    if number is None:
        number = stored_exchanges.parties_by_reference(writer.tx, [element.ref]).get(
            element.ref.upper()
        )
    if number is None:
        return Known(elements=(element.linked,))
    party = people.get_third_party(writer.tx, number)
    if party is None or not writer.reaches(party.entity):
        return None
    return replace(of_party(writer, party.id), elements=(element.linked,))


def of_exchange(writer: Writer, name: str) -> Known:
    """From an exchange, as far as the writer sees it. Raises NotThere."""
    shown = exchanges.see(writer, name)
    return Known(
        shown.third_parties,
        shown.contacts,
        shown.elements,
        shown.mode,
        shown.purpose,
        shown.products,
        shown.project,
        shown.ref,
    )


def of_url(writer: Writer, url: str) -> Known:
    """From the address of a page: one of suivi's own, one that the ERP told with an element, or one
    that names a reference or a third party's code. Nothing known gives an empty form, and so does
    what the writer may not see."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return Known()
    for found in (_our_page(writer, parts.path), _their_page(writer, url)):
        if found is not None:
            return found
    words = [unquote(part) for part in parts.path.split("/")]
    words += [value for _, value in parse_qsl(parts.query, max_num_fields=_MOST_WORDS)]
    return _by_word(writer, words)


_PAGES: Mapping[str, Callable[[Writer, str], Known]] = {
    "exchanges": of_exchange,
    "third-parties": lambda writer, name: of_party(writer, int(name)),
    "contacts": lambda writer, name: of_contact(writer, int(name)),
}


def _our_page(writer: Writer, path: str) -> Known | None:
    noun, _, name = path.rstrip("/").rpartition("/")
    noun = noun.rpartition("/")[2]
    try:
        if noun == "follow-ups":
            return _of_follow_up(writer, name)
        return _PAGES[noun](writer, name) if noun in _PAGES and len(name) < 19 else None
    except (Refusal, ValueError):
        return None


def _of_follow_up(writer: Writer, name: str) -> Known:
    found = follow_ups.find(writer, name)
    return Known(
        third_parties=() if found.third_party is None else (found.third_party,),
        contacts=() if found.contact is None else (found.contact,),
        elements=() if found.element is None else (found.element,),
        project=found.project,
    )


def _their_page(writer: Writer, url: str) -> Known | None:
    element = stored.at_url(writer.tx, url)
    return _with_element(writer, element) if element is not None else None


def _by_word(writer: Writer, words: Iterable[str]) -> Known:
    candidates = [word for word in dict.fromkeys(words) if _WORD.fullmatch(word)]
    for word in candidates[:_MOST_WORDS]:
        for element in stored.named(writer.tx, word):
            known = _with_element(writer, element)
            if known is not None:
                return known
        party = people.party_by_code(writer.tx, word)
        if party is not None and writer.reaches(party.entity):
            return of_party(writer, party.id)
    return Known()


def _party(writer: Writer, found: ThirdParty | None) -> ThirdParty:
    if found is None or not writer.reaches(found.entity):
        raise NotThere(mark("there is no such third party"))
    return found
