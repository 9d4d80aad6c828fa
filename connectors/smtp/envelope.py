"""What MAIL and RCPT say about a mail (RFC 5321 §3.3), from what the server offers."""

import re
from dataclasses import dataclass

import idna
from aiosmtplib import SMTP

from rules.model.wire import Mail

# Stricter than RFC 5321 §4.1.2: nothing that a server, or a library before it, could take for
# a second address.
_ADDRESS = re.compile(r"""([^\s\x00-\x20\x7f<>()\[\],;:\\"@]+)@([^\s\x00-\x20\x7f<>(),;:\\"@]+)""")
_END_OF_HEADER = re.compile(rb"\r?\n\r?\n")


class NotSendable(ValueError):
    """This mail can't be put into an envelope for this server; the text says why."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Sender, recipient, the parameters of MAIL, and the encoding of both addresses."""

    sender: str
    recipient: str
    options: tuple[str, ...]
    encoding: str


def envelope(mail: Mail, smtp: SMTP) -> Envelope:
    """The envelope of a mail; raises NotSendable."""
    sender = _ascii_domain(mail.sender) if mail.sender else ""
    recipient = _ascii_domain(mail.recipient)
    options = []
    if smtp.supports_extension("size"):
        options.append(f"SIZE={len(mail.data)}")
    if not mail.data.isascii() and smtp.supports_extension("8bitmime"):
        options.append("BODY=8BITMIME")
    if not _is_international(sender, recipient, mail.data):
        return Envelope(sender, recipient, tuple(options), "ascii")
    if not smtp.supports_extension("smtputf8"):
        raise NotSendable("the server does not take international addresses (SMTPUTF8)")
    return Envelope(sender, recipient, (*options, "SMTPUTF8"), "utf-8")


def _ascii_domain(address: str) -> str:
    """The address with its domain as A-labels (RFC 5891), which every server takes."""
    parts = _ADDRESS.fullmatch(address)
    if parts is None:
        raise NotSendable("not an address that can be mailed to")
    local, domain = parts.groups()
    if domain.isascii():
        return address
    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode('ascii')}"
    except idna.IDNAError as error:
        raise NotSendable("not an address that can be mailed to") from error


def _is_international(sender: str, recipient: str, data: bytes) -> bool:
    """Whether RFC 6531 is needed: in an address, or in the header block."""
    end = _END_OF_HEADER.search(data)
    header = data[: end.start()] if end else data
    return not (sender.isascii() and recipient.isascii() and header.isascii())
