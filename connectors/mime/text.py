"""Fetched parts → the text of a message, its attachments by name, and the meeting it is about."""

import binascii
import re
from collections.abc import Container, Iterable
from dataclasses import dataclass

from connectors.mime import charsets, flowed, html, invites, quotes, reports
from connectors.mime.words import clean, decoded
from rules.model.sightings import Attachment, Body, EventRef, Report
from rules.model.wire import FetchedText, Part

PART_MOST = 65_536
"""Octets of one part that are looked at, as fetched."""
ATTACHMENTS_MOST = 200
NAME_MOST = 255

_CALENDARS = {"text/calendar", "application/ics"}
_TEXTS = {"text/plain", "text/html", "text/enriched"}
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]+")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,100}/[\w.+-]{1,100}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Text:
    """What was read of a message beyond its headers."""

    body: Body | None
    attachments: tuple[Attachment, ...] = ()
    invites: EventRef | None = None


def text(fetched: FetchedText) -> Text:
    """Decode what `Mailbox.texts` brought. Never raises."""
    written: list[str] = []
    meeting: EventRef | None = None
    attached: list[Part] = []
    for part, octets in fetched.parts:
        if part.media_type in _CALENDARS:
            meeting = meeting or invites.read(_decoded(part, octets))
            attached.append(part)
        elif part.media_type in reports.STATUS:
            attached.append(part)
        elif part.media_type not in reports.ORIGINAL:
            written.append(readable(part, octets))
    return Text(body(written), attachments([*attached, *fetched.others]), meeting)


def report(fetched: FetchedText, failed: str = "") -> Report | None:
    """What a bounce says, of the same parts; `failed` is its X-Failed-Recipients. Never raises."""

    def joined(wanted: Container[str]) -> str:
        read = (_decoded(p, octets) for p, octets in fetched.parts if p.media_type in wanted)
        return "\n\n".join(read)

    return reports.read(joined(reports.STATUS), joined(reports.ORIGINAL), joined(_TEXTS), failed)


def readable(part: Part, octets: bytes) -> str:
    """The text of a text part as a reader sees it."""
    seen = _decoded(part, octets)
    if part.media_type == "text/html":
        return html.text(seen)
    return flowed.paragraphs(seen, delsp=part.delsp) if part.flowed else seen


def body(written: Iterable[str]) -> Body | None:
    """The texts of a message as one, and where its quoted part starts."""
    whole = "\n\n".join(piece for piece in (_tidy(w) for w in written) if piece)
    return Body(whole, quotes.fold(whole)) if whole else None


def attachments(parts: Iterable[Part]) -> tuple[Attachment, ...]:
    """Everything that is a file to its reader: it has a name, or is no text."""
    listed: list[Attachment] = []
    for part in parts:
        name = clean(decoded(part.filename or ""))[:NAME_MOST]
        inline = not name and part.disposition != "attachment"
        if inline and (part.media_type in _TEXTS or part.media_type.startswith("multipart/")):
            continue
        kind = (
            part.media_type
            if _MEDIA_TYPE.fullmatch(part.media_type)
            else "application/octet-stream"
        )
        listed.append(Attachment(name, kind, _size(part)))
        if len(listed) == ATTACHMENTS_MOST:
            break
    return tuple(listed)


def transfer_decoded(octets: bytes, encoding: str) -> bytes:
    """Undo a Content-Transfer-Encoding (RFC 2045 §6), as far as it goes where it is broken."""
    match encoding.strip().lower():
        case "base64":
            return _base64(octets)
        case "quoted-printable":
            return binascii.a2b_qp(octets)
    return octets


def _decoded(part: Part, octets: bytes) -> str:
    cut = len(octets) >= PART_MOST
    plain = transfer_decoded(octets[:PART_MOST], part.encoding)
    return charsets.cut(plain, 0 if cut else len(plain) + 1, part.charset)


def _base64(octets: bytes) -> bytes:
    digits = _NOT_BASE64.sub(b"", octets)
    # A list server may have written plain text after the padding.
    padding = digits.find(b"=")
    digits = digits[:padding] if padding >= 0 else digits
    digits = digits[:-1] if len(digits) % 4 == 1 else digits
    return binascii.a2b_base64(digits + b"=" * (-len(digits) % 4))


def _tidy(written: str) -> str:
    return _CONTROL.sub("", written.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _size(part: Part) -> int:
    """Octets once decoded: base64 in lines of 76 has 57 octets in 78."""
    return part.size * 57 // 78 if part.encoding == "base64" else part.size
