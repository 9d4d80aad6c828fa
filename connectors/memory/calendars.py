"""The twin of a CalDAV account: objects with etags, sync tokens that may be forgotten."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from connectors.errors import Changed, Refused
from connectors.memory.faults import Faults
from rules.model.wire import CalendarDelta, CalendarInfo, CalendarObject, Homes

_ALL_COMPONENTS = ("VEVENT", "VTODO")


@dataclass(slots=True)
class _Collection:
    name: str
    components: frozenset[str]
    writable: bool
    objects: dict[str, CalendarObject] = field(default_factory=dict)
    # What happened, in order: the sync token is a place in this list (RFC 6578 §3.2).
    history: list[str] = field(default_factory=list)

    def token(self) -> str:
        return f"memory:{len(self.history)}"

    def info(self, href: str) -> CalendarInfo:
        # A ctag and a sync token say the same here: something has changed.
        return CalendarInfo(
            href, self.name, self.components, self.writable, self.token(), self.token()
        )

    def since(self, token: str | None) -> int | None:
        """The place in history that the token names, or None if it isn't one of ours."""
        kind, _, place = (token or "").partition(":")
        if kind != "memory" or not place.isdecimal() or int(place) > len(self.history):
            return None
        return int(place)


class MemoryCalendars(Faults):
    """Meets the Calendars port.

    `faults` are raised by the next calls. `forgets_tokens` makes every comparison a full one.
    `meanwhile` is called once, before the next write: what somebody else does between our
    read and our write. `writes` lists the hrefs of accepted writes and deletions.
    """

    def __init__(self) -> None:
        super().__init__()
        self.forgets_tokens = False
        self.meanwhile: Callable[[], None] | None = None
        self.writes: list[str] = []
        self._collections: dict[str, _Collection] = {}
        self._edition = 0

    # What the person does, in their own client.

    def add(
        self,
        href: str,
        name: str = "",
        components: Iterable[str] = _ALL_COMPONENTS,
        *,
        writable: bool = True,
    ) -> str:
        """A calendar appears; returns its href."""
        self._collections[href] = _Collection(name or href, frozenset(components), writable)
        return href

    def place(self, calendar: str, href: str, data: bytes) -> str:
        """The person writes an object; returns its new etag."""
        self._edition += 1
        collection = self._collections[calendar]
        # The edition keeps an etag from coming back when the old bytes do.
        etag = f'"{self._edition}-{sha256(data).hexdigest()[:12]}"'
        collection.objects[href] = CalendarObject(href, etag, data)
        collection.history.append(href)
        return etag

    def take(self, calendar: str, href: str) -> None:
        """The person deletes an object."""
        collection = self._collections[calendar]
        del collection.objects[href]
        collection.history.append(href)

    def objects(self, calendar: str) -> Mapping[str, bytes]:
        """What the calendar holds now: href → bytes."""
        return {href: it.data for href, it in self._collections[calendar].objects.items()}

    # What suivi does: the port.

    def discover(self) -> tuple[CalendarInfo, ...]:
        self._strike()
        return tuple(it.info(href) for href, it in self._collections.items())

    @property
    def homes(self) -> Homes:
        """One home of all."""
        infos = tuple(it.info(href) for href, it in self._collections.items())
        return Homes("", "memory:", ("/",), "", infos)

    def look(self, homes: Homes) -> tuple[CalendarInfo, ...]:
        """All of them; Changed where others are remembered."""
        self._strike()
        if {info.href for info in homes.calendars} != self._collections.keys():
            raise Changed("memory: there are other calendars")
        return self.homes.calendars

    def load(self, calendar: str) -> Iterator[CalendarObject]:
        """Every object, in the order in which they came."""
        self._strike()
        yield from tuple(self._open(calendar).objects.values())

    def changes(self, calendar: str, token: str | None, known: Mapping[str, str]) -> CalendarDelta:
        """A delta for a token of ours, else a full comparison with `known` (href → etag)."""
        self._strike()
        collection = self._open(calendar)
        since = None if self.forgets_tokens else collection.since(token)
        if since is None:
            everything = {href: it.etag or "" for href, it in collection.objects.items()}
            gone = frozenset(known) - everything.keys()
            return CalendarDelta(everything, gone, collection.token(), complete=True)
        touched = dict.fromkeys(collection.history[since:])
        changed = {
            href: collection.objects[href].etag or ""
            for href in touched
            if href in collection.objects
        }
        return CalendarDelta(changed, frozenset(touched) - changed.keys(), collection.token())

    def fetch(self, calendar: str, hrefs: Sequence[str]) -> tuple[CalendarObject, ...]:
        """The objects that are still there, in the order asked for."""
        self._strike()
        objects = self._open(calendar).objects
        return tuple(objects[href] for href in hrefs if href in objects)

    def put(self, calendar: str, href: str, data: bytes, etag: str | None) -> CalendarObject:
        """Write if the object is as `etag` knows it; None creates it.

        Creating what is already there with the same bytes is no change: a repeated call after
        a lost answer.
        """
        collection = self._writable(calendar)
        there = collection.objects.get(href)
        if etag is None and there is not None and there.data == data:
            return there
        if (there.etag if there else None) != etag:
            raise Changed(f"{href}: it is not as we knew it")
        self.place(calendar, href, data)
        self.writes.append(href)
        return collection.objects[href]

    def delete(self, calendar: str, href: str, etag: str) -> None:
        """Delete if the object is as `etag` knows it; one that is gone already is no error."""
        there = self._writable(calendar).objects.get(href)
        if there is None:
            return
        if there.etag != etag:
            raise Changed(f"{href}: it is not as we knew it")
        self.take(calendar, href)
        self.writes.append(href)

    def close(self) -> None:
        """Nothing is held open."""

    def _open(self, calendar: str) -> _Collection:
        if calendar not in self._collections:
            raise Refused(f"{calendar}: there is no such calendar")
        return self._collections[calendar]

    def _writable(self, calendar: str) -> _Collection:
        self._strike()
        if self.meanwhile is not None:
            somebody, self.meanwhile = self.meanwhile, None
            somebody()
        collection = self._open(calendar)
        if not collection.writable:
            raise Refused(f"{calendar}: it may not be written")
        return collection
