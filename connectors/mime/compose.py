"""Mail that suivi writes: deterministic bytes, fit for any server, closed to injection."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Literal

from rules.model.people import Address

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~ ]+")
_ADDRESS = re.compile(r"[^\s<>\"(),:;\\@]{1,64}@[^\s<>\"(),:;\\@]{1,255}")
_ID = re.compile(r"[^\s<>]{1,900}")
# 45 octets become 60 characters, and a word may have 75 (RFC 2047 §2).
_WORD_OCTETS = 45
_LINE = 76
LIST_ID = "reminders.suivi"
"""The first labels of the List-Id (RFC 2919) of every mail of ours."""
_RESERVED = frozenset(
    {"subject", "from", "to", "cc", "bcc", "reply-to", "message-id", "date", "in-reply-to",
     "references", "auto-submitted", "mime-version", "content-type", "sender",
     "content-transfer-encoding", "list-id", "x-auto-response-suppress"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that goes along; `name` is ASCII, `media_type` with its parameters."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class MailText:
    """A mail to write. Message ids are bare; `date` is aware; `html` None makes it plain text.

    `headers` are further fields, such as suivi's own marker; `auto_submitted` says whether it
    answers a mail or comes by itself (RFC 3834 §5). None: a person wrote it, and no header says
    that suivi did; `sender` is who hands it over for them (RFC 5322 §3.6.2).
    """

    subject: str
    text: str
    html: str | None
    from_: Address
    to: tuple[Address, ...]
    reply_to: Address | None
    message_id: str
    date: datetime
    headers: Mapping[str, str] = field(default_factory=dict)
    in_reply_to: str | None = None
    auto_submitted: Literal["auto-generated", "auto-replied"] | None = "auto-generated"
    attached: Attached | None = None
    cc: tuple[Address, ...] = ()
    sender: Address | None = None


def compose(mail: MailText) -> bytes:
    """The mail as bytes with CRLF line ends, the same bytes for the same mail.

    Raises ValueError for an address, message id or field name that can't stand in a header.
    """
    head = [
        _text_field("Subject", mail.subject),
        _field("From", _mailbox(mail.from_)),
        *([_field("Sender", _mailbox(mail.sender))] if mail.sender else []),
        _addresses("To", mail.to),
        *([_addresses("Cc", mail.cc)] if mail.cc else []),
        *([_field("Reply-To", _mailbox(mail.reply_to))] if mail.reply_to else []),
        _field("Date", format_datetime(mail.date)),
        _field("Message-ID", _bracketed(mail.message_id)),
        *_thread(mail.in_reply_to),
        *_of_machine(mail),
        *_further(mail.headers),
        _field("MIME-Version", "1.0"),
    ]
    # ASCII but for the local part of an international address, which has no other form
    # (RFC 6532 §3.2): such a mail is for servers with SMTPUTF8 only.
    return "".join(head).encode() + _body(mail)


def _of_machine(mail: MailText) -> list[str]:
    """What tells programs that nobody wrote this."""
    if mail.auto_submitted is None:
        return []
    return [
        # RFC 3834 §5: nobody's holiday notice answers this.
        _field("Auto-Submitted", mail.auto_submitted),
        # Programs that answer by themselves know these (MS-OXCMAIL §2.1.3.2.20; RFC 5230 §4.6).
        _field("X-Auto-Response-Suppress", "All"),
        _field("List-Id", f"<{LIST_ID}.{_domain(mail.from_)}>"),
    ]


def _body(mail: MailText) -> bytes:
    """Fields of content, an empty line, and the parts (RFC 2046 §5.1)."""
    body = _part("text/plain", mail.text)
    if mail.html is not None:
        body = _multipart("alternative", mail, (body, _part("text/html", mail.html)))
    if mail.attached is not None:
        body = _multipart("mixed", mail, (body, _file(mail.attached)))
    return body


def _multipart(kind: str, mail: MailText, parts: Iterable[bytes]) -> bytes:
    # Derived, so that a mail sent once more is the same mail; quoted-printable and base64 can't
    # contain it, for "=_" is no escape of the one and stands nowhere in the other.
    facts = f"{kind}\0{mail.message_id}".encode()
    boundary = "=_" + hashlib.sha256(facts).hexdigest()[:32]
    head = _field("Content-Type", f'multipart/{kind};\r\n boundary="{boundary}"')
    mark = f"--{boundary}".encode()
    body = b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts)
    return head.encode("ascii") + b"\r\n" + body + mark + b"--\r\n"


def _file(file: Attached) -> bytes:
    head = (
        f"Content-Type: {file.media_type}\r\nContent-Transfer-Encoding: base64\r\n"
        f'Content-Disposition: attachment; filename="{file.name}"\r\n\r\n'
    )
    return head.encode("ascii") + base64.encodebytes(file.data).replace(b"\n", b"\r\n")


def _part(media_type: str, text: str) -> bytes:
    """Fields, an empty line and the text in quoted-printable (RFC 2045 §6.7)."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").split("\n")
    head = (
        f"Content-Type: {media_type}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable"
    )
    encoded = b"\r\n".join(_quoted(line) for line in lines).rstrip(b"\r\n")
    return head.encode("ascii") + b"\r\n\r\n" + encoded + b"\r\n"


