"""Content lines (RFC 5545 §3.1): taken apart with their bytes kept, and written folded."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from connectors.errors import Unreadable

FOLD: Final = 75
MAX_PARAMS: Final = 64
# No list of parameters is longer, in characters.
MAX_HEAD: Final = 64 * 1024
_NAME: Final = re.compile(r"[A-Za-z0-9-]+")
_PARAM: Final = re.compile(r';([A-Za-z0-9-]+)=((?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)')
_CARET: Final = {"^n": "\n", "^N": "\n", "^'": '"', "^^": "^"}
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
# Everything below space but tab and line feed, DEL, C1, and what ends a line for some readers.
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Line:
    """One property. `raw` is what stood in the object, folds and line end included; `name` is in
    upper case, `value` as written, still escaped."""

    raw: bytes
    name: str
    value: str
    params: Mapping[str, str] = field(default_factory=dict)
    head: str = ""


def parse(data: bytes) -> tuple[Line, ...]:
    """All content lines in order; joined, their raw bytes are `data`.

    A line that is none (no name, no colon) has an empty name, and is kept.
    """
    if b"\x00" in data:
        raise Unreadable("not iCalendar: holds NUL bytes")
    physical: list[list[bytes]] = []
    for piece in data.splitlines(keepends=True) if b"\n" not in data else _split(data):
        if piece[:1] in (b" ", b"\t") and physical:
            physical[-1].append(piece)
        else:
            physical.append([piece])
    return tuple(_line(pieces) for pieces in physical)


def _split(data: bytes) -> Iterable[bytes]:
    """Lines end in CRLF or, from careless writers, LF."""
    pieces = data.split(b"\n")
    yield from (piece + b"\n" for piece in pieces[:-1])
    if pieces[-1]:
        yield pieces[-1]


def _line(pieces: list[bytes]) -> Line:
    raw = b"".join(pieces)
    first, *folded = (piece.rstrip(b"\r\n") for piece in pieces)
    text = decode(first + b"".join(piece[1:] for piece in folded))
    text = text.removeprefix("\ufeff")
    name = _NAME.match(text)
    if name is None:
        return Line(raw, "", text)
    at = name.end()
    params: dict[str, str] = {}
    for _ in range(MAX_PARAMS):
        param = _PARAM.match(text, at, MAX_HEAD)
        if param is None:
            break
        params.setdefault(param[1].upper(), _plain(param[2]))
        at = param.end()
    if not text.startswith(":", at):
        # A parameter that is none: the value starts at the first colon, if there is one.
        at = text.find(":", at)
        if at < 0:
            return Line(raw, "", text)
    return Line(raw, name[0].upper(), text[at + 1 :], params, text[:at])


def decode(data: bytes) -> str:
    """UTF-8 (RFC 5545 §3.1.4), or what Western writers use when they don't know better."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def content(name: str, value: str, params: str = "") -> bytes:
    """A property with its line end, folded at 75 octets between characters."""
    octets = f"{name}{params}:{value}".encode("utf-8", errors="replace")
    lines = []
    room = FOLD
    while len(octets) > room:
        cut = room
        # 10xxxxxx continues a character (RFC 3629 §3).
        while octets[cut] & 0xC0 == 0x80:
            cut -= 1
        lines.append(octets[:cut])
        octets = octets[cut:]
        room = FOLD - 1
    return b"\r\n ".join([*lines, octets]) + b"\r\n"


def clean(text: str) -> str:
    """The text as it can stand in a value: no control characters, line ends as LF."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def escape(text: str) -> str:
    """A TEXT value (RFC 5545 §3.3.11)."""
    escaped = clean(text).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return escaped.replace("\n", "\\n")


def unescape(value: str) -> str:
    """What a TEXT value says; a backslash before anything else stands for itself."""
    return _ESCAPED.sub(_unescaped, value)


def parameter(value: str) -> str:
    """A parameter value: quoted where it must be, `^` for what can't be quoted (RFC 6868)."""
    encoded = clean(value).replace("^", "^^").replace("\n", "^n").replace('"', "^'")
    return f'"{encoded}"' if re.search("[,;:]", encoded) else encoded


def _unescaped(match: re.Match[str]) -> str:
    what = match[1]
    if what in "nN":
        return "\n"
    return what if what in "\\;," else match[0]


def _plain(value: str) -> str:
    text = value.replace('"', "")
    return re.sub(r"\^[nN'^]", lambda found: _CARET[found[0]], text)
