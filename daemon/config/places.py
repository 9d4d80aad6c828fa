"""Where an option stands in a TOML text: tomllib gives values, but no line or column.

A small scan, not a parser: tomllib has already said that the text is well-formed. What stands
inside an inline table or a multi-line array has the place of the option that holds it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

Path = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(?P<open>\[\[?)(?P<name>[^\]]+)\]")
_KEY = re.compile(
    r"^(?P<indent>\s*)(?P<key>(?:[\w-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[\w-]+|\"[^\"]*\"|'[^']*'))*)\s*=\s*(?P<value>.*)$"
)
_PART = re.compile(r"[\w-]+|\"[^\"]*\"|'[^']*'")
_STRING = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'")


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column, both from 1."""

    line: int
    column: int


def places(text: str) -> Mapping[Path, Place]:
    """Every table and option of a well-formed text, by its path; rows of [[…]] count from 0."""
    found: dict[Path, Place] = {}
    rows: dict[Path, int] = {}
    table: Path = ()
    closing: str | None = None
    depth = 0
    for number, line in enumerate(text.splitlines(), start=1):
        if closing is not None:
            if closing in line:
                closing = None
            continue
        if depth > 0:
            depth += _balance(line)
            continue
        if header := _HEADER.match(line):
            table = _table(header, rows)
            found.setdefault(table, Place(number, header.start("open") + 1))
            continue
        if not (option := _KEY.match(line)):
            continue
        path = table + _parts(option["key"])
        found[path] = Place(number, option.start("key") + 1)
        closing = _opens(option["value"])
        depth = 0 if closing else _balance(option["value"])
    return found


def nearest(found: Mapping[Path, Place], path: Path) -> Place | None:
    """The place of `path`, or of the closest thing around it that the text names."""
    for length in range(len(path), 0, -1):
        if place := found.get(path[:length]):
            return place
    return None


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))


def _table(header: re.Match[str], rows: dict[Path, int]) -> Path:
    path: Path = ()
    names = _parts(header["name"])
    for index, name in enumerate(names):
        path += (name,)
        last = index == len(names) - 1
        if last and header["open"] == "[[":
            rows[path] = rows.get(path, -1) + 1
        if path in rows:
            path += (rows[path],)
    return path


def _opens(value: str) -> str | None:
    """The delimiter of a multi-line string that starts here and does not end here."""
    for quotes in ('"""', "'''"):
        if value.startswith(quotes) and quotes not in value[3:]:
            return quotes
    return None


def _balance(text: str) -> int:
    """How many brackets stay open, strings and comments left out."""
    bare = _STRING.sub("", text).split("#", 1)[0]
    return bare.count("[") + bare.count("{") - bare.count("]") - bare.count("}")
