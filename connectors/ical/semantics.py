"""What an object says, in a word: the same for two that differ in order, folds and stamps only."""

import hashlib
from typing import Final

from connectors.ical.lines import parse, unescape
from connectors.ical.rings import length

# What each writer, and many a server, sets anew without saying anything new.
_STAMPS: Final = frozenset(
    {"DTSTAMP", "CREATED", "LAST-MODIFIED", "PRODID", "SEQUENCE", "BEGIN", "END"}
)


def semantics(data: bytes) -> str:
    """A digest of its properties, component by component. Raises Unreadable."""
    said: set[str] = set()
    path: list[str] = []
    for line in parse(data):
        if line.name == "BEGIN":
            path.append(line.value.strip().upper())
        elif line.name == "END" and path:
            path.pop()
        elif line.name not in _STAMPS and path:
            params = sorted((name, value) for name, value in line.params.items())
            value = unescape(line.value).strip()
            if line.name in ("TRIGGER", "DURATION"):
                value = str(length(value))
            said.add("\x00".join((*path, line.name, str(params), value)))
    return hashlib.sha256("\x01".join(sorted(said)).encode("utf-8", "replace")).hexdigest()
