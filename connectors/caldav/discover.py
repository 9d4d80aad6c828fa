"""Which calendars an account has: RFC 6764 §6, RFC 5397, RFC 4791 §6.2.1, RFC 3744 §5.4."""

from typing import Final
from xml.etree.ElementTree import Element

from connectors.caldav.hrefs import Spellings, canonical
from connectors.caldav.http import Session
from connectors.caldav.multistatus import (
    CALDAV,
    CALENDARSERVER,
    DAV,
    NotMultistatus,
    Row,
    hrefs,
    parse,
    propfind,
)
from connectors.errors import Refused
from connectors.problems import Problem
from rules.model.wire import CalendarInfo

WELL_KNOWN: Final = "/.well-known/caldav"
# RFC 4791 §5.2.3: a calendar that doesn't say takes every component.
ALL_COMPONENTS: Final = frozenset({"VEVENT", "VTODO", "VJOURNAL"})
_PLACE: Final = (
    DAV + "resourcetype",
    DAV + "current-user-principal",
    CALDAV + "calendar-home-set",
)
_CALENDAR: Final = (
    DAV + "resourcetype",
    DAV + "displayname",
    DAV + "current-user-privilege-set",
    DAV + "sync-token",
    CALDAV + "supported-calendar-component-set",
    CALENDARSERVER + "getctag",
)


def discover(session: Session, spellings: Spellings) -> tuple[CalendarInfo, ...]:
    """The calendars of the home sets; or the account's URL itself where that is a calendar."""
    tried: set[str] = set()
    for path in (session.path, WELL_KNOWN, "/"):
        if path in tried:
            continue
        tried.add(path)
        place = _place(session, path)
        if place is None:
            continue
        if _is_calendar(place):
            return _calendars(session, session.path, "0", spellings)
        homes = _homes(session, place)
        if homes:
            found = {c.href: c for home in homes for c in _calendars(session, home, "1", spellings)}
            return tuple(found.values())
    raise Refused.at(session.host, Problem.NO_CALENDARS, path=session.path)


def _place(session: Session, path: str) -> Row | None:
    answer = session.request("PROPFIND", path, propfind(*_PLACE), _headers("0"))
    if answer.status == 403:
        raise Refused.at(session.host, Problem.MAY_NOT_READ, path=path)
    if answer.status != 207:
        return None
    try:
        return next(iter(parse(answer.body).rows), None)
    except NotMultistatus:
        return None


def _homes(session: Session, place: Row) -> tuple[str, ...]:
    """The home sets that a place tells, directly or through its principal."""
    homes = hrefs(place.found.get(CALDAV + "calendar-home-set"))
    if not homes:
        for principal in hrefs(place.found.get(DAV + "current-user-principal")):
            owner = _place(session, _here(session, principal))
            if owner is not None:
                homes += hrefs(owner.found.get(CALDAV + "calendar-home-set"))
    return tuple(_here(session, home) for home in dict.fromkeys(homes))


def _here(session: Session, href: str) -> str:
    """The path of an href on our origin: credentials don't follow it elsewhere."""
    if "://" in href and not href.startswith(session.origin + "/"):
        raise Refused.at(session.host, Problem.LIVES_ELSEWHERE, url=href[:120])
    return href.removeprefix(session.origin)


def _calendars(
    session: Session, path: str, depth: str, spellings: Spellings
) -> tuple[CalendarInfo, ...]:
    answer = session.request("PROPFIND", path, propfind(*_CALENDAR), _headers(depth))
    if answer.status != 207:
        raise Refused.at(session.host, Problem.CANNOT_LIST, path=path, status=answer.status)
    try:
        rows = parse(answer.body).rows
    except NotMultistatus as error:
        raise Refused.at(session.host, Problem.NO_DAV, path=path) from error
    return tuple(_info(row, spellings) for row in rows if _is_calendar(row))


def _info(row: Row, spellings: Spellings) -> CalendarInfo:
    href = spellings.learn(row.href)
    name = row.text(DAV + "displayname") or canonical(href).rstrip("/").rpartition("/")[2]
    return CalendarInfo(
        href=href,
        name=" ".join(name.split()),
        components=_components(row),
        writable=_writable(row),
        ctag=row.text(CALENDARSERVER + "getctag"),
        sync_token=row.text(DAV + "sync-token"),
    )


def _is_calendar(row: Row) -> bool:
    kind = row.found.get(DAV + "resourcetype")
    return kind is not None and kind.find(CALDAV + "calendar") is not None


def _components(row: Row) -> frozenset[str]:
    listed = row.found.get(CALDAV + "supported-calendar-component-set")
    if listed is None:
        return ALL_COMPONENTS
    names = frozenset(
        (comp.get("name") or "").upper() for comp in listed.iterfind(CALDAV + "comp")
    ) - {""}
    return names or ALL_COMPONENTS


def _writable(row: Row) -> bool:
    """True too where the server tells no privileges: then a PUT shows."""
    told: Element | None = row.found.get(DAV + "current-user-privilege-set")
    if told is None:
        return True
    granted = {str(leaf.tag).rpartition("}")[2] for leaf in told.iterfind(f"{DAV}privilege/*")}
    return bool(granted & {"all", "write"}) or {"write-content", "bind"} <= granted


def _headers(depth: str) -> dict[str, str]:
    return {"Depth": depth, "Content-Type": 'application/xml; charset="utf-8"'}
