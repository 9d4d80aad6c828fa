"""What can be asked about one item, each thing found out once however many rules ask."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from rules import identity, mailkind, match
from rules.model.facts import Facts
from rules.model.people import Address, AddressKey, Contact, Standing, ThirdParty, UserId
from rules.model.rules import Thing, ThreadState
from rules.model.sightings import Answer, Event, EventPlace, MailKind, MailPlace, Message
from rules.texts import LOOK_AT, NONE, Searched
from rules.words import fold
from rules.zones import local, zone

HEADER = "header:"
"""How the name of a text field begins that is a header field."""


_LOOK_FOR_VIDEO = 20_000
"""Characters of each part of an event in which a video link is looked for."""


class Item:
    """One item under the eyes of many rules; `what` may know more than the sighting does."""

    __slots__ = ("_found", "_kind", "_local", "_people", "facts", "searched", "what")

    def __init__(
        self,
        facts: Facts,
        searched: Mapping[str, Searched],
        people: tuple[Standing, ...] | None = None,
    ) -> None:
        self.facts = facts
        self.what: Message | Event = facts.sighting.what
        self.searched = searched
        self._found: dict[str, frozenset[int]] = {}
        self._people: dict[str, tuple[Standing, ...]] = {}
        if people is not None:
            self._people["participant"] = people
        self._kind: MailKind | None = None
        self._local: datetime | None = None

    def completed(self, message: Message) -> "Item":
        """The same item, now that its text is there: what else was found out stays found out."""
        other = Item(self.facts, self.searched)
        other.what = message
        other._found = {name: found for name, found in self._found.items() if name != "text"}
        other._people = self._people
        other._local = self._local
        return other

    def found(self, field: str) -> frozenset[int]:
        """The numbers of the wanted texts that this field meets."""
        found = self._found.get(field)
        if found is None:
            searched, texts = self.searched[field], self.texts(field)
            if len(texts) == 1:
                found = searched.found(texts[0]) if texts[0] else NONE
            else:
                found = NONE.union(*(searched.found(t) for t in texts if t))
            self._found[field] = found
        return found

    def texts(self, field: str) -> Sequence[str]:
        """What stands in a text field; "" counts as nothing."""
        if field in _TEXTS:
            return _TEXTS[field](self.what)
        if field.startswith(HEADER) and isinstance(self.what, Message):
            return (header(self.what, field.removeprefix(HEADER)) or "",)
        word, _, part = field.partition(" ")
        keys = self.keys(word)
        return keys if part == "address" else [identity.domain(key) for key in keys]

    def is_cut(self, field: str) -> bool:
        """Whether rules look at a part of this field only, for it is long."""
        return field in self.searched and any(len(text) > LOOK_AT for text in self.texts(field))

    def people(self, word: str) -> tuple[Standing, ...]:
        """Who stands in `from`, `to` or `cc`, or takes part at all, as the directory knows them."""
        people = self._people.get(word)
        if people is None:
            directory = self.facts.directory
            if word == "participant":
                people = match.people(directory, self.what)
            else:
                some = [a.email for a in _WHO[word](self.what) if a.email]
                people = tuple(match.standing(directory, email) for email in some)
            self._people[word] = people
        return people

    def keys(self, word: str) -> list[AddressKey]:
        """Their addresses."""
        return [known.key for known in self.people(word)]

    def hosts(self, word: str) -> list[str]:
        """Their domains, and those above each."""
        return [host for known in self.people(word) for host in known.names[1:]]

    @property
    def names(self) -> list[str]:
        """All these of everybody who takes part."""
        return [name for known in self.people("participant") for name in known.names]

    @property
    def thing(self) -> Thing:
        """Mail or event."""
        return Thing.MAIL if isinstance(self.what, Message) else Thing.EVENT

    @property
    def mail_kind(self) -> MailKind | None:
        """What sort of message it is; None for an event."""
        if self._kind is None and isinstance(self.what, Message):
            self._kind = mailkind.kind(self.what)
        return self._kind

    @property
    def thread(self) -> ThreadState | None:
        """Whether the message answers another; None for an event."""
        if not isinstance(self.what, Message):
            return None
        return ThreadState.REPLY if identity.parents(self.what) else ThreadState.FIRST

    @property
    def local(self) -> datetime:
        """When it happened, on the company's wall clock."""
        if self._local is None:
            self._local = local(self.facts.happened_at, zone(self.facts.around.zone))
        return self._local

    @property
    def parties(self) -> tuple[ThirdParty, ...]:
        """The third parties that it was matched to."""
        known = self.facts.directory.third_parties
        return tuple(known[m.third_party] for m in self.facts.matches if m.third_party in known)

    @property
    def account(self) -> str:
        """The name of its account; "" when it is not known."""
        return self.facts.around.accounts.get(self.facts.sighting.account, "")

    def users(self, word: str) -> list[UserId]:
        """The staff among them."""
        return [known.user for known in self.people(word) if known.user is not None]

    def contacts(self, word: str) -> Iterator[Contact]:
        """The contacts among them."""
        contacts = self.facts.directory.contacts
        return (contacts[i] for known in self.people(word) for i in known.contacts)