def _quoted(line: str) -> bytes:
    octets = binascii.b2a_qp(line.encode("utf-8", "replace"), quotetabs=False, istext=True)
    # Soft line breaks come as LF alone.
    octets = octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    # Some servers write ">From", and some end a mail at a lone dot.
    if octets.startswith(b"From "):
        return b"=46rom " + octets[5:]
    return b"=2E" + octets[1:] if octets.startswith(b".") else octets


def _field(name: str, value: str) -> str:
    return f"{name}: {value}\r\n"


def _addresses(name: str, several: Iterable[Address]) -> str:
    return _field(name, ",\r\n ".join(map(_mailbox, several)))


def _text_field(name: str, value: str) -> str:
    return _field(name, _folded(_one_line(value), len(name) + 2))


def _one_line(value: str) -> str:
    return _CONTROL.sub(" ", value).strip()


def _folded(value: str, used: int) -> str:
    """Unstructured text: as it is when short and ASCII, else as encoded words."""
    if value.isascii() and "=?" not in value and len(value) + used <= _LINE:
        return value
    return "\r\n ".join(_words(value))


def _words(value: str) -> Iterator[str]:
    """Encoded words (RFC 2047), each with whole characters."""
    chunk = bytearray()
    for character in value:
        octets = character.encode("utf-8", "replace")
        if len(chunk) + len(octets) > _WORD_OCTETS:
            yield _word(bytes(chunk))
            chunk.clear()
        chunk += octets
    yield _word(bytes(chunk))


def _word(octets: bytes) -> str:
    return f"=?utf-8?b?{binascii.b2a_base64(octets, newline=False).decode('ascii')}?="


def _mailbox(address: Address) -> str:
    email = address.email
    if not _ADDRESS.fullmatch(email) or _CONTROL.search(email):
        raise ValueError("an address that can't stand in a header")
    local, _, domain = email.rpartition("@")
    if not domain.isascii():
        domain = domain.encode("idna").decode("ascii")
    name = _one_line(address.name)
    if not name:
        return f"{local}@{domain}"
    if name.isascii() and "=?" not in name and len(name) <= _LINE - 10:
        phrase = name if _ATOMS.fullmatch(name) else _quoted_string(name)
        return f"{phrase}\r\n <{local}@{domain}>"
    return "\r\n ".join(_words(name)) + f"\r\n <{local}@{domain}>"


def _domain(address: Address) -> str:
    return _mailbox(Address(address.email)).rpartition("@")[2]


def _quoted_string(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _bracketed(message_id: str) -> str:
    if not (_ID.fullmatch(message_id) and message_id.isascii()) or _CONTROL.search(message_id):
        raise ValueError("a message id that can't stand in a header")
    return f"<{message_id}>"


def _thread(in_reply_to: str | None) -> list[str]:
    if in_reply_to is None:
        return []
    # The id comes from somebody's mail: one that can't be repeated safely is left out.
    if not (_ID.fullmatch(in_reply_to) and in_reply_to.isascii() and len(in_reply_to) <= 250):
        return []
    return [_field(name, f"<{in_reply_to}>") for name in ("In-Reply-To", "References")]


def _further(headers: Mapping[str, str]) -> Iterator[str]:
    for name, value in headers.items():
        if not _FIELD_NAME.fullmatch(name) or name.lower() in _RESERVED:
            raise ValueError(f"{name!r} can't be a further header field")
        yield _text_field(name, value)
