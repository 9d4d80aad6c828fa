"""Objects as served: calendar-multiget (RFC 4791 §7.9), GET, and calendar-query (§7.8), for one
UID or for all of a calendar."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from connectors.caldav import etags
from connectors.caldav.hrefs import Spellings, canonical
from connectors.caldav.http import Session
from connectors.caldav.multistatus import (
    CALDAV,
    DAV,
    NotMultistatus,
    Row,
    parse,
    rows,
    serialise,
)
from connectors.errors import Refused, Unreachable
from rules.model.wire import CalendarObject

CHUNK: Final = 100
_REPORT: Final = {"Depth": "1", "Content-Type": 'application/xml; charset="utf-8"'}


def fetch(
    session: Session, spellings: Spellings, calendar: str, hrefs: Sequence[str]
) -> tuple[CalendarObject, ...]:
    """The objects in the order asked for. One that is gone is absent; one that the server can't
    serve comes with empty data, which nobody can take for an event, so that it is quarantined."""
    wanted = list(dict.fromkeys(canonical(href) for href in hrefs))
    found: dict[str, CalendarObject] = {}
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        gone: set[str] = set()
        for row in _multiget(session, spellings, calendar, chunk):
            href = canonical(row.href)
            if row.status == 404:
                gone.add(href)
            elif (seen := _object(href, row)) is not None:
                found[href] = seen
        # A short answer is no proof of absence, and a broken object can spoil the whole answer.
        for href in chunk:
            if href not in found and href not in gone:
                found.update((one.href, one) for one in _single(session, spellings, href))
    return tuple(found[href] for href in wanted if href in found)


def load(session: Session, spellings: Spellings, calendar: str) -> Iterator[CalendarObject]:
    """All objects of a calendar in one answer, each as it arrives: the fastest way to read many.

    Objects that the server can't serve so are left out, and nothing comes where it can't at all;
    Unreachable where it breaks off.
    """
    if not session.profile.queries:
        return
    root = Element(CALDAV + "calendar-query")
    _wants_data(root)
    outer = SubElement(root, CALDAV + "filter")
    SubElement(outer, CALDAV + "comp-filter", name="VCALENDAR")
    path = spellings.ask(canonical(calendar))
    with session.stream("REPORT", path, serialise(root), _REPORT) as (status, pieces):
        if status != 207:
            return
        try:
            for row in rows(pieces):
                if (found := _object(canonical(row.href), row)) is not None:
                    yield found
        except NotMultistatus as error:
            raise Unreachable(f"{session.host}: {calendar}: {error}") from error


def get(session: Session, spellings: Spellings, href: str) -> CalendarObject | None:
    """One object by GET; None when there is none. Unreachable when the server can't serve it."""
    answer = session.request("GET", spellings.ask(href))
    if answer.status in (404, 410):
        return None
    if answer.status == 403:
        raise Refused(f"{session.host}: this user may not read {href}")
    if answer.status != 200:
        raise Unreachable(f"{session.host}: {href}: answers {answer.status}")
    return CalendarObject(
        href=canonical(href),
        etag=etags.clean(answer.headers.get("etag")),
        data=crlf(answer.body),
        schedule_tag=answer.headers.get("schedule-tag"),
    )


def by_uid(
    session: Session, spellings: Spellings, calendar: str, component: str, uid: str
) -> tuple[CalendarObject, ...]:
    """The objects of a calendar that carry this UID; none when the server can't search."""
    root = Element(CALDAV + "calendar-query")
    prop = SubElement(root, DAV + "prop")
    SubElement(prop, DAV + "getetag")
    SubElement(prop, CALDAV + "calendar-data")
    outer = SubElement(
        SubElement(root, CALDAV + "filter"), CALDAV + "comp-filter", name="VCALENDAR"
    )
    inner = SubElement(outer, CALDAV + "comp-filter", name=component)
    match = SubElement(inner, CALDAV + "prop-filter", name="UID")
    SubElement(match, CALDAV + "text-match", collation="i;octet").text = uid
    rows = _report(session, spellings.ask(calendar), root)
    objects = (_object(canonical(row.href), row) for row in rows)
    return tuple(one for one in objects if one is not None)


def crlf(data: bytes) -> bytes:
    """Lines end in CRLF (RFC 5545 §3.1): XML turns them into LF on the way (XML 1.0 §2.11)."""
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _multiget(
    session: Session, spellings: Spellings, calendar: str, hrefs: Iterable[str]
) -> tuple[Row, ...]:
    root = Element(CALDAV + "calendar-multiget")
    _wants_data(root)
    for href in hrefs:
        SubElement(root, DAV + "href").text = spellings.ask(href)
    return _report(session, spellings.ask(canonical(calendar)), root)


def _wants_data(report: Element) -> None:
    prop = SubElement(report, DAV + "prop")
    for name in (DAV + "getetag", CALDAV + "schedule-tag", CALDAV + "calendar-data"):
        SubElement(prop, name)


def _report(session: Session, path: str, root: Element) -> tuple[Row, ...]:
    """The rows of a report; none when it fails, for then each object is asked for alone."""
    answer = session.request("REPORT", path, serialise(root), _REPORT)
    if answer.status != 207:
        return ()
    try:
        return parse(answer.body).rows
    except NotMultistatus:
        return ()


def _object(href: str, row: Row) -> CalendarObject | None:
    data = row.text(CALDAV + "calendar-data")
    if row.status >= 400 or data is None:
        return None
    return CalendarObject(
        href=href,
        etag=etags.clean(row.text(DAV + "getetag")),
        data=crlf(data.encode()),
        schedule_tag=row.text(CALDAV + "schedule-tag"),
    )


def _single(session: Session, spellings: Spellings, href: str) -> Iterator[CalendarObject]:
    answer = session.request("GET", spellings.ask(href))
    if answer.status in (404, 410):
        return
    good = answer.status == 200
    yield CalendarObject(
        href=href,
        etag=etags.clean(answer.headers.get("etag")) if good else None,
        data=crlf(answer.body) if good else b"",
        schedule_tag=answer.headers.get("schedule-tag"),
    )
