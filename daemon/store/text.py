"""Text on its way into the database: made storable, and folded for searching."""

import hashlib
import re
import unicodedata
from itertools import islice

# Letters that Unicode does not decompose but people type without.
_PLAIN = {"œ": "oe", "æ": "ae", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i"}
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_WORD = re.compile(r"[^\W_]+")
_LONGEST_WORD = 64
_MOST_WORDS = 20_000
# A tsvector holds less than 2^20 octets; letters have up to four.
_MOST_OCTETS = 900_000
_LONGEST_KEY = 500


def storable(text: str) -> str:
    """The text without what PostgreSQL (NUL) or UTF-8 (lone surrogates) can't hold."""
    if text.isascii() and "\0" not in text:
        return text
    return _UNSTORABLE.sub("\ufffd", text)


def folded(text: str) -> str:
    """The text as it is compared: no case, no accents, no ligatures."""
    if text.isascii():
        return storable(text.lower())
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    # Once for each of its few different characters, not for each one: texts are long.
    for c in set(decomposed):
        if unicodedata.combining(c):
            decomposed = decomposed.replace(c, "")
        elif c in _PLAIN:
            decomposed = decomposed.replace(c, _PLAIN[c])
    return storable(decomposed)


def words(*texts: str) -> str:
    """Every distinct word of the texts, folded, separated by single spaces.

    Both databases index exactly these words, so both find the same (spec §2).
    """
    found: dict[str, None] = {}
    for text in texts:
        found |= dict.fromkeys(
            w[:_LONGEST_WORD] for w in dict.fromkeys(_WORD.findall(folded(text)))
        )
    listed = " ".join(islice(found, _MOST_WORDS))
    if 4 * len(listed) <= _MOST_OCTETS:
        return listed
    octets = listed.encode()
    if len(octets) <= _MOST_OCTETS:
        return listed
    # Up to the last word that fits whole.
    return octets[: octets.rindex(b" ", 0, _MOST_OCTETS + 1)].decode()


def indexable(key: str) -> str:
    """A key short enough for an index of PostgreSQL (2,704 bytes): a hostile Message-ID or UID
    of a megabyte is represented by its hash."""
    if len(key) <= _LONGEST_KEY:
        return key
    return "sha256:" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
