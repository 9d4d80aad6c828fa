"""BODYSTRUCTURE (RFC 9051 §7.5.2) → which parts are the text, and what else hangs on it."""

import re
from dataclasses import dataclass
from itertools import takewhile
from urllib.parse import unquote_to_bytes

from connectors.imap import values
from connectors.imap.values import Value
from rules.model.wire import Part

TEXT_PARTS_MOST = 8
"""Texts of one message that are read: mail programs cut a text at each picture within it."""
CALENDAR_MOST = 65_536
"""Octets of a text/calendar part that is still read (spec §5)."""
PARTS_MOST = 500
"""Parts of one message that are looked at."""

_CALENDARS = {"text/calendar", "application/ics"}
_STATUS = {"message/delivery-status", "message/global-delivery-status"}
_ORIGINAL = {"text/rfc822-headers", "message/global-headers", "message/rfc822", "message/global"}


_FILENAME = re.compile(rb"filename=\"?([^\";]{1,500})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Choice:
    """What of a message is fetched, and the parts that are only named."""

    wanted: tuple[Part, ...]
    others: tuple[Part, ...]


def choose(structure: Value) -> Choice:
    """Which parts to fetch: plain text, else HTML, a calendar, and what a delivery report says.
    Raises ValueError."""
    if not isinstance(structure, list):
        return Choice((), ())
    every: list[Part] = []
    texts = _texts(structure, "", every)[:TEXT_PARTS_MOST]
    calendar = next(
        (p for p in every if p.media_type in _CALENDARS and p.size <= CALENDAR_MOST), None
    )
    wanted = (*texts, *((calendar,) if calendar else ()), *_report(structure, every))
    return Choice(wanted, tuple(p for p in every if p not in wanted and not _is_twin(p)))


def _report(structure: list[Value], every: list[Part]) -> list[Part]:
    """Of a delivery report (RFC 3462) its status, and the header of the mail that came back."""
    status = next((p for p in every if p.media_type in _STATUS), None)
    if status is None and b"report" not in [_lower(v) for v in structure]:
        return []
    original = next((p for p in every if p.media_type in _ORIGINAL), None)
    if original is not None and original.media_type in {"message/rfc822", "message/global"}:
        section = f"{original.section}.HEADER"
        original = Part(section, "text/rfc822-headers", size=original.size)
    return [part for part in (status, original) if part is not None]


def _lower(value: Value) -> bytes:
    return value.lower() if isinstance(value, bytes) else b""


def _is_twin(part: Part) -> bool:
    """Whether it is the text once more in another form: no name, no file."""
    inline = part.filename is None and part.disposition != "attachment"
    return inline and part.media_type in {"text/plain", "text/html", "text/enriched"}


def _texts(node: list[Value], section: str, every: list[Part]) -> list[Part]:
    """The parts that together are the text of this node; all leaves are added to `every`."""
    if node and isinstance(node[0], list):
        subtype = next((v.lower() for v in node if isinstance(v, bytes)), b"mixed")
        offered = []
        for index, child in enumerate(_bodies(node), 1):
            if len(every) < PARTS_MOST:
                offered.append(
                    _texts(child, f"{section}.{index}" if section else str(index), every)
                )
        return _pick(subtype, offered)
    part = _leaf(node, section or "1")
    every.append(part)
    readable = part.media_type in {"text/plain", "text/html"} and part.size > 0
    return [part] if readable and part.disposition != "attachment" else []


def _bodies(node: list[Value]) -> list[list[Value]]:
    """The bodies of a multipart: the lists before its subtype, not the parameters after."""
    return [
        body for body in takewhile(lambda v: isinstance(v, list), node) if isinstance(body, list)
    ]


def _pick(subtype: bytes, offered: list[list[Part]]) -> list[Part]:
    offered = [texts for texts in offered if texts]
    if subtype == b"alternative":
        plain = next((t for t in offered if all(_plain(p) for p in t)), None)
        return plain or (offered[-1] if offered else [])
    if subtype == b"related":
        return offered[0] if offered else []
    return [part for texts in offered for part in texts]


def _plain(part: Part) -> bool:
    # Some programs send an empty plain text beside the real HTML.
    return part.media_type == "text/plain" and part.size > 4


def _leaf(node: list[Value], section: str) -> Part:
    if len(node) < 7:
        raise ValueError("a part of fewer than seven fields")
    main = (values.text(node[0]) or "application").lower()
    sub = (values.text(node[1]) or "octet-stream").lower()
    media_type = f"{main}/{sub}"
    parameters = _parameters(node[2])
    extension = 8 if main == "text" else 10 if media_type == "message/rfc822" else 7
    disposition, its_parameters = _disposition(node[extension + 1 : extension + 2])
    name = its_parameters.get("filename") or parameters.get("name")
    if name is None and media_type == "message/rfc822" and isinstance(node[7], list):
        name = values.text(node[7][1]) if len(node[7]) > 1 else None
    return Part(
        section=section,
        media_type=media_type,
        charset=parameters.get("charset"),
        encoding=(values.text(node[5]) or "7bit").lower(),
        size=values.number(node[6]),
        filename=name,
        disposition=disposition,
        flowed=parameters.get("format", "").lower() == "flowed",
        delsp=parameters.get("delsp", "").lower() == "yes",
    )


def _disposition(value: list[Value]) -> tuple[str | None, dict[str, str]]:
    match value:
        case [[bytes(kind), parameters, *_]]:
            return kind.decode("latin-1").lower(), _parameters(parameters)
        case [[bytes(kind)]]:
            return kind.decode("latin-1").lower(), {}
        case [bytes(whole)]:
            # pymap writes the field as it stands in the message.
            kind, _, rest = whole.partition(b";")
            name = _FILENAME.search(rest)
            names = {"filename": name[1].decode("utf-8", "replace")} if name else {}
            return kind.strip().decode("latin-1").lower(), names
    return None, {}


def _parameters(value: Value) -> dict[str, str]:
    """Parameters by lower-case name, RFC 2231 continuations joined and decoded."""
    if not isinstance(value, list):
        return {}
    pairs = iter(value)
    raw: dict[str, str] = {}
    for name, content in zip(pairs, pairs, strict=False):
        raw.setdefault((values.text(name) or "").lower(), values.text(content) or "")
    plain = {name: content for name, content in raw.items() if "*" not in name}
    for base in {name.partition("*")[0] for name in raw if "*" in name}:
        plain[base] = _extended(base, raw)
    return plain


def _extended(base: str, raw: dict[str, str]) -> str:
    """RFC 2231 §3–4: name*, or name*0, name*1*, …"""
    if f"{base}*" in raw:
        pieces = [(raw[f"{base}*"], True)]
    else:
        pieces = []
        for index in range(len(raw)):
            if f"{base}*{index}*" in raw:
                pieces.append((raw[f"{base}*{index}*"], True))
            elif f"{base}*{index}" in raw:
                pieces.append((raw[f"{base}*{index}"], False))
    if not pieces:
        return raw.get(base, "")
    charset = "utf-8"
    first, encoded = pieces[0]
    if encoded and first.count("'") >= 2:
        charset, _, first = first.split("'", 2)
        pieces[0] = (first, True)
    octets = b"".join(unquote_to_bytes(t) if e else t.encode() for t, e in pieces)
    try:
        return octets.decode(charset or "utf-8")
    except (LookupError, ValueError):
        return octets.decode("utf-8", "replace")
