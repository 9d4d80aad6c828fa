"""Responses → values: strings, NIL and lists of them (RFC 9051 §4), without recursion."""

import re
from typing import TypeAlias

from connectors.imap.wire import Response

Value: TypeAlias = bytes | list["Value"] | None
"""Atoms, numbers, quoted strings and literals are all bytes: who reads them knows which."""

DEPTH_MOST = 128
"""Lists in lists. A message of 3,000 nested parts has a BODYSTRUCTURE as deep."""

# One token, with the white space before it. An atom may carry a section in brackets, in which
# blanks and parentheses stand: BODY[HEADER.FIELDS (FROM TO)]<0>.
_TOKEN = re.compile(
    rb"[ \t]*(?:"
    rb'"((?:[^"\\]++|\\.)*+)"'
    rb"|([()])"
    rb'|((?:[^\s()\["]++|\[(?:[^\]]{0,2000}\])?)++)'
    rb")",
    re.DOTALL,
)
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
_MARK = re.compile(rb"~?\{\d{1,20}\+?\}$")


class TooDeep(ValueError):
    """Lists nested deeper than anything sane."""


def read(response: Response, start: int = 0) -> list[Value]:
    """The values of a response from byte `start` of its first text run on.

    Raises TooDeep, or ValueError for text that is no list of values.
    """
    top: list[Value] = []
    open_lists = [top]
    last = len(response.parts) - 1
    for index, part in enumerate(response.parts):
        if index % 2:
            open_lists[-1].append(part)
            continue
        text = _MARK.sub(b"", part) if index < last else part
        _read_text(text, start if index == 0 else 0, open_lists)
    if len(open_lists) > 1:
        raise ValueError("a list is not closed")
    return top


def _read_text(text: bytes, position: int, open_lists: list[list[Value]]) -> None:
    match = _TOKEN.match
    end = len(text)
    while position < end:
        token = match(text, position)
        if token is None:
            if text[position:].strip():
                raise ValueError("neither string, atom nor list")
            return
        position = token.end()
        kind = token.lastindex
        if kind == 3:
            atom = token[3]
            open_lists[-1].append(None if atom == b"NIL" or atom == b"nil" else atom)
        elif kind == 1:
            quoted = token[1]
            open_lists[-1].append(_ESCAPE.sub(rb"\1", quoted) if b"\\" in quoted else quoted)
        elif token[2] == b"(":
            if len(open_lists) > DEPTH_MOST:
                raise TooDeep(f"lists nested more than {DEPTH_MOST} deep")
            inner: list[Value] = []
            open_lists[-1].append(inner)
            open_lists.append(inner)
        elif len(open_lists) == 1:
            raise ValueError("a list is closed that was not opened")
        else:
            open_lists.pop()


def text(value: Value) -> str | None:
    """A string value as text: UTF-8, else Latin-1; None for NIL and for a list."""
    if not isinstance(value, bytes):
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def number(value: Value) -> int:
    """A number, or 0 for anything else."""
    return int(value) if isinstance(value, bytes) and len(value) < 20 and value.isdigit() else 0
