"""Does a condition hold for an item (spec §7)? One function a word; `WORDS` is all of them."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from rules import identity, match
from rules.item import HEADER, Item, header, is_video, place_name
from rules.model.decisions import Ambiguous, Match
from rules.model.people import Address, ThirdParty, UserId
from rules.model.rules import AttachmentMatch, HeaderMatch, Hours, How, Range, Test, TextMatch, Who
from rules.model.rules import WhoKind as Kind
from rules.model.sightings import Event, EventPlace, MailPlace, Message
from rules.texts import Searched, any_of, matcher
from rules.words import fold

Holds = Callable[[Item], bool]
Key = tuple[str, object]
"""A thing that an item may have, as the index of rules names it."""

_MOST_ATTACHMENTS = 1000

RARE, COMMON = 1, 100


@dataclass(frozen=True, slots=True)
class Ready:
    """A condition made ready: when it holds, the item has one of `keys` (none: that can't be
    said); `width` tells how many items are likely to have one."""

    holds: Holds
    keys: frozenset[Key] = frozenset()
    width: int = COMMON


class Fields:
    """The text fields that a set of rules asks about, with all that is looked for in each."""

    def __init__(self) -> None:
        self.searched: dict[str, Searched] = {}

    def meets(self, field: str, wanted: Iterable[TextMatch]) -> Ready:
        """One of these texts is met by this field. Raises BadPattern."""
        searched = self.searched.setdefault(field, Searched())
        numbers = frozenset(searched.number(m) for m in wanted)
        keys = frozenset((field, number) for number in numbers)
        return Ready(lambda item: not numbers.isdisjoint(item.found(field)), keys, 2)


Word = Callable[[Any, Fields], Ready]


def ready(test: Test, fields: Fields) -> Ready:
    """A condition made ready. Raises BadPattern."""
    return WORDS[test.word](test.argument, fields)


VALUES: Mapping[str, Callable[[Item], Iterable[object]]] = {
    "name": attrgetter("names"),
    "code": lambda item: (fold(party.code) for party in item.parties),
    "kind": lambda item: (item.thing,),
    "direction": lambda item: (item.facts.direction,),
    "account": lambda item: (item.account,),
    "mail_kind": lambda item: (item.mail_kind,),
    "thread": lambda item: (item.thread,),
    "weekday": lambda item: (item.local.weekday(),),
    "class": lambda item: (getattr(item.what, "class_", "").lower(),),
    "matched_by": lambda item: (m.by for m in item.facts.matches),
}
"""What an item has of each thing that rules are found by, beside the texts that it meets."""


def _among(name: str) -> Word:
    """What the item has is one of the argument's."""
    of = VALUES[name]

    def word(wanted: Collection[object], _fields: Fields) -> Ready:
        keys = frozenset((name, value) for value in wanted)
        return Ready(lambda item: any(value in wanted for value in of(item)), keys)

    return word


def _text(field: str) -> Word:
    return lambda wanted, fields: fields.meets(field, wanted)


def _one_text(of: Callable[[Item], Iterable[str]]) -> Word:
    """A short text that few rules ask about: one by one."""

    def word(wanted: tuple[TextMatch, ...], _fields: Fields) -> Ready:
        meets = any_of(wanted)
        return Ready(lambda item: any(meets(text) for text in of(item) if text))

    return word


def _within(of: Callable[[Item], float | None]) -> Word:
    def word(wanted: Range, _fields: Fields) -> Ready:
        def holds(item: Item) -> bool:
            value = of(item)
            return value is not None and within(int(value), wanted)

        return Ready(holds)

    return word


def within(value: int, wanted: Range) -> bool:
    """Both ends included."""
    if wanted.least is not None and value < wanted.least:
        return False
    return wanted.most is None or value <= wanted.most


def _yes(of: Callable[[Item], bool]) -> Word:
    return lambda wanted, _fields: Ready(lambda item: of(item) is wanted)


def _who(word: str) -> Word:
    """One of the addresses in this place is one of those wanted."""

    def build(wanted: tuple[Who, ...], fields: Fields) -> Ready:
        return any_ready([_WHO[who.kind](word, who.match, fields) for who in wanted])

    return build


