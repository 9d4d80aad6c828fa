"""What changed in a calendar: sync-collection (RFC 6578), and what to do when tokens fail.

Only etags are asked for, never with a limit: some servers cut the answer there and still hand
out the newest token. A token is taken from the answer that it belongs to, never from another.
A full comparison asks twice, in two ways: an object that either answer shows is there, and what
is in neither is gone, for servers leave members out of one or the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from connectors.caldav import etags
from connectors.caldav.hrefs import Spellings, canonical, is_collection
from connectors.caldav.http import Answer, Session
from connectors.caldav.multistatus import (
    CALENDARSERVER,
    DAV,
    Multistatus,
    NotMultistatus,
    Row,
    parse,
    propfind,
    serialise,
)
from connectors.errors import Refused, Unreachable
from rules.model.wire import CalendarDelta

MAX_PAGES: Final = 1000
# Where a server has no sync-collection, the ctag stands in; the prefix tells them apart.
CTAG: Final = "x-suivi-ctag:"
_XML: Final = {"Content-Type": 'application/xml; charset="utf-8"'}


class NoSync(Exception):
    """The report with this token can't be had: list everything instead."""


@dataclass(slots=True)
class _Collected:
    """What the pages of one report have told so far; a later page corrects an earlier one."""

    changed: dict[str, str] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    token: str | None = None


def changes(
    session: Session,
    spellings: Spellings,
    calendar: str,
    token: str | None,
    known: Mapping[str, str],
) -> CalendarDelta:
    """What differs from `token`; everything, with `complete`, where there is no usable token."""
    calendar = canonical(calendar)
    if token is not None and not token.startswith(CTAG):
        try:
            found = _report(session, spellings, calendar, token)
        except NoSync:
            return _complete(session, spellings, calendar, known)
        # An object without an etag may be any version.
        fresh = {h: etag for h, etag in found.changed.items() if not etag or known.get(h) != etag}
        return CalendarDelta(fresh, frozenset(found.removed), found.token)
    if token is not None and token == _ctag(session, spellings, calendar):
        return CalendarDelta({}, frozenset(), token)
    return _complete(session, spellings, calendar, known)


def _complete(
    session: Session, spellings: Spellings, calendar: str, known: Mapping[str, str]
) -> CalendarDelta:
    """Every object, by an initial report and a listing; by one of them where there is no other."""
    try:
        found = _report(session, spellings, calendar, "")
    except NoSync:
        # Read before the listing: a change in between is then seen twice, not never.
        ctag = _ctag(session, spellings, calendar)
        found = _Collected(changed=_listing(session, spellings, calendar), token=ctag)
    else:
        try:
            listed = _listing(session, spellings, calendar)
        except Unreachable:
            # Some servers list no large collection; the report told all of it.
            listed = found.changed
        # Which of the two is right shows when the object is asked for.
        unsure = dict.fromkeys(found.changed.keys() - listed.keys(), "")
        found.changed = {**unsure, **listed}
    return CalendarDelta(
        found.changed, frozenset(known) - frozenset(found.changed), found.token, complete=True
    )


def _report(session: Session, spellings: Spellings, calendar: str, token: str) -> _Collected:
    """One sync-collection report with all its pages (RFC 6578 §3.6)."""
    found = _Collected(token=token)
    asked: set[str] = set()
    while len(asked) < MAX_PAGES:
        asked.add(token)
        page = _page(session, spellings.ask(calendar), token)
        more = _collect(page, calendar, found)
        if page.sync_token is None:
            raise NoSync("no token in the answer")
        found.token = token = page.sync_token
        if not more:
            _settle(session, spellings, found)
            return found
        if token in asked:
            break
    raise NoSync("the pages don't end")


def _page(session: Session, path: str, token: str) -> Multistatus:
    root = Element(DAV + "sync-collection")
    SubElement(root, DAV + "sync-token").text = token
    SubElement(root, DAV + "sync-level").text = "1"
    SubElement(SubElement(root, DAV + "prop"), DAV + "getetag")
    answer = session.request("REPORT", path, serialise(root), {"Depth": "0", **_XML})
    # 403, 409, 410, 412, 500 and others have all been seen for a token that is no longer good;
    # the listing that follows shows whether something else is wrong.
    if answer.status != 207:
        raise NoSync(f"answer {answer.status}")
    try:
        return parse(answer.body)
    except NotMultistatus as error:
        raise NoSync("no multistatus") from error


def _collect(page: Multistatus, calendar: str, found: _Collected) -> bool:
    """Add the rows of a page; True when the server says that there are more."""
    more = False
    for row in page.rows:
        href = canonical(row.href)
        if href.rstrip("/") == calendar.rstrip("/") or is_collection(href):
            more = more or row.status == 507
        elif row.status == 404:
            found.removed.add(href)
        else:
            found.changed[href] = _etag(row)
    return more


def _settle(session: Session, spellings: Spellings, found: _Collected) -> None:
    """Some servers list one object as changed and as removed: ask for it."""
    for href in sorted(found.removed & found.changed.keys()):
        answer = session.request(
            "PROPFIND", spellings.ask(href), propfind(DAV + "getetag"), {"Depth": "0", **_XML}
        )
        if answer.status in (404, 410):
            del found.changed[href]
        else:
            found.removed.discard(href)


def _listing(session: Session, spellings: Spellings, calendar: str) -> dict[str, str]:
    """Every object's etag (RFC 4918 §9.1)."""
    body = propfind(DAV + "getetag", DAV + "resourcetype")
    answer = session.request("PROPFIND", spellings.ask(calendar), body, {"Depth": "1", **_XML})
    rows = _rows(session, calendar, answer)
    listed = ((canonical(row.href), row) for row in rows if not _is_folder(row))
    return {
        href: _etag(row)
        for href, row in listed
        if href.rstrip("/") != calendar.rstrip("/")
        and not is_collection(href)
        and row.status != 404
    }


def _ctag(session: Session, spellings: Spellings, calendar: str) -> str | None:
    answer = session.request(
        "PROPFIND",
        spellings.ask(calendar),
        propfind(CALENDARSERVER + "getctag"),
        {"Depth": "0", **_XML},
    )
    for row in _rows(session, calendar, answer):
        ctag = row.text(CALENDARSERVER + "getctag")
        if ctag:
            return CTAG + ctag
    return None


def _rows(session: Session, calendar: str, answer: Answer) -> tuple[Row, ...]:
    if answer.status in (404, 410):
        raise Refused(f"{session.host}: the calendar {calendar} is gone; choose another")
    if answer.status == 403:
        raise Refused(f"{session.host}: this user may not read the calendar {calendar}")
    if answer.status != 207:
        raise Unreachable(f"{session.host}: can't list {calendar} ({answer.status})")
    try:
        return parse(answer.body).rows
    except NotMultistatus as error:
        raise Unreachable(f"{session.host}: {calendar}: {error}") from error


def _is_folder(row: Row) -> bool:
    kind = row.found.get(DAV + "resourcetype")
    return kind is not None and kind.find(DAV + "collection") is not None


def _etag(row: Row) -> str:
    return etags.clean(row.text(DAV + "getetag")) or ""
