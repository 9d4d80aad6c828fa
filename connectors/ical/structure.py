"""An object's components as ranges of its raw lines, and edits that leave all other bytes alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connectors.errors import Unreadable
from connectors.ical.lines import Line, unescape

OUR_ALARM: Final = "X-SUIVI-ALARM"

# What a property is replaced by, by name; None takes it out.
Edits = dict[str, bytes | None]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a component stands: the lines of its BEGIN and END, of its own properties, and of its
    alarms. `body_end` is where its own properties end."""

    begin: int
    end: int
    body_end: int
    own: Mapping[int, Line]
    alarms: tuple[tuple[int, int], ...]

    def first(self, name: str) -> Line | None:
        """The first property of this name."""
        return next((line for line in self.own.values() if line.name == name), None)

    def value(self, name: str) -> str:
        """Its value as text, "" where there is none."""
        line = self.first(name)
        return unescape(line.value).strip() if line is not None else ""


def find(lines: Sequence[Line], uid: str) -> Place:
    """The event or task with this UID, the master rather than a changed occurrence."""
    found = list(places(lines))
    if not found:
        raise Unreadable("no event or task in the object")
    return min(
        found,
        key=lambda place: (
            place.value("UID") != uid,
            place.first("RECURRENCE-ID") is not None,
            place.begin,
        ),
    )


def our_alarms(lines: Sequence[Line], place: Place) -> Iterator[tuple[int, int]]:
    """The alarms that suivi has set."""
    for begin, end in place.alarms:
        if any(line.name == OUR_ALARM for line in lines[begin:end]):
            yield begin, end


def raw(lines: Sequence[Line], begin: int, end: int) -> bytes:
    """The bytes of lines `begin` to `end`, both included."""
    return b"".join(line.raw for line in lines[begin : end + 1])


def apply(
    lines: Sequence[Line], place: Place, edits: Edits, definition: bytes, alarm: bytes | None
) -> bytes:
    """The object with `edits` in the component at `place`: a property is replaced where it stood,
    a new one comes after the others. `definition` goes before the component; `alarm`, if not
    None, takes the place of ours."""
    pieces = [line.raw for line in lines]
    pending = dict(edits)
    for index, line in place.own.items():
        if line.name in edits:
            pieces[index] = pending.pop(line.name, None) or b""
    if alarm is not None:
        for begin, end in our_alarms(lines, place):
            pieces[begin : end + 1] = [b""] * (end + 1 - begin)
        pieces[place.end] = alarm + pieces[place.end]
    added = b"".join(text for text in pending.values() if text)
    pieces[place.body_end] = added + pieces[place.body_end]
    pieces[place.begin] = definition + pieces[place.begin]
    return b"".join(pieces)


def places(lines: Sequence[Line]) -> Iterator[Place]:
    """Every event and task of the object."""
    stack: list[int] = []
    own: dict[int, Line] = {}
    alarms: list[tuple[int, int]] = []
    body_end = 0
    for index, line in enumerate(lines):
        if line.name == "BEGIN":
            if len(stack) == 1:
                own, alarms, body_end = {}, [], 0
            elif len(stack) == 2:
                body_end = body_end or index
            stack.append(index)
        elif line.name == "END" and stack:
            begin = stack.pop()
            kind = lines[begin].value.strip().upper()
            if len(stack) == 1 and kind in ("VEVENT", "VTODO"):
                yield Place(begin, index, body_end or index, own, tuple(alarms))
            elif len(stack) == 2 and kind == "VALARM":
                alarms.append((begin, index))
        elif len(stack) == 2 and line.name:
            own[index] = line
