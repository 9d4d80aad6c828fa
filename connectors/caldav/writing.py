"""Objects written safely to repeat: RFC 4791 §5.3.2, RFC 9110 §13.1.

Preconditions alone don't protect: some servers overwrite despite `If-None-Match: *`, some apply a
PUT and then answer 500. What counts is what can be read back.
"""

import re
from typing import Final

from connectors.caldav import etags, reading
from connectors.caldav.hrefs import Spellings, canonical
from connectors.caldav.http import Answer, Session
from connectors.errors import Changed, Refused, Unreachable
from connectors.problems import Problem
from rules.model.wire import CalendarObject

_FOLD: Final = re.compile(rb"\r?\n[ \t]")
_MARKS: Final = re.compile(rb"(?im)^(UID|X-SUIVI-FOLLOW-UP)(?:;[^:\r\n]*)?:([^\r\n]*)")
_COMPONENT: Final = re.compile(rb"(?im)^BEGIN:(VEVENT|VTODO)\s*$")
_HEADERS: Final = {"Content-Type": "text/calendar; charset=utf-8"}


def create(
    session: Session, spellings: Spellings, calendar: str, href: str, data: bytes
) -> CalendarObject:
    """Put a new object, or return the one that an earlier try has left; Changed when the place
    is taken by something that is not ours."""
    href = canonical(href)
    standing = reading.get(session, spellings, href)
    if standing is not None:
        return _ours(session, standing, data)
    try:
        answer = _put(session, spellings, href, data, {"If-None-Match": "*"})
    except Unreachable:
        standing = reading.get(session, spellings, href)
        if standing is None:
            raise
        return _ours(session, standing, data)
    if answer.ok:
        return _read_back(session, spellings, href, data, answer)
    standing = reading.get(session, spellings, href) or _elsewhere(
        session, spellings, calendar, data
    )
    if standing is not None:
        return _ours(session, standing, data)
    if answer.status >= 500:
        raise Unreachable(f"{session.host}: {href}: answers {answer.status}")
    raise _not_allowed(session, href, answer)


def update(
    session: Session, spellings: Spellings, href: str, data: bytes, etag: str
) -> CalendarObject:
    """Put a new version over the one that `etag` names; Changed when that is no longer there.

    It is read first: If-Match never holds for a weak etag (RFC 9110 §13.1.1), and SOGo doesn't ask
    it of what is gone, so that a PUT would bring it back.
    """
    href = canonical(href)
    standing = reading.get(session, spellings, href)
    if standing is not None and standing.data == reading.crlf(data):
        return standing
    _same_version(session, standing, href, etag)
    headers = {} if etags.is_weak(etag) else {"If-Match": etag}
    try:
        answer = _put(session, spellings, href, data, headers)
    except Unreachable:
        return _was_it_applied(session, spellings, href, data, etag)
    if answer.ok:
        return _read_back(session, spellings, href, data, answer)
    if answer.status in (404, 409, 410, 412):
        raise Changed(f"{session.host}: {href} was changed or deleted by somebody else")
    if answer.status >= 500:
        return _was_it_applied(session, spellings, href, data, etag)
    raise _not_allowed(session, href, answer)


def delete(session: Session, spellings: Spellings, href: str, etag: str) -> None:
    """Delete the version that `etag` names; one that is gone already is as good. It is read first,
    for SOGo asks no If-Match before a DELETE."""
    href = canonical(href)
    standing = reading.get(session, spellings, href)
    if standing is None:
        return
    _same_version(session, standing, href, etag)
    headers = {} if etags.is_weak(etag) else {"If-Match": etag}
    answer = session.request("DELETE", spellings.ask(href), headers=headers)
    if answer.ok or answer.status in (404, 410):
        return
    if answer.status in (409, 412):
        if reading.get(session, spellings, href) is None:
            return
        raise Changed(f"{session.host}: {href} was changed by somebody else")
    if answer.status >= 500:
        raise Unreachable(f"{session.host}: {href}: answers {answer.status}")
    raise _not_allowed(session, href, answer)


def _put(
    session: Session, spellings: Spellings, href: str, data: bytes, condition: dict[str, str]
) -> Answer:
    return session.request("PUT", spellings.ask(href), data, {**_HEADERS, **condition})


def _read_back(
    session: Session, spellings: Spellings, href: str, data: bytes, answer: Answer
) -> CalendarObject:
    """What the server made of it: servers rewrite, and not all of them say so by leaving out
    the etag (RFC 4791 §5.3.4). A server that shows it later gives what it was given."""
    kept = reading.get(session, spellings, href)
    if kept is not None:
        return kept
    return CalendarObject(href, etags.clean(answer.headers.get("etag")), reading.crlf(data))


def _ours(session: Session, standing: CalendarObject, data: bytes) -> CalendarObject:
    if _marks(standing.data) == _marks(data):
        return standing
    raise Changed(f"{session.host}: {standing.href} holds another object")


def _elsewhere(
    session: Session, spellings: Spellings, calendar: str, data: bytes
) -> CalendarObject | None:
    """Our object under another name: servers refuse a second one with the same UID."""
    uid = dict(_marks(data)).get(b"UID", b"").decode(errors="replace")
    component = _COMPONENT.search(data)
    if not uid or component is None:
        return None
    name = component[1].decode().upper()
    found = reading.by_uid(session, spellings, calendar, name, uid)
    return next((one for one in found if _marks(one.data) == _marks(data)), None)


def _was_it_applied(
    session: Session, spellings: Spellings, href: str, data: bytes, etag: str
) -> CalendarObject:
    """After an answer that tells nothing: the new object stands, or the old one, or another."""
    standing = reading.get(session, spellings, href)
    if standing is not None and standing.data == reading.crlf(data):
        return standing
    if standing is not None and etags.same(standing.etag, etag):
        raise Unreachable(f"{session.host}: {href}: could not be written")
    raise Changed(f"{session.host}: {href} was changed or deleted by somebody else")


def _same_version(session: Session, standing: CalendarObject | None, href: str, etag: str) -> None:
    if standing is None or not etags.same(standing.etag, etag):
        raise Changed(f"{session.host}: {href} was changed or deleted by somebody else")


def _marks(data: bytes) -> frozenset[tuple[bytes, bytes]]:
    """UID and suivi's own mark, wherever they stand in the object."""
    unfolded = _FOLD.sub(b"", data)
    return frozenset((name.upper(), value.strip()) for name, value in _MARKS.findall(unfolded))


def _not_allowed(session: Session, href: str, answer: Answer) -> Refused:
    if answer.status == 403:
        return Refused.at(session.host, Problem.MAY_NOT_WRITE, path=href)
    return Refused.at(session.host, Problem.REFUSES, status=answer.status, path=href)
