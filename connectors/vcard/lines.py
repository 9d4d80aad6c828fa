"""From bytes to the properties of cards that name somebody (RFC 6350 §3.3).

Of a card few properties are asked for. The others hold what strict readers trip over in one real
card of four — dates, pictures, positions in forms of their own — and are not looked at.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from connectors.errors import Unreadable

LIMIT = 50 * 1024 * 1024

KINDS = ("KIND", "X-ADDRESSBOOKSERVER-KIND", "X-ABSHOWAS")
ASKED = frozenset({"FN", "N", "ORG", "EMAIL", "TEL", "CATEGORIES", *KINDS})

# A group before the name, parameters (quoted ones may hold a colon), the value.
_LINE = re.compile(r'(?:[\w-]+\.)?([A-Za-z][\w-]*)((?:;(?:[^":;]|"[^"]*")*)*):(.*)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
# What stands between values, where no backslash is before it.
_SEMICOLON = re.compile(r"(?<!\\);")
_COMMA = re.compile(r"(?<!\\),")


@dataclass(frozen=True, slots=True)
class Property:
    """One content line: its name and parameters in upper case, its value as it stands."""

    name: str
    parameters: str
    value: str

    def text(self) -> str:
        """The value as one text."""
        return unescaped(self.value)

    def parts(self) -> list[str]:
        """The components of a structured value."""
        return [unescaped(part) for part in _SEMICOLON.split(self.value)]

    def several(self) -> list[str]:
        """The values of a list."""
        return [unescaped(part) for part in _COMMA.split(self.value)]


@dataclass(frozen=True, slots=True)
class Card:
    """The properties of one card that are asked for, and the line where it begins, from 1; cut
    off where the file ends, or another card begins, before its end."""

    line: int
    properties: tuple[Property, ...]
    whole: bool


def unescaped(value: str) -> str:
    """A value without backslashes (RFC 6350 §3.4)."""
    return _ESCAPED.sub(lambda m: "\n" if m[1] in "nN" else m[1], value).strip()


def text(data: bytes) -> str:
    """Decoded; bytes that fit no encoding become U+FFFD. Raises Unreadable for no text at all."""
    if len(data) > LIMIT:
        raise Unreadable(f"vcard: larger than {LIMIT // 1024 // 1024} MiB; split the file")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    if b"\0" in data:
        raise Unreadable("vcard: this is not text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What Windows programs write in Western Europe.
        return data.decode("cp1252", "replace")


def cards(content: str) -> Iterator[Card]:
    """Every card; what stands between them is not looked at."""
    begun, found = 0, list[Property]()
    for number, line in _lines(content):
        word = line.strip().upper()
        if word == "BEGIN:VCARD":
            if begun:
                yield Card(begun, tuple(found), whole=False)
            begun, found = number, []
        elif word == "END:VCARD":
            if begun:
                yield Card(begun, tuple(found), whole=True)
            begun, found = 0, []
        elif begun and (one := _property(line)) is not None:
            found.append(one)
    if begun:
        yield Card(begun, tuple(found), whole=False)


def _lines(content: str) -> Iterator[tuple[int, str]]:
    """Unfolded lines, each with the number of the physical line where it begins."""
    begins, parts = 1, list[str]()
    for number, line in enumerate(content.split("\n"), 1):
        if line[:1] in (" ", "\t"):
            parts.append(line[1:].rstrip("\r"))
            continue
        if parts:
            yield begins, "".join(parts)
        begins, parts = number, [line.rstrip("\r")]
    yield begins, "".join(parts)


def _property(line: str) -> Property | None:
    name = line.partition(":")[0].partition(";")[0].rpartition(".")[2].strip().upper()
    if name not in ASKED:
        return None
    found = _LINE.fullmatch(line)
    return Property(name, found[2].upper(), found[3]) if found else None