def any_ready(parts: list[Ready]) -> Ready:
    """Holds when one does; found by the keys of all, if each has some."""
    if len(parts) == 1:
        return parts[0]
    tests = tuple(part.holds for part in parts)
    known = all(part.keys for part in parts)
    keys = frozenset[Key]().union(*(part.keys for part in parts)) if known else frozenset[Key]()
    width = sum(part.width for part in parts)
    return Ready(lambda item: any(holds(item) for holds in tests), keys, width)


def _address(word: str, wanted: TextMatch | None, fields: Fields) -> Ready:
    if wanted is None:
        return Ready(lambda item: bool(item.keys(word)))
    if wanted.how is not How.EQUALS:
        return replace(fields.meets(f"{word} address", [wanted]), width=RARE)
    key = identity.key(wanted.text)
    return Ready(lambda item: key in item.keys(word), frozenset({("name", key)}), RARE)


def _domain(word: str, wanted: TextMatch | None, fields: Fields) -> Ready:
    if wanted is None:
        return Ready(lambda item: any(identity.domain(k) for k in item.keys(word)))
    if wanted.how is not How.EQUALS:
        return fields.meets(f"{word} domain", [wanted])
    host = identity.host_key(wanted.text)
    return Ready(lambda item: host in item.hosts(word), frozenset({("name", host)}), RARE)


def _user(word: str, wanted: TextMatch | None, _fields: Fields) -> Ready:
    if wanted is None:
        return Ready(lambda item: any(True for _ in item.users(word)))
    key, meets = identity.key(wanted.text), matcher(wanted)

    def is_meant(item: Item, user: UserId) -> bool:
        if wanted.how is How.EQUALS:
            return item.facts.directory.users_by_key.get(key) == user
        person = item.facts.directory.users[user]
        return any(meets(email) for email in (person.email, *person.aliases))

    return Ready(lambda item: any(is_meant(item, user) for user in item.users(word)))


def _group(word: str, wanted: TextMatch | None, _fields: Fields) -> Ready:
    meets = matcher(wanted) if wanted else lambda _name: True

    def holds(item: Item) -> bool:
        directory = item.facts.directory
        groups = {g for user in item.users(word) for g in directory.users[user].groups}
        return any(meets(directory.groups.get(group, "")) for group in groups)

    return Ready(holds)


def _contact(word: str, wanted: TextMatch | None, _fields: Fields) -> Ready:
    if wanted is None:
        return Ready(lambda item: any(True for _ in item.contacts(word)))
    key, meets, exact = identity.key(wanted.text), matcher(wanted), wanted.how is How.EQUALS

    def is_meant(email: str) -> bool:
        return identity.key(email) == key if exact else meets(email)

    return Ready(lambda item: any(is_meant(e) for c in item.contacts(word) for e in c.emails))


def _party_of(word: str, wanted: TextMatch | None, _fields: Fields) -> Ready:
    meets = matcher(wanted) if wanted else lambda _code: True

    def holds(item: Item) -> bool:
        directory = item.facts.directory
        for key in item.keys(word):
            found = match.match(directory, Address(key))
            ids = found.candidates if isinstance(found, Ambiguous) else ()
            ids = (found.third_party,) if isinstance(found, Match) else ids
            if any(meets(directory.third_parties[i].code) for i in ids):
                return True
        return False

    return Ready(holds)


_WHO: Mapping[Kind, Callable[[str, TextMatch | None, Fields], Ready]] = {
    Kind.ADDRESS: _address,
    Kind.DOMAIN: _domain,
    Kind.USER: _user,
    Kind.GROUP: _group,
    Kind.CONTACT: _contact,
    Kind.THIRD_PARTY: _party_of,
}


def _codes(wanted: tuple[TextMatch, ...], _fields: Fields) -> Ready:
    meets = any_of(wanted)
    exact = all(m.how is How.EQUALS for m in wanted)
    keys = frozenset[Key](("code", fold(m.text)) for m in wanted if exact)
    return Ready(lambda item: any(meets(p.code) for p in item.parties), keys, RARE)


