"""What decides about an object, read from its raw text: a fiftieth of what a full parse costs.

Only what looks as it should is told of (RFC 5545 §3.1); of all else the answer is None, and then
`reader.read` has to say. What is told is never less than what that would find: titles, categories
and addresses of everything in the object, alarms included.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from connectors.ical.events import BUSY
from connectors.ical.lines import unescape

MAX_BYTES: Final = 64 * 1024

_FOLD: Final = re.compile("\n[ \t]")
# Characters that readers drop, or take for the end of a line.
_ODD: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
# What makes an object one that is judged in another way, or names somebody elsewhere.
_OTHER: Final = (
    *("\nX-SUIVI", "\nSTATUS:CANCELLED", "\nSTATUS;", "DECLINED", "ACTION:EMAIL", ";EMAIL="),
    # So often that it may be a bomb.
    *("FREQ=HOURLY", "FREQ=MINUTELY", "FREQ=SECONDLY", "BYHOUR=", "BYMINUTE=", "BYSECOND="),
)
_WITHIN: Final = frozenset({"VCALENDAR", "VEVENT", "VALARM", "VTIMEZONE", "STANDARD", "DAYLIGHT"})
_BEGIN: Final = re.compile(r"\nBEGIN:([^\n]*)")
_NAMES: Final = frozenset(
    {"UID", "SUMMARY", "CATEGORIES", "ATTENDEE", "ORGANIZER", "LAST-MODIFIED", "DTSTAMP", "DTSTART"}
)
# Told by three letters first: most lines are none of these.
_HEADS: Final = frozenset(name[:3] for name in _NAMES)
_LINE: Final = re.compile(
    r"([A-Za-z0-9-]+)"
    r'(?:;[A-Za-z0-9-]+=(?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)*'
    r":(.*)"
)
_MAILTO: Final = re.compile(r"mailto:([^\s@<>:/%?]+@[^\s@<>:/%?]+)", re.IGNORECASE)
_START: Final = re.compile(r"\d{4}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])(?:T\d{6}Z?)?")
_STAMP: Final = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z")


@dataclass(frozen=True, slots=True)
class Seen:
    """One event, with its changed occurrences if it has any. `modified` is the latest time that it
    names as that of a change."""

    uid: str
    titles: tuple[str, ...]
    categories: tuple[str, ...]
    people: frozenset[str]
    modified: datetime


def glance(data: bytes) -> Seen | None:
    """What stands in the text of an event; None where it has to be parsed."""
    text = _plain(data)
    if text is None or _is_other(text.upper()):
        return None
    found = _lines(text)
    if found is None or not all(map(_START.fullmatch, found.get("DTSTART", ("",)))):
        return None
    uids = {unescape(uid).strip() for uid in found.get("UID", ())}
    titles = tuple(unescape(title) for title in found.get("SUMMARY", ()))
    modified = _latest(found.get("LAST-MODIFIED") or found.get("DTSTAMP") or ())
    people = [_MAILTO.fullmatch(v) for n in ("ATTENDEE", "ORGANIZER") for v in found.get(n, ())]
    if len(uids) != 1 or "" in uids or modified is None or None in people:
        return None
    if not titles or not all(map(_is_said, titles)):
        return None
    categories = tuple(unescape(one) for one in found.get("CATEGORIES", ()))
    addresses = frozenset(one[1] for one in people if one is not None)
    return Seen(uids.pop(), titles, categories, addresses, modified)


def _plain(data: bytes) -> str | None:
    """The unfolded lines of one calendar with events in it, ending in LF."""
    if len(data) > MAX_BYTES or data.count(b"\r") != data.count(b"\r\n"):
        return None
    try:
        text = data.replace(b"\r", b"").decode()
    except UnicodeDecodeError:
        return None
    if "\n " in text or "\n\t" in text:
        text = _FOLD.sub("", text)
    begins = text.count("\nBEGIN:") + 1
    if not text.startswith("BEGIN:VCALENDAR\n") or begins != text.count("\nEND:"):
        return None
    if not text.rstrip("\n").endswith("\nEND:VCALENDAR") or "\nBEGIN:VEVENT\n" not in text:
        return None
    is_plain = text.replace("\n", "").isprintable() or not _ODD.search(text)
    return text if is_plain else None


def _lines(text: str) -> dict[str, list[str]] | None:
    """The values of the properties that decide, by name; None where one can't be told apart."""
    found: dict[str, list[str]] = {}
    for line in text.split("\n"):
        if line[:3].upper() not in _HEADS:
            continue
        parts = _LINE.fullmatch(line)
        if parts is None:
            return None
        name = parts[1].upper()
        if name in _NAMES:
            found.setdefault(name, []).append(parts[2])
    return found


def _is_other(text: str) -> bool:
    """Whether this, in upper case, needs more than a glance."""
    if any(word in text for word in _OTHER) or not _WITHIN.issuperset(_BEGIN.findall(text)):
        return True
    return text.count("\nCLASS") != text.count("\nCLASS:PUBLIC\n")


def _is_said(title: str) -> bool:
    title = title.strip()
    return bool(title) and title.casefold() not in BUSY


def _latest(stamps: list[str] | tuple[str, ...]) -> datetime | None:
    times = [_STAMP.fullmatch(stamp.strip()) for stamp in stamps]
    try:
        found = [datetime(*map(int, t.groups()), tzinfo=UTC) for t in times if t]  # type: ignore[arg-type, misc]  # six numbers
    except ValueError:
        return None
    return max(found) if len(found) == len(times) and found else None