def header(message: Message, name: str) -> str | None:
    """A header field by its lower-case name; None: it is not there."""
    if name in _PARSED:
        return _PARSED[name](message) or None
    return message.headers.get(name)


def _shown(addresses: tuple[Address, ...]) -> str:
    return ", ".join(f"{a.name} <{a.email}>" if a.name else a.email for a in addresses[:1000])


_PARSED: Mapping[str, Callable[[Message], str]] = {
    "subject": lambda m: m.subject,
    "message-id": lambda m: m.message_id or "",
    "in-reply-to": lambda m: " ".join(m.in_reply_to),
    "references": lambda m: " ".join(m.references),
    "from": lambda m: _shown(m.from_),
    "sender": lambda m: _shown(m.sender),
    "reply-to": lambda m: _shown(m.reply_to),
    "to": lambda m: _shown(m.to),
    "cc": lambda m: _shown(m.cc),
    "bcc": lambda m: _shown(m.bcc),
}
"""Fields that are read as values, and so are not among `Message.headers`."""


def _subject(what: Message | Event) -> tuple[str, ...]:
    return (what.subject if isinstance(what, Message) else what.summary,)


def _text(what: Message | Event) -> tuple[str, ...]:
    if isinstance(what, Event):
        return (what.description,)
    return (what.body.text,) if what.body else ()


def _list(what: Message | Event) -> tuple[str, ...]:
    return (what.headers.get("list-id", ""),) if isinstance(what, Message) else ()


def _place(what: Message | Event) -> tuple[str, ...]:
    return (what.location,) if isinstance(what, Event) else ()


def _categories(what: Message | Event) -> tuple[str, ...]:
    return what.categories if isinstance(what, Event) else ()


_TEXTS: Mapping[str, Callable[[Message | Event], tuple[str, ...]]] = {
    "subject": _subject,
    "text": _text,
    "list": _list,
    "place": _place,
    "category": _categories,
}


def _from(what: Message | Event) -> tuple[Address, ...]:
    if isinstance(what, Message):
        return (*what.from_, *what.sender)
    return (what.organizer,) if what.organizer else ()


def _to(what: Message | Event) -> tuple[Address, ...]:
    if isinstance(what, Message):
        return what.to
    return tuple(a.address for a in what.attendees if a.answer is not Answer.DECLINED)


def _cc(what: Message | Event) -> tuple[Address, ...]:
    return what.cc if isinstance(what, Message) else ()


_WHO: Mapping[str, Callable[[Message | Event], tuple[Address, ...]]] = {
    "from": _from,
    "to": _to,
    "cc": _cc,
}


def is_video(signs: Iterable[str], event: Event) -> bool:
    """Whether place, description or address of an event names a video conference."""
    n = _LOOK_FOR_VIDEO
    text = f"{fold(event.location[:n])}\n{event.description[:n]}\n{event.url[:n]}".lower()
    return any(sign in text for sign in signs)


def place_name(item: Item, of: type[MailPlace] | type[EventPlace]) -> str:
    """The folder or calendar in which this copy lies; "" when it lies in the other sort."""
    place = item.facts.sighting.place
    return place.name if isinstance(place, of) else ""
