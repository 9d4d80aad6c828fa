"""Which calendars an account has: RFC 6764 §6, RFC 5397, RFC 4791 §6.2.1, RFC 3744 §5.4.

What was found is remembered as `Homes`: from then on one request a home tells which of its
calendars have changed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from connectors.caldav import srv
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
from connectors.errors import Changed, Refused
from connectors.problems import Problem
from rules.model.wire import CalendarInfo, Homes

WELL_KNOWN: Final = "/.well-known/caldav"
# RFC 4791 §5.2.3: a calendar that doesn't say takes every component.
ALL_COMPONENTS: Final = frozenset({"VEVENT", "VTODO", "VJOURNAL"})
MAX_HOMES: Final = 50
# Whose calendars a principal reads and writes as a delegate (caldav-proxy.txt of calendarserver,
# §4): no RFC, but what Apple, Cyrus, DAViCal and Zimbra do.
_PROXIES: Final = (
    CALENDARSERVER + "calendar-proxy-read-for",
    CALENDARSERVER + "calendar-proxy-write-for",
)
_PLACE: Final = (
    DAV + "resourcetype",
    DAV + "current-user-principal",
    CALDAV + "calendar-home-set",
    *_PROXIES,
)
_STATE: Final = (CALENDARSERVER + "getctag", DAV + "sync-token")
_CALENDAR: Final = (
    DAV + "resourcetype",
    DAV + "displayname",
    DAV + "current-user-privilege-set",
    CALDAV + "supported-calendar-component-set",
    *_STATE,
)


def discover(session: Session, spellings: Spellings) -> Homes:
    """The calendars of the home sets; or the account's URL itself where that is a calendar.

    The homes of those who have made this user their delegate are asked too; one of them that
    can't be listed is left out.
    """
    tried: set[str] = set()
    told = _told_by_domain(session)
    for path in (told, session.path, session.profile.starts, WELL_KNOWN, "/"):
        if not path or path in tried:
            continue
        tried.add(path)
        place = _place(session, path)
        if place is None:
            continue
        if _is_calendar(place):
            return _found(session, (path,), _calendars(session, path, "0", spellings))
        homes, others = _homes(session, place)
        if homes:
            own = [c for home in homes for c in _calendars(session, home, "1", spellings)]
            lent, theirs = _delegated(session, others, spellings)
            return _found(session, (*homes, *lent), (*own, *theirs))
    raise Refused.at(session.host, Problem.NO_CALENDARS, path=session.path)


def _told_by_domain(session: Session) -> str:
    """The path at the place that the account's domain names; the session goes there. DNS is not
    signed as a rule: the login follows it within the domain only. What the domain would rather
    have is taken; the others are for when it is down, and then the next turn is soon enough."""
    places = srv.places(session.domain) if session.domain else ()
    return _here(session, places[0]) if places else ""


def look(session: Session, spellings: Spellings, homes: Homes) -> tuple[CalendarInfo, ...]:
    """The calendars that are remembered, as they stand now: one request for each home.

    Raises Changed where there is another set of them than is remembered, or nothing at all.
    """
    if homes.account != session.account or not session.moves(homes.origin):
        raise Changed(f"{session.host}: its calendars are remembered elsewhere")
    session.login.recall(homes.login)
    known = {info.href: info for info in homes.calendars}
    seen: dict[str, CalendarInfo] = {}
    for place in homes.places:
        depth = "0" if canonical(place) in known else "1"
        for row in _told(session, place, depth):
            ctag, token = row.text(_STATE[0]), row.text(_STATE[1])
            href = canonical(row.href)
            if href in known:
                spellings.learn(row.href)
                seen[href] = replace(known[href], ctag=ctag, sync_token=token)
            elif _is_calendar(row):
                raise Changed(f"{session.host}: there is a new calendar")
    if seen.keys() != known.keys():
        raise Changed(f"{session.host}: a calendar is gone")
    return tuple(seen[href] for href in known)


def _told(session: Session, place: str, depth: str) -> tuple[Row, ...]:
    body = propfind(*_STATE, DAV + "resourcetype")
    answer = session.request("PROPFIND", place, body, _headers(depth))
    if answer.status != 207:
        raise Changed(f"{session.host}: {place}: answers {answer.status}")
    try:
        return parse(answer.body).rows
    except NotMultistatus as error:
        raise Changed(f"{session.host}: {place}: {error}") from error


def _found(session: Session, places: Iterable[str], calendars: Iterable[CalendarInfo]) -> Homes:
    # Trust comes last: what kind of server it is shows in its answers.
    trusted = session.profile.trusted
    once = {info.href: replace(info, trusted=trusted) for info in calendars}
    return Homes(
        session.account,
        session.origin,
        tuple(dict.fromkeys(places)),
        session.login.scheme,
        tuple(once.values()),
    )


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


def _homes(session: Session, place: Row) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The home sets that a place tells, directly or through its principal; and the principals
    that have made this one their delegate."""
    homes = hrefs(place.found.get(CALDAV + "calendar-home-set"))
    others = _proxies(place)
    if not homes:
        for principal in hrefs(place.found.get(DAV + "current-user-principal")):
            owner = _place(session, _here(session, principal))
            if owner is not None:
                homes += hrefs(owner.found.get(CALDAV + "calendar-home-set"))
                others += _proxies(owner)
    return (
        tuple(_here(session, home) for home in dict.fromkeys(homes)),
        tuple(dict.fromkeys(others))[:MAX_HOMES],
    )


