"""The header sweep: UIDs lo…hi as raw header fields, proven complete by the server's count."""

import re
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from datetime import datetime, timedelta, timezone
from functools import lru_cache

from connectors.errors import Unreachable
from connectors.imap import values
from connectors.imap.session import Reply, Session, shown
from connectors.imap.values import Value
from connectors.imap.wire import Response
from rules.model.wire import HeaderBatch, HeaderRow

FIELDS = (
    "FROM SENDER TO CC BCC REPLY-TO SUBJECT DATE MESSAGE-ID IN-REPLY-TO REFERENCES "
    "AUTO-SUBMITTED LIST-ID LIST-POST LIST-UNSUBSCRIBE PRECEDENCE RETURN-PATH CONTENT-TYPE "
    "CONTENT-CLASS X-AUTO-REPLY X-AUTO-RESPONSE-SUPPRESS X-AUTOREPLY X-AUTORESPOND "
    "X-FAILED-RECIPIENTS X-SUIVI SENSITIVITY"
)
"""What the core decides by; everything else of a header stays on the server."""

BROKEN_MOST = 5
"""Messages in a batch that may all be refused before it is the server that is in trouble."""

_FETCH = re.compile(rb"\* \d+ FETCH ", re.IGNORECASE)
_ESEARCH = re.compile(rb"\* ESEARCH ", re.IGNORECASE)
_SEARCH = re.compile(rb"\* SEARCH\b", re.IGNORECASE)
_USUAL = re.compile(
    rb"\* \d+ FETCH \(UID (\d{1,10}) FLAGS \(([\x21-\x7e ]*)\) INTERNALDATE \"([^\"]*)\""
    rb"(?: RFC822\.SIZE (\d{1,15}))?(?: EMAILID \(([^()]*)\))?"
    rb" BODY\[HEADER\.FIELDS \([^()]*\)\] \{\d+\}"
)
_DATE = re.compile(r" ?(\d{1,2})-([A-Z][a-z]{2})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)")
_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}


def batches(
    session: Session, ranges: Iterable[tuple[int, int]], fields: tuple[str, ...] = ()
) -> Generator[HeaderBatch, None, None]:
    """One batch a range, in order, the next ranges already in flight; `fields` are read beside
    those of the core. Raises Unreachable."""
    items = _items(session, fields)
    asked: deque[tuple[int, int]] = deque()

    def commands() -> Iterator[str]:
        for lo, hi in ranges:
            asked.append((lo, hi))
            yield _count_command(session, lo, hi)
            yield f"UID FETCH {lo}:{hi} {items}"

    rows: dict[int, HeaderRow] = {}
    counts: dict[bytes, int] = {}
    listed: set[int] = set()
    # Two commands a range, so that depth 8 keeps four FETCHes in flight.
    replies = session.pipeline(commands(), depth=8)
    for counted in replies:
        fetched = next(replies)
        for reply in (counted, fetched):
            rows.update(_rows(reply))
            counts.update(_counts(reply))
            listed.update(found(reply))
        lo, hi = asked.popleft()
        within = {uid: rows.pop(uid) for uid in [u for u in rows if lo <= u <= hi]}
        there = {uid for uid in listed if lo <= uid <= hi}
        listed -= there
        _check(session, f"UID {lo}:{hi}", counted, fetched)
        if counted.ok and counts.pop(counted.tag, len(there)) == len(within):
            yield HeaderBatch(lo, hi, _sorted(within))
        else:
            holes = _ask_again(session, lo, hi, within, items)
            yield HeaderBatch(lo, hi, _sorted(within), holes)


def attributes(response: Response) -> dict[bytes, Value] | None:
    """The data items of a FETCH response by upper-case name; None for any other response."""
    prefix = _FETCH.match(response.text)
    if prefix is None:
        return None
    try:
        read = values.read(response, prefix.end())
    except ValueError:
        return None
    if not read or not isinstance(read[0], list):
        return None
    pairs = iter(read[0])
    return {
        name.upper(): value
        for name, value in zip(pairs, pairs, strict=False)
        if isinstance(name, bytes)
    }


def found(reply: Reply) -> tuple[int, ...]:
    """The numbers of a SEARCH reply (RFC 3501 §7.2.5), ascending. Raises Unreachable."""
    uids: set[int] = set()
    for response in reply.data:
        if not _SEARCH.match(response.text):
            continue
        if response.cut:
            raise Unreachable("a SEARCH found more than can be kept: ask for fewer UIDs at once")
        uids.update(filter(None, map(values.number, response.text.split()[2:])))
    return tuple(sorted(uids))


def received(text: str | None) -> datetime | None:
    """INTERNALDATE (RFC 9051 §9 date-time) as an aware datetime; None where it is none."""
    match = _DATE.fullmatch(text or "")
    if match is None or match[2] not in _MONTHS:
        return None
    day, year, hour, minute, second = (int(match[i]) for i in (1, 3, 4, 5, 6))
    try:
        zone = _zone(match[7], match[8], match[9])
        return datetime(year, _MONTHS[match[2]], day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None


@lru_cache(maxsize=200)
def _zone(sign: str, hours: str, minutes: str) -> timezone:
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-offset if sign == "-" else offset)


