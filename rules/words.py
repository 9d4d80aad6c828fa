"""Text in the form in which it is compared ("Réunion d’ACME" and "reunion d'acme" are equal), and
in the form in which it can be kept."""

import re
import unicodedata
from functools import lru_cache

_PLAIN = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "‑": "-", "–": "-", "—": "-", "œ": "oe"})


def fold(text: str) -> str:
    """Lower case, without accents, typographic marks made plain, blanks collapsed."""
    if text.isascii():
        return " ".join(text.lower().split())
    return " ".join(bare(text).casefold().translate(_PLAIN).split())


def bare(text: str) -> str:
    """Without accents, typographic marks made plain; letter case and blanks stay."""
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    stripped = plain
    # Once for each of its few different characters, not for each one: texts are long.
    for c in set(plain):
        if unicodedata.combining(c):
            stripped = stripped.replace(c, "")
    return stripped


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


LONGEST_LINE = 1000

# Control characters and lone surrogates: no database takes them all. One for one, so that
# offsets into the text stay right.
_HARMLESS = {c: " " for c in range(32) if chr(c) not in "\n\t"} | {127: " "}
_HARMLESS |= dict.fromkeys(range(55296, 57344), "�")
_HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def harmless(text: str) -> str:
    """The text with what no database takes replaced, character by character."""
    return text.translate(_HARMLESS) if _HARMFUL.search(text) else text


def one_line(text: str, longest: int = LONGEST_LINE) -> str:
    """A title or command as it is kept: one line of bounded length."""
    return " ".join(harmless(text[: 4 * longest]).split())[:longest]
