"""Text in the form in which it is compared: "Réunion d’ACME" and "reunion d'acme" are equal."""

import unicodedata
from functools import lru_cache

_PLAIN = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "‑": "-", "–": "-", "—": "-", "œ": "oe"})


def fold(text: str) -> str:
    """Lower case, without accents, typographic marks made plain, blanks collapsed."""
    plain = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    bare = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(bare.casefold().translate(_PLAIN).split())


@lru_cache(maxsize=65536)
def words(text: str) -> tuple[str, ...]:
    """The words of a text, folded; all that is neither letter nor digit separates."""
    return tuple("".join(c if c.isalnum() else " " for c in fold(text)).split())


def find(needle: tuple[str, ...], haystack: tuple[str, ...]) -> int | None:
    """Where `needle` stands word by word in `haystack`; None if nowhere, or empty."""
    if not needle:
        return None
    for start in range(len(haystack) - len(needle) + 1):
        if haystack[start : start + len(needle)] == needle:
            return start
    return None