def _items(session: Session, fields: tuple[str, ...]) -> str:
    items = ["UID", "FLAGS", "INTERNALDATE"]
    # DavMail downloads every message to tell its size.
    if b"davmail" not in session.welcome.lower():
        items.append("RFC822.SIZE")
    if session.offers("OBJECTID"):
        items.append("EMAILID")
    if session.offers("X-GM-EXT-1"):
        items.append("X-GM-MSGID")
    return f"({' '.join(items)} BODY.PEEK[HEADER.FIELDS ({' '.join((FIELDS, *fields))})])"


def _count_command(session: Session, lo: int, hi: int) -> str:
    if session.offers("ESEARCH"):
        return f"UID SEARCH RETURN (COUNT) UID {lo}:{hi}"
    return f"UID SEARCH UID {lo}:{hi}"


def _check(session: Session, what: str, *replies: Reply) -> None:
    """A NO for good is no reason to stop: what is missing is asked for again, one by one."""
    for reply in replies:
        if not reply.ok and (reply.busy or reply.status != "NO"):
            raise Unreachable(f"{session.host}: {what}: {shown(reply.text)}")


def _ask_again(
    session: Session, lo: int, hi: int, rows: dict[int, HeaderRow], items: str
) -> tuple[int, ...]:
    """Add to `rows` what is had one by one; the UIDs that the server has but does not give."""
    listed = session.must(f"UID SEARCH UID {lo}:{hi}")
    missing = [uid for uid in found(listed) if lo <= uid <= hi and uid not in rows]
    refused = ""
    for reply in session.pipeline(f"UID FETCH {uid} {items}" for uid in missing):
        _check(session, f"UID {lo}:{hi}", reply)
        refused = refused if reply.ok else shown(reply.text)
        again = _rows(reply)
        rows.update((uid, again[uid]) for uid in missing if uid in again)
    if refused and not rows and len(missing) > BROKEN_MOST:
        # Not these messages are broken, but the folder or the server.
        raise Unreachable(f"{session.host}: UID {lo}:{hi}: {refused}")
    missing = [uid for uid in missing if uid not in rows]
    if not missing:
        return ()
    # What has been expunged meanwhile is no hole.
    still = set(found(session.must(f"UID SEARCH UID {lo}:{hi}")))
    return tuple(uid for uid in missing if uid in still)


def _counts(reply: Reply) -> Iterator[tuple[bytes, int]]:
    """Tag → number of messages, from ESEARCH (RFC 4731 §3.1)."""
    for response in reply.data:
        prefix = _ESEARCH.match(response.text)
        if prefix is None:
            continue
        try:
            read = values.read(response, prefix.end())
        except ValueError:
            # Without a count the batch is not believed, and what is missing is asked for.
            continue
        match read:
            case [[_, bytes(tag)], *words] if b"COUNT" in words[:-1]:
                yield tag, values.number(words[words.index(b"COUNT") + 1])
            case [[_, bytes(tag)], *_]:
                yield tag, 0


def _rows(reply: Reply) -> dict[int, HeaderRow]:
    rows: dict[int, HeaderRow] = {}
    for response in reply.data:
        # A header longer than what is kept might hide a field: then it counts as not given.
        if response.cut:
            continue
        row = _usual(response) or _row(attributes(response) or {})
        if row is not None:
            rows[row.uid] = row
    return rows


def _usual(response: Response) -> HeaderRow | None:
    """The row of a response in the order that was asked for, read at one go: a sweep has many."""
    if len(response.parts) != 3 or response.parts[2] != b")":
        return None
    match = _USUAL.fullmatch(response.parts[0])
    if match is None:
        return None
    uid, flags, date, size, emailid = match.groups()
    return HeaderRow(
        uid=int(uid),
        header=response.parts[1],
        flags=_flags(flags.decode("latin-1")),
        received=received(date.decode("latin-1")),
        emailid=emailid.decode("latin-1") if emailid else None,
        size=int(size or 0),
    )


@lru_cache(maxsize=1_000)
def _flags(written: str) -> frozenset[str]:
    return frozenset(written.split())


def _row(items: dict[bytes, Value]) -> HeaderRow | None:
    header = next((v for k, v in items.items() if k.startswith(b"BODY[HEADER")), None)
    uid = values.number(items.get(b"UID"))
    if not uid or not isinstance(header, bytes):
        return None
    flags = items.get(b"FLAGS")
    return HeaderRow(
        uid=uid,
        header=header,
        flags=frozenset(f.decode("utf-8", "replace") for f in flags if isinstance(f, bytes))
        if isinstance(flags, list)
        else frozenset(),
        received=received(values.text(items.get(b"INTERNALDATE"))),
        emailid=_emailid(items),
        size=values.number(items.get(b"RFC822.SIZE")),
    )


def _emailid(items: dict[bytes, Value]) -> str | None:
    match items.get(b"EMAILID"):
        case [bytes(objectid)]:
            return objectid.decode("latin-1")
    return values.text(items.get(b"X-GM-MSGID"))


def _sorted(rows: dict[int, HeaderRow]) -> tuple[HeaderRow, ...]:
    return tuple(rows[uid] for uid in sorted(rows))
