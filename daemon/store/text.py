"""Text on its way into the database: made storable, and folded for searching."""

import hashlib
import re
import unicodedata

# Letters that Unicode does not decompose but people type without.
_PLAIN = str.maketrans(
    {"œ": "oe", "æ": "ae", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i"}
)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_WORD = re.compile(r"[^\W_]+")
_LONGEST_WORD = 64
_MOST_WORDS = 20_000
_LONGEST_KEY = 500


def storable(text: str) -> str:
    """The text without what PostgreSQL (NUL) or UTF-8 (lone surrogates) can't hold."""
    return _UNSTORABLE.sub("\ufffd", text)


def folded(text: str) -> str:
    """The text as it is compared: no case, no accents, no ligatures."""
    if text.isascii():
        return storable(text.lower())
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    # Of the few different characters of a text, not of each one: texts are long.
    marks: dict[int, str | None] = {
        ord(c): None for c in set(decomposed) if unicodedata.combining(c)
    }
    return storable(decomposed.translate({**marks, **_PLAIN}))


def words(*texts: str) -> str:
    """Every distinct word of the texts, folded, separated by single spaces.

    Both databases index exactly these words, so both find the same (spec §2).
    """
    found: dict[str, None] = {}
    for text in texts:
        for word in _WORD.findall(folded(text)):
            found[word[:_LONGEST_WORD]] = None
            if len(found) >= _MOST_WORDS:
                return " ".join(found)
    return " ".join(found)


def indexable(key: str) -> str:
    """A key short enough for an index of PostgreSQL (2,704 bytes): a hostile Message-ID or UID
    of a megabyte is represented by its hash."""
    if len(key) <= _LONGEST_KEY:
        return key
    return "sha256:" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
