"""A whole message → Message: fast-mail-parser takes it apart, else the standard library."""

import email
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from email.message import Message as StandardMessage
from email.policy import compat32
from typing import Any

import fast_mail_parser

from connectors.errors import Unreadable
from connectors.mime import reports
from connectors.mime.headers import fields, message
from connectors.mime.text import PART_MOST, report, text
from rules.model.sightings import Message
from rules.model.wire import FetchedText, Part

DEPTH_MOST = 100
"""Parts within parts."""
PARTS_MOST = 500
MULTIPARTS_MOST = 500
TEXTS_MOST = 8
CALENDAR_MOST = 65_536

_HEADER_END = re.compile(rb"\r?\n\r?\n")
_ENVELOPE = re.compile(rb"(?:\s*\n)*(?:From [^\n]*\n)?")
_CHARSET = re.compile(r"charset\*?\s*=\s*[\"']?([^\s\"';]{1,60})", re.IGNORECASE)
_FLOWED = re.compile(r";\s*format\s*=\s*\"?flowed\b", re.IGNORECASE)
_DELSP = re.compile(r";\s*delsp\s*=\s*\"?yes\b", re.IGNORECASE)
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,100}/[\w.+-]{1,100}", re.ASCII)
_CALENDARS = {"text/calendar", "application/ics"}
_ORIGINAL = reports.ORIGINAL | {"message/rfc822", "message/global"}


@dataclass(frozen=True, slots=True)
class Node:
    """A part as either parser tells it; `content` decodes it, which may fail."""

    part: Part
    content: Callable[[], bytes]
    children: tuple["Node", ...] = ()


def parse(raw: bytes) -> Message:
    """The whole of a message, its text and the names of its attachments. Raises Unreadable."""
    # A mailbox file's envelope line, and empty lines, may stand in front.
    start = _ENVELOPE.match(raw)
    plain = raw[start.end() :] if start else raw
    if not plain.strip():
        raise Unreadable("an empty message")
    if b"\n" not in plain:
        # Files of old Macintoshes end lines with CR alone.
        plain = plain.replace(b"\r", b"\n")
    end = _HEADER_END.search(plain)
    read = message(fields(plain[: end.start()] if end else plain), len(raw))
    fetched = _fetched(_tree(plain))
    found = text(fetched)
    failed = read.headers.get("x-failed-recipients", "")
    is_report = any(part.media_type in reports.STATUS for part, _ in fetched.parts)
    return replace(
        read,
        body=found.body,
        attachments=found.attachments,
        invites=found.invites,
        report=report(fetched, failed) if is_report or failed else None,
    )


def by_fast_parser(raw: bytes) -> Node:
    """The tree as fast-mail-parser sees it. Raises its ParseError."""
    return _fast(fast_mail_parser.parse_email_tree(raw, mode="lazy"), 0)