def _proxies(place: Row) -> tuple[str, ...]:
    """The texts of the hrefs, wherever they stand: some servers wrap each into a response."""
    told = [place.found[name] for name in _PROXIES if name in place.found]
    found = (href.text for each in told for href in each.iter(DAV + "href"))
    return tuple(text.strip() for text in found if text and text.strip())


def _delegated(
    session: Session, principals: Iterable[str], spellings: Spellings
) -> tuple[tuple[str, ...], tuple[CalendarInfo, ...]]:
    """The homes and calendars of those whose delegate this user is, as far as they can be had."""
    homes: list[str] = []
    calendars: list[CalendarInfo] = []
    for home, found in _lent(session, principals, spellings):
        homes.append(home)
        calendars += found
    return tuple(homes), tuple(calendars)


def _lent(
    session: Session, principals: Iterable[str], spellings: Spellings
) -> Iterator[tuple[str, tuple[CalendarInfo, ...]]]:
    for principal in principals:
        try:
            owner = _place(session, _here(session, principal))
            told = owner.found.get(CALDAV + "calendar-home-set") if owner else None
            for home in hrefs(told):
                path = _here(session, home)
                theirs = _calendars(session, path, "1", spellings)
                yield path, tuple(replace(one, lent=True) for one in theirs)
        except Refused:
            # It was lent once; one's own calendars don't depend on it.
            continue


def _here(session: Session, href: str) -> str:
    """The path of an href, on our origin or where the login may follow it."""
    if "://" not in href:
        return href
    parts = urlsplit(href)
    if not session.moves(f"{parts.scheme}://{parts.netloc}"):
        raise Refused.at(session.host, Problem.LIVES_ELSEWHERE, url=href[:120])
    return parts.path or "/"


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
    tasks = session.profile.tasks
    return tuple(_info(row, spellings, tasks=tasks) for row in rows if _is_calendar(row))


def _info(row: Row, spellings: Spellings, *, tasks: bool) -> CalendarInfo:
    href = spellings.learn(row.href)
    name = row.text(DAV + "displayname") or canonical(href).rstrip("/").rpartition("/")[2]
    return CalendarInfo(
        href=href,
        name=" ".join(name.split()),
        components=_components(row) - (frozenset() if tasks else {"VTODO"}),
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
    """True too where the server tells no privileges: then a PUT shows. Who may not even see them
    (RFC 3744 §3.7) was let in to read."""
    name = DAV + "current-user-privilege-set"
    told: Element | None = row.found.get(name)
    if told is None:
        return name not in row.forbidden
    granted = {str(leaf.tag).rpartition("}")[2] for leaf in told.iterfind(f"{DAV}privilege/*")}
    return bool(granted & {"all", "write"}) or {"write-content", "bind"} <= granted


def _headers(depth: str) -> dict[str, str]:
    return {"Depth": depth, "Content-Type": 'application/xml; charset="utf-8"'}