def _party_text(of: Callable[[ThirdParty], Iterable[str]]) -> Word:
    return _one_text(lambda item: (text for party in item.parties for text in of(party)))


def _party_kinds(wanted: frozenset[Any], _fields: Fields) -> Ready:
    return Ready(lambda item: any(not wanted.isdisjoint(p.kinds) for p in item.parties))


def _headers(wanted: tuple[HeaderMatch, ...], fields: Fields) -> Ready:
    parts = [_header(one, fields) for one in wanted]
    tests = tuple(part.holds for part in parts)
    best = min(parts, key=lambda part: part.width)
    return replace(best, holds=lambda item: all(holds(item) for holds in tests))


def _header(wanted: HeaderMatch, fields: Fields) -> Ready:
    if wanted.matches:
        return fields.meets(f"{HEADER}{wanted.name}", wanted.matches)
    name = wanted.name
    return Ready(
        lambda item: isinstance(item.what, Message) and header(item.what, name) is not None
    )


def _attachment(wanted: AttachmentMatch, _fields: Fields) -> Ready:
    name = any_of(wanted.name) if wanted.name else lambda _text: True
    type_ = any_of(wanted.type) if wanted.type else lambda _text: True
    size = wanted.size or Range()

    def holds(item: Item) -> bool:
        if not isinstance(item.what, Message):
            return False
        few = item.what.attachments[:_MOST_ATTACHMENTS]
        return any(name(a.name) and type_(a.media_type) and within(a.size, size) for a in few)

    return Ready(holds)


def _hours(wanted: tuple[Hours, ...], _fields: Fields) -> Ready:
    return Ready(lambda item: any(_is_in(item, hours) for hours in wanted))


def _is_in(item: Item, hours: Hours) -> bool:
    now = item.local.time()
    if hours.start <= hours.end:
        return hours.start <= now < hours.end
    return now >= hours.start or now < hours.end


def _has_video_link(item: Item) -> bool:
    event = item.what
    return isinstance(event, Event) and is_video(item.facts.video_signs, event)


def _duration(item: Item) -> float | None:
    when = item.what.when if isinstance(item.what, Event) else None
    if when is None or when.end is None:
        return None
    return (when.end - when.start).total_seconds()


def _keywords(item: Item) -> Iterable[str]:
    place = item.facts.sighting.place
    return place.keywords if isinstance(place, MailPlace) else ()


WORDS: Mapping[str, Word] = {
    "kind": _among("kind"),
    "direction": _among("direction"),
    "from": _who("from"),
    "to": _who("to"),
    "cc": _who("cc"),
    "participant": _who("participant"),
    "third_party": _codes,
    "third_party_kind": _party_kinds,
    "third_party_name": _party_text(lambda party: (party.name, *party.former_names)),
    "third_party_tag": _party_text(lambda party: party.tags),
    "subject": _text("subject"),
    "text": _text("text"),
    "header": _headers,
    "list": _text("list"),
    "attachment": _attachment,
    "attachment_count": _within(
        lambda item: len(item.what.attachments) if isinstance(item.what, Message) else None
    ),
    "folder": _one_text(lambda item: (place_name(item, MailPlace),)),
    "account": _among("account"),
    "keyword": _one_text(_keywords),
    "mail_kind": _among("mail_kind"),
    "calendar": _one_text(lambda item: (place_name(item, EventPlace),)),
    "category": _text("category"),
    "class": _among("class"),
    "place": _text("place"),
    "duration": _within(_duration),
    "has_video_link": _yes(_has_video_link),
    "attendee_count": _within(
        lambda item: len(item.what.attendees) if isinstance(item.what, Event) else None
    ),
    "weekday": _among("weekday"),
    "hours": _hours,
    "holiday": _yes(lambda item: item.local.date() in item.facts.around.holidays),
    "age": _within(lambda item: (item.facts.now - item.facts.happened_at).total_seconds()),
    "thread": _among("thread"),
    "matched_by": _among("matched_by"),
    "size": _within(lambda item: item.what.size if isinstance(item.what, Message) else None),
}