def by_standard_library(raw: bytes) -> Node:
    """The tree as `email` sees it. Raises Unreadable."""
    try:
        return _standard(email.message_from_bytes(raw, policy=compat32), 0)
    except (LookupError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable(f"no parser can read it ({type(error).__name__})") from error


def _tree(raw: bytes) -> Node:
    if not _is_shallow(raw):
        return by_standard_library(raw)
    try:
        return by_fast_parser(raw)
    except (fast_mail_parser.ParseError, ValueError):
        return by_standard_library(raw)


def _is_shallow(raw: bytes) -> bool:
    """Whether fast-mail-parser 0.10 may have it: some 10,000 multiparts in each other overrun
    its stack and kill the process, and a message within may hide them in base64."""
    small = raw.lower()
    return b"message/" not in small and small.count(b"multipart/") <= MULTIPARTS_MOST


def _fetched(root: Node) -> FetchedText:
    """The same choice as is made from a BODYSTRUCTURE: texts, one calendar, names of the rest."""
    texts = _texts(root)[:TEXTS_MOST]
    leaves = list(_leaves(root))[:PARTS_MOST]
    small = (n for n in leaves if n.part.media_type in _CALENDARS and n.part.size <= CALENDAR_MOST)
    calendar = next(small, None)
    wanted = [*texts, *([calendar] if calendar else []), *_report(leaves)]
    parts = tuple((n.part, n.content()[:PART_MOST]) for n in wanted)
    others = tuple(n.part for n in leaves if n not in wanted)
    return FetchedText(0, tuple((replace(p, encoding="8bit"), c) for p, c in parts), others)


def _report(leaves: list[Node]) -> Iterator[Node]:
    """Of a delivery report its status, and the header of the mail that came back."""
    status = next((n for n in leaves if n.part.media_type in reports.STATUS), None)
    original = next((n for n in leaves if n.part.media_type in _ORIGINAL), None)
    if status is not None:
        yield status
        if original is not None:
            yield replace(original, part=replace(original.part, media_type="text/rfc822-headers"))


def _texts(node: Node) -> list[Node]:
    if node.children:
        offered = [texts for texts in map(_texts, node.children) if texts]
        if node.part.media_type == "multipart/alternative":
            plain = next((t for t in offered if all(_is_plain(n) for n in t)), None)
            return plain or (offered[-1] if offered else [])
        if node.part.media_type == "multipart/related":
            return offered[0] if offered else []
        return [leaf for texts in offered for leaf in texts]
    readable = node.part.media_type in {"text/plain", "text/html"} and node.part.size > 0
    return [node] if readable and node.part.disposition != "attachment" else []


def _is_plain(node: Node) -> bool:
    return node.part.media_type == "text/plain" and node.part.size > 4


def _leaves(node: Node) -> Iterator[Node]:
    if not node.children:
        yield node
    for child in node.children:
        yield from _leaves(child)


# ------------------------------------------------------------------ fast-mail-parser


def _fast(node: fast_mail_parser.PyLazyMimePart, depth: int) -> Node:
    if depth > DEPTH_MOST:
        raise Unreadable(f"parts nested more than {DEPTH_MOST} deep")
    # A message within the message is a file to its reader, and is not looked into.
    children = () if node.is_message else tuple(_fast(c, depth + 1) for c in node.children)
    headers = {name.lower(): values[0] for name, values in node.headers.items() if values}
    name = node.filename or (_subject(node.children) if node.is_message else "")
    part = _part(
        node.content_type,
        headers.get("content-type", ""),
        headers.get("content-transfer-encoding", ""),
        node.encoded_size or 0,
        name,
        node.disposition,
    )
    return Node(part, lambda: _fast_content(node), children)


def _fast_content(node: fast_mail_parser.PyLazyMimePart) -> bytes:
    try:
        return node.content or b""
    except (fast_mail_parser.ParseError, ValueError):
        return b""


def _subject(children: list[fast_mail_parser.PyLazyMimePart]) -> str:
    for child in children:
        for name, values in child.headers.items():
            if name.lower() == "subject" and values:
                return values[0]
    return ""


# ------------------------------------------------------------------ standard library


def _standard(found: StandardMessage, depth: int) -> Node:
    if depth > DEPTH_MOST:
        raise Unreadable(f"parts nested more than {DEPTH_MOST} deep")
    payload = found.get_payload()
    name = str(found.get_filename(""))
    children: tuple[Node, ...] = ()
    size = 0
    if not isinstance(payload, list):
        size = len(str(payload or ""))
    elif found.get_content_maintype() == "message":
        # The standard library takes every message/* apart; to a reader it is one file.
        name = name or _standard_subject(payload)
    else:
        children = tuple(_standard(c, depth + 1) for c in payload if isinstance(c, StandardMessage))
    part = _part(
        found.get_content_type(),
        str(found.get("content-type", "")),
        str(found.get("content-transfer-encoding", "")),
        size,
        name,
        found.get_content_disposition(),
    )
    return Node(part, lambda: _standard_content(found), children)


def _standard_content(found: StandardMessage) -> bytes:
    content = found.get_payload(decode=True)
    if isinstance(content, bytes):
        return content
    payload = found.get_payload()
    within = [m for m in payload if isinstance(m, StandardMessage)] if payload else []
    if found.get_content_type() in reports.STATUS:
        return b"\n\n".join(_header_of(m) for m in within)
    return _header_of(within[0]) if within else b""


def _header_of(found: StandardMessage) -> bytes:
    lines = (f"{name}: {value}" for name, value in found.items())
    return "\n".join(lines).encode("utf-8", "replace")


def _standard_subject(payload: list[Any]) -> str:
    return str(payload[0].get("subject", "")) if payload else ""


def _part(
    media_type: str, content_type: str, encoding: str, size: int, name: str, disposition: str | None
) -> Part:
    charset = _CHARSET.search(content_type[:2_000])
    kind = _MEDIA_TYPE.match(media_type)
    return Part(
        section="",
        media_type=kind[0].lower() if kind else "application/octet-stream",
        charset=charset[1] if charset else None,
        encoding=encoding.strip().lower() or "7bit",
        size=size,
        filename=name[:1_000] or None,
        disposition=disposition.strip().lower() if disposition else None,
        flowed=_FLOWED.search(content_type[:2_000]) is not None,
        delsp=_DELSP.search(content_type[:2_000]) is not None,
    )
