"""The alarm that suivi sets in an object of its own, and what a person made of it.

A property beside it tells how it was set last. While suivi wants the same, the alarm is the
person's: moved or taken away, it stays so.
"""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from connectors.ical.lines import Line, content, parse
from connectors.ical.structure import Edits, Place, our_alarms

MARK: Final = "X-SUIVI-RINGS"
NEVER: Final = "NEVER"
_DURATION: Final = re.compile(
    r"([+-]?)P(?:(\d{1,5})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,7})H)?(?:(\d{1,8})M)?(?:(\d{1,9})S)?)?"
)


def trigger(alarm: bytes) -> str:
    """How an alarm of ours is set, as the mark tells it; NEVER for none."""
    told = [line.value.strip() for line in parse(alarm) if line.name == "TRIGGER"]
    return told[0] if told else NEVER


def change(alarm: bytes, lines: Sequence[Line], place: Place) -> tuple[bytes | None, Edits]:
    """What is to stand in the place of our alarm, None for what stands there, and the mark."""
    wanted = trigger(alarm)
    marked = place.first(MARK)
    standing = [lines[begin : end + 1] for begin, end in our_alarms(lines, place)]
    edits: Edits = {}
    if marked is None or length(marked.value) != length(wanted):
        edits[MARK] = content(MARK, wanted)
    elif wanted != NEVER and not any(_rings(one, wanted) for one in standing):
        return None, {}
    if any(_same(one, alarm) for one in standing) if alarm else not standing:
        # An object that was written before there was a mark is not written for its sake.
        return None, edits if marked is not None else {}
    if alarm and not standing and _rings_already(lines, place, wanted):
        # A client that knows nothing of our mark keeps the alarm.
        return None, edits
    return alarm, edits


def length(text: str) -> timedelta | str:
    """A trigger as a duration (RFC 5545 §3.3.6), however it is put; else as it stands."""
    found = _DURATION.fullmatch(text.strip().upper())
    if found is None or not any(found.groups()[1:]):
        return text.strip().upper()
    weeks, days, hours, minutes, seconds = (int(n or 0) for n in found.groups()[1:])
    told = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -told if found[1] == "-" else told


def _rings(alarm: Sequence[Line], wanted: str) -> bool:
    return any(one.name == "TRIGGER" and length(one.value) == length(wanted) for one in alarm)


def _rings_already(lines: Sequence[Line], place: Place, wanted: str) -> bool:
    alarms = (lines[begin : end + 1] for begin, end in place.alarms)
    return any(
        _rings(one, wanted)
        and any(each.name == "ACTION" and each.value.strip().upper() == "DISPLAY" for each in one)
        for one in alarms
    )


def _same(standing: Sequence[Line], alarm: bytes) -> bool:
    """Whether an alarm says the same, in whatever order and spelling a server keeps it."""
    return _said(standing) == _said(parse(alarm))


def _said(alarm: Sequence[Line]) -> set[tuple[str, object]]:
    said: set[tuple[str, object]] = set()
    for one in alarm:
        if one.name == "TRIGGER":
            said |= {(one.name, length(one.value)), ("RELATED", one.params.get("RELATED", "START"))}
        elif one.name in ("ACTION", "DESCRIPTION"):
            said.add((one.name, one.value.strip()))
    return said
