"""A raw header block → Message: split and unfolded on bytes, decoded field by field."""

import re
from collections.abc import Iterable, Mapping
from typing import Protocol

from connectors.mime.addresses import addresses
from connectors.mime.dates import date
from connectors.mime.words import decoded, raw_text
from rules.model.people import Address
from rules.model.sightings import Message

FIELDS_MOST = 1_000
OTHERS_MOST = 200
OTHER_MOST = 8_192
"""Characters of a field that deciding reads but that has no place of its own."""
SUBJECT_MOST = 2_000
REFERENCES_MOST = 100
ID_MOST = 998

_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_ID = re.compile(r"<([^<>]{1,998})>")
_OWN = frozenset(
    (b"message-id", b"subject", b"date", b"from", b"sender", b"reply-to", b"to", b"cc", b"bcc",
     b"in-reply-to", b"references")
)  # fmt: skip
_LISTS = frozenset((b"to", b"cc", b"bcc", b"from", b"reply-to", b"references"))
# A path through servers that decides nothing, and is most of a header.
_IGNORED = frozenset(
    (b"received", b"dkim-signature", b"arc-seal", b"arc-message-signature", b"x-received",
     b"arc-authentication-results", b"authentication-results", b"x-google-dkim-signature")
)  # fmt: skip


class Row(Protocol):
    """What is read of a HeaderRow."""

    @property
    def header(self) -> bytes: ...

    @property
    def size(self) -> int: ...


def headers(row: Row) -> Message:
    """The message that a header block tells of. Never raises."""
    return message(fields(row.header), row.size)


def fields(block: bytes) -> dict[bytes, bytes]:
    """Fields by lower-case name, unfolded; repeated lists joined, else the first one counts."""
    found: dict[bytes, bytes] = {}
    if b"\n " in block or b"\n\t" in block:
        block = _FOLD.sub(b"", block)
    for line in block.split(b"\n", FIELDS_MOST)[:FIELDS_MOST]:
        name, colon, value = line.partition(b":")
        if not colon:
            continue
        name = name.strip().lower()
        if name not in found:
            found[name] = value.strip()
        elif name in _LISTS and len(found[name]) < 65_536:
            found[name] += (b" " if name == b"references" else b", ") + value.strip()
    return found


def message(found: Mapping[bytes, bytes], size: int) -> Message:
    """A Message from its fields."""

    get = found.get

    def value(name: bytes) -> str:
        octets = get(name)
        return raw_text(octets) if octets else ""

    def listed(name: bytes) -> tuple[Address, ...]:
        octets = get(name)
        return people(octets) if octets else ()

    return Message(
        message_id=_message_id(value(b"message-id")),
        subject=subject(get(b"subject", b"")),
        date=date(value(b"date")),
        from_=listed(b"from"),
        sender=listed(b"sender"),
        reply_to=listed(b"reply-to"),
        to=listed(b"to"),
        cc=listed(b"cc"),
        bcc=listed(b"bcc"),
        in_reply_to=_ids(value(b"in-reply-to")),
        references=_ids(value(b"references")),
        headers=_others(found),
        size=size,
    )


def people(value: bytes) -> tuple[Address, ...]:
    """The mailboxes that the value of an address field names."""
    return addresses(raw_text(value))


def subject(value: bytes) -> str:
    """The value of Subject as text."""
    return decoded(raw_text(value))[:SUBJECT_MOST] if value else ""


def _message_id(value: str) -> str | None:
    found = _ID.search(value)
    bare = found[1].strip() if found else value.strip(" \t<>")
    return bare[:ID_MOST] or None


def _ids(value: str) -> tuple[str, ...]:
    if not value:
        return ()
    ids: Iterable[str] = _ID.findall(value)
    if not ids:
        ids = [word for word in value.split() if "@" in word and len(word) <= ID_MOST]
    listed = list(dict.fromkeys(i.strip() for i in ids if i.strip()))
    # A thread's root and its last messages tell what it is; a hostile list is endless.
    if len(listed) > REFERENCES_MOST:
        listed = [listed[0], *listed[1 - REFERENCES_MOST :]]
    return tuple(listed)


def _others(found: Mapping[bytes, bytes]) -> dict[str, str]:
    others: dict[str, str] = {}
    for name, value in found.items():
        if name in _OWN or name in _IGNORED or len(name) > 100 or not name.isascii():
            continue
        others[name.decode()] = decoded(raw_text(value[:OTHER_MOST]))
        if len(others) == OTHERS_MOST:
            break
    return others
