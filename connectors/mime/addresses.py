"""Address lists (RFC 5322 §3.4, and what mail really has): linear time, never raises."""

import re
from functools import lru_cache

from connectors.mime.words import clean, decoded
from rules.model.people import Address

ADDRESSES_MOST = 1_000
"""Addresses of one header field that are kept."""
REMEMBERED_MOST = 200
NAME_MOST = 300
EMAIL_MOST = 320
"""64 octets of local part, "@", 255 of domain (RFC 5321 §4.5.3.1)."""

_SIMPLE = re.compile(
    r'[ \t]*(?:"?([^"<>,;:@()\\]*?)"?[ \t]*<([^<>\s,;:"()\\]+)>|([^\s<>,;:"()\\]+))[ \t]*'
)
_TOKEN = re.compile(
    r'"(?P<quoted>(?:[^"\\]++|\\.)*+)(?P<closed>"?)'
    r"|\((?P<comment>(?:[^()\\]++|\\.)*+)\)?"
    r"|(?P<word>=\?[^?\s]{1,60}\?[bBqQ]\?[^?]*\?=)"
    r"|<(?P<angle>[^<>]*+)>?"
    r"|(?P<mark>[,;:])"
    r"|(?P<text>[^\",;:<>()=]++|.)",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_PLAIN = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+")
_COMMENT = re.compile(r"\([^()]*\)")
_ROUTE = re.compile(r"^@[^:]*:")


def addresses(value: str) -> tuple[Address, ...]:
    """The mailboxes of a field, those in groups too; what is no address is left out."""
    return _remembered(value) if len(value) <= REMEMBERED_MOST else _read(value)


@lru_cache(maxsize=4_096)
def _remembered(value: str) -> tuple[Address, ...]:
    """The same people write again and again: most fields of a sweep have been read before."""
    return _read(value)


def _read(value: str) -> tuple[Address, ...]:
    simple = _SIMPLE.fullmatch(value)
    if simple is not None and "=?" not in value:
        found = _address(simple[2] or simple[3], simple[1] or "")
        return (found,) if found else ()
    listed = _scan(value)
    if "=?" in value and not any("=?" not in found.email for found in listed):
        # Some programs encode name and address as one word.
        return _scan(decoded(value))
    return listed


def _scan(value: str) -> tuple[Address, ...]:
    listed: list[Address] = []
    words: list[str] = []
    angle: str | None = None
    comment = ""

    def end_of_one() -> None:
        nonlocal angle, comment
        bare = angle is None
        email = "".join(words) if bare else angle or ""
        name = comment if bare else " ".join(map(str.strip, words)) or comment
        found = _address(email, name)
        if found is not None and len(listed) < ADDRESSES_MOST:
            listed.append(found)
        words.clear()
        angle, comment = None, ""

    for token in _tokens(value):
        kind, text = token
        if kind == "angle":
            if angle is None:
                angle = text
        elif kind == "comment":
            comment = comment or text
        elif kind == "mark" and text in ",;":
            end_of_one()
        elif kind == "mark":
            # What stands before a colon is the name of a group (RFC 5322 §3.4).
            words.clear()
        elif text.strip():
            words.append(text)
    end_of_one()
    return tuple(listed)


def _tokens(value: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    position = 0
    while position < len(value):
        token = _TOKEN.match(value, position)
        if token is None:
            break
        position = token.end()
        kind = token.lastgroup or "text"
        if kind in {"quoted", "closed"}:
            if not token["closed"]:
                # Never closed: then it is a quotation mark like any other character.
                return tokens + _tokens(value[token.start() :].replace('"', " "))
            tokens.append(("quoted", _ESCAPE.sub(r"\1", token["quoted"])))
        else:
            tokens.append((kind, token[kind] or ""))
    return tokens


def _address(email: str, name: str) -> Address | None:
    if not _PLAIN.fullmatch(email):
        if "(" in email:
            email = _COMMENT.sub("", email)
        email = _ROUTE.sub("", "".join(clean(email).split())).strip("'\"<>")
    local, at, domain = email.rpartition("@")
    if not (local and at and domain) or len(email) > EMAIL_MOST:
        return None
    if name:
        name = decoded(name).strip("'\" ")[:NAME_MOST].strip()
    return Address(email, "" if name == email else name)
