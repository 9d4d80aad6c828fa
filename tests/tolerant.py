"""What the standard library reads of a message when it is told to forgive: the measure of ours."""

import email
import re
from datetime import UTC, datetime
from email import utils
from email.errors import HeaderParseError
from email.header import Header, decode_header
from email.message import Message
from email.policy import compat32
from email.utils import parsedate_to_datetime

from connectors.mime import html

_BLANKS = re.compile(r"\s+")
# Characters that show nothing; ours takes them out, for they hide or turn what is beside them.
_HIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)


class Tolerant:
    """One message."""

    def __init__(self, raw: bytes) -> None:
        self._message = email.message_from_bytes(raw, policy=compat32)

    def subject(self) -> str:
        """On one line."""
        return plain(_decoded(self._message.get("subject", "")))

    def sender(self) -> list[str]:
        """The addresses of From."""
        values = [str(v) for v in self._message.get_all("from", [])]
        return sorted({a.lower() for _, a in _addresses(values) if "@" in a})

    def date(self) -> datetime | None:
        """The instant, None where there is none."""
        try:
            found = parsedate_to_datetime(str(self._message.get("date", "")))
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        return found if found.tzinfo else found.replace(tzinfo=UTC)

    def words(self) -> set[str]:
        """The words of all its text, be it plain or HTML."""
        found: set[str] = set()
        for part in self._message.walk():
            kind = part.get_content_type()
            if kind in {"text/plain", "text/html"}:
                text = _text(part)
                found |= set(plain(text).split())
                found |= set(plain(html.text(text)).split()) if kind == "text/html" else set()
        return found


def _addresses(values: list[str]) -> list[tuple[str, str]]:
    # Newer Pythons, and Debian's, forgive only if they are told to (CVE-2023-27043).
    if getattr(utils, "supports_strict_parsing", False):
        return utils.getaddresses(values, strict=False)  # type: ignore[call-arg]
    return utils.getaddresses(values)


def plain(text: str) -> str:
    """To be compared: blanks as one, nothing hidden."""
    return _BLANKS.sub(" ", _HIDDEN.sub("", text)).strip()


def _decoded(value: object) -> str:
    try:
        found = decode_header(value) if isinstance(value, Header) else decode_header(str(value))
    except (ValueError, LookupError, HeaderParseError):
        return str(value)
    text = ""
    for octets, charset in found:
        piece = octets if isinstance(octets, str) else _octets(octets, charset or "ascii")
        # White space between encoded words is none, beside any other it is.
        text += piece if charset and text else f" {piece} "
    return text


def _octets(octets: bytes, charset: str) -> str:
    try:
        return octets.decode(charset, "replace")
    except (LookupError, ValueError):
        return octets.decode("ascii", "replace")


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    octets = payload if isinstance(payload, bytes) else b""
    try:
        return octets.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):
        return octets.decode("utf-8", "replace")
