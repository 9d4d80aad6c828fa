"""Which parts a message has, as BODYSTRUCTURE would number them (RFC 9051 §6.4.5.1)."""

from collections.abc import Iterator
from email import message_from_string
from email.message import Message

from rules.model.wire import FetchedText, Part

_TEXT = frozenset({"text/plain", "text/html"})
_CALENDAR = frozenset({"text/calendar", "application/ics"})
_CALENDAR_LIMIT = 64 * 1024
_STATUS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_HEADERS = frozenset({"text/rfc822-headers", "message/global-headers"})
_WITHIN = frozenset({"message/rfc822", "message/global"})


def texts(uid: int, raw: bytes) -> FetchedText:
    """The text parts with their bytes, still encoded, and the others by name only.

    HTML beside its plain text is left out; a calendar part of up to 64 KiB is text, whatever it
    is called (spec §5).
    """
    try:
        # As Latin-1 each octet is one character, so that parts come back as they were sent.
        leaves = tuple(_leaves(message_from_string(raw.decode("latin-1"))))
    except RecursionError:
        # Thousands of parts within parts are nobody's letter; servers give up on them too.
        return FetchedText(uid, ())
    parts: list[tuple[Part, bytes]] = []
    others: list[Part] = []
    for section, leaf in leaves:
        data = _encoded(leaf)
        part = _part(section, leaf, len(data))
        if _is_text(part):
            parts.append((part, data))
        else:
            others.append(part)
    for part, data in _report(leaves):
        parts.append((part, data))
        others = [other for other in others if other.section != part.section]
    return FetchedText(uid, tuple(parts), tuple(others))


def _report(leaves: tuple[tuple[str, Message], ...]) -> Iterator[tuple[Part, bytes]]:
    """Of a delivery report its status, and the header of the mail that came back (RFC 3462)."""
    kinds = [leaf.get_content_type() for _, leaf in leaves]
    if _STATUS.isdisjoint(kinds):
        return
    for wanted in (_STATUS, _HEADERS | _WITHIN):
        for (section, leaf), kind in zip(leaves, kinds, strict=True):
            if kind in wanted:
                data = _encoded(leaf)
                part = _part(section, leaf, len(data))
                if kind in _WITHIN:
                    part = Part(f"{section}.HEADER", "text/rfc822-headers", size=len(data))
                    data = data.partition(b"\n\n")[0].partition(b"\r\n\r\n")[0]
                yield part, data
                break


def _leaves(message: Message, prefix: str = "") -> Iterator[tuple[str, Message]]:
    """Leaves with their section numbers; a message within a message counts as one leaf."""
    if message.get_content_maintype() != "multipart" or not message.is_multipart():
        yield prefix or "1", message
        return
    leaves = [
        leaf
        for number, child in enumerate(message.get_payload(), start=1)
        if isinstance(child, Message)
        for leaf in _leaves(child, f"{prefix}.{number}" if prefix else str(number))
    ]
    if message.get_content_subtype() == "alternative" and any(map(_is_plain, leaves)):
        leaves = [it for it in leaves if it[1].get_content_type() != "text/html"]
    yield from leaves


def _is_plain(leaf: tuple[str, Message]) -> bool:
    return leaf[1].get_content_type() == "text/plain"


def _encoded(leaf: Message) -> bytes:
    payload = leaf.get_payload()
    if isinstance(payload, str):
        return payload.encode("latin-1")
    return "".join(it.as_string() for it in payload if isinstance(it, Message)).encode("latin-1")


def _part(section: str, leaf: Message, size: int) -> Part:
    return Part(
        section,
        leaf.get_content_type(),
        leaf.get_param("charset") and leaf.get_content_charset(),
        str(leaf.get("Content-Transfer-Encoding", "7bit")).strip().lower(),
        size,
        leaf.get_filename(),
        leaf.get_content_disposition(),
    )


def _is_text(part: Part) -> bool:
    if part.media_type in _CALENDAR:
        return part.size <= _CALENDAR_LIMIT
    return part.media_type in _TEXT and part.disposition != "attachment"
