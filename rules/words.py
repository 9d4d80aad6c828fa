"""Text in the form in which it is compared ("Réunion d’ACME" and "reunion d'acme" are equal), and
in the form in which it can be kept."""

import re
import unicodedata
from functools import lru_cache

_PLAIN = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "‑": "-", "–": "-", "—": "-", "œ": "oe"})


# So many different characters beyond ASCII are folded one by one, which is far quicker than all
# of a text at once; a text in another script has more.
_FEW = 64


_SHORT = 200


def fold(text: str) -> str:
    """Lower case, without accents, typographic marks made plain, blanks collapsed."""
    # Deciding asks for the same subject and folder again and again.
    return _remembered(text) if len(text) <= _SHORT else _fold(text)


def _fold(text: str) -> str:
    folded = _quickly(text)
    return _slowly(text) if folded is None else folded


def _quickly(text: str) -> str | None:
    """A text whose characters all have one plain ASCII form; None: it has others. Ten times as
    quick as character by character, and most of what is written in Western Europe."""
    for mark, plain in () if text.isascii() else _MARKS:
        text = text.replace(mark, plain)
    try:
        folded = text.encode("latin-1").translate(_LATIN)
    except UnicodeEncodeError:
        return None
    if not folded.isascii():
        return None
    # All blanks are spaces by now; most texts have but single ones.
    while b"  " in folded:
        folded = folded.replace(b"  ", b" ")
    return folded.strip().decode()


def _slowly(text: str) -> str:
    special = {c for c in set(text) if not c.isascii()}
    if len(special) > _FEW:
        return " ".join(_folded(text).split())
    for c in special:
        text = text.replace(c, _one(c))
    return " ".join((text.lower() if text.isascii() else text.casefold()).split())


# No more than stay near the processor: what is asked for again is mostly of the same message.
_remembered = lru_cache(maxsize=512)(_fold)


def _folded(text: str) -> str:
    return bare(text).casefold().translate(_PLAIN)


_one = lru_cache(maxsize=4096)(_folded)


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


_MARKS = tuple((chr(mark), plain) for mark, plain in _PLAIN.items())


def _latin() -> bytes:
    """The folded form of each octet of Latin-1; those without one of a single character stay."""
    forms = (" " if chr(n).isspace() else _folded(chr(n)) for n in range(256))
    return bytes(ord(f) if len(f) == 1 and f.isascii() else n for n, f in enumerate(forms))


_LATIN = _latin()


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
_CONTROLS = bytes(c for c in range(128) if c in _HARMLESS)


def harmless(text: str) -> str:
    """The text with what no database takes replaced, character by character."""
    return text.translate(_HARMLESS) if _is_harmful(text) else text


def _is_harmful(text: str) -> bool:
    try:
        octets = text.encode("latin-1")
    except UnicodeEncodeError:
        return _HARMFUL.search(text) is not None
    # A third of the time that the pattern takes.
    return len(octets.translate(None, _CONTROLS)) < len(octets)


def one_line(text: str, longest: int = LONGEST_LINE) -> str:
    """A title or command as it is kept: one line of bounded length."""
    if text.isascii() and text.isprintable() and len(text) <= longest:
        return " ".join(text.split())
    return " ".join(harmless(text[: 4 * longest]).split())[:longest]
