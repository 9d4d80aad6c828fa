"""Text in header fields: encoded words (RFC 2047), and what may not stand in a name."""

import binascii
import re

from connectors.mime import charsets

VALUE_MOST = 65_536
"""Octets of one header value that are kept."""

_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
# Some programs let blanks stand within a word; white space between two words is no text.
_BETWEEN = re.compile(r"(\?=)[ \t\r\n]+(?==\?[^?\s]{1,60}\?[bBqQ]\?)")
_HEX = re.compile(rb"=([0-9A-Fa-f]{2})")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]+")
# Control characters, and what turns the direction of text or hides in it: a name may not
# look like another.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028\u2029"
    "\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_BLANKS = re.compile(r"[ \t\r\n]+")


def raw_text(octets: bytes) -> str:
    """A raw header value as text: mail has 8-bit headers though RFC 5322 forbids them."""
    octets = octets[:VALUE_MOST]
    return octets.decode("ascii") if octets.isascii() else charsets.decode(octets)


def decoded(value: str) -> str:
    """A header value with its encoded words decoded, on one line, without hidden characters."""
    if "=?" in value:
        value = _decode_words(value)
    return clean(value)


def clean(text: str) -> str:
    """Without control characters and bidirectional overrides; runs of blanks as one."""
    if text.isascii() and text.isprintable():
        return _BLANKS.sub(" ", text).strip() if "  " in text else text.strip()
    text = _HIDDEN.sub("", text)
    return _BLANKS.sub(" ", text).strip()


def _decode_words(value: str) -> str:
    value = _BETWEEN.sub(r"\1", value)
    pieces: list[str] = []
    octets = bytearray()
    label = ""
    end = 0
    for word in _WORD.finditer(value):
        # A character may be cut across neighbouring words, so octets are joined before decoding.
        if octets and (word.start() != end or word[1].lower() != label):
            pieces.append(charsets.decode(bytes(octets), label))
            octets.clear()
        pieces.append(value[end : word.start()])
        label = word[1].lower()
        octets += _quoted(word[3]) if word[2] in "qQ" else _base64(word[3])
        end = word.end()
    if octets:
        pieces.append(charsets.decode(bytes(octets), label))
    pieces.append(value[end:])
    return "".join(pieces)


def _quoted(text: str) -> bytes:
    octets = text.replace("_", " ").encode("utf-8", "replace")
    return _HEX.sub(lambda m: bytes((int(m[1], 16),)), octets)


def _base64(text: str) -> bytes:
    digits = _NOT_BASE64.sub("", text)
    digits = digits[: len(digits) - 1] if len(digits) % 4 == 1 else digits
    try:
        return binascii.a2b_base64(digits + "=" * (-len(digits) % 4))
    except binascii.Error:
        return b""
