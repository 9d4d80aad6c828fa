"""Can a subject hold a square bracket, once its encoded words (RFC 2047) are decoded?

Said of the raw octets, in a fraction of the time that decoding takes: tags that keep a message out
stand in brackets, and most subjects have none.
"""

import re

BRACKETS = "[［﹇"
"""Every character that is, or is made plain as, an opening square bracket."""

# Words in quoted-printable, and in one of the charsets in which each octet below 128 is that ASCII
# character. In UTF-8 the other two brackets begin with the octet EF; in the rest there are none.
_HARMLESS = re.compile(
    rb"(?:[^=\[]++"
    rb"|=\?(?:utf-8|us-ascii|iso-8859-15?|windows-1252)\?q\?(?:[^=\[?]++|=(?!5b|ef)[0-9a-f]{2})*+\?="
    rb")*+",
    re.IGNORECASE,
)


def may_hold_bracket(value: bytes) -> bool:
    """False: it holds none of BRACKETS, whatever reads it."""
    if not value.isascii() or b"[" in value:
        return True
    return b"=?" in value and _HARMLESS.fullmatch(value) is None
