"""One calendar account: discovery, and a scratch object that is written, read back and removed."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from connectors.errors import Changed, ConnectorError
from daemon.app import connect
from daemon.app.checkup.lines import Asked, CheckLine, bad, certificate, ok, refused, until
from daemon.app.checkup.memory import SKEW, skewed
from daemon.config import Calendar
from rules.model.wire import CalendarInfo

if TYPE_CHECKING:
    from connectors.caldav import CaldavAccountClient

# One place and UID for ever: what a check that was killed has left is found by the next, and
# removed. Private, cancelled and long ago: a daemon that meets it takes no notice.
SCRATCH = "suivi-check"
_OBJECT = b"""BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//suivi//check//EN\r
BEGIN:VEVENT\r
UID:suivi-check\r
DTSTAMP:20200101T000000Z\r
DTSTART;VALUE=DATE:20200101\r
DTEND;VALUE=DATE:20200102\r
SUMMARY:suivi check\r
DESCRIPTION:Written to see whether it can be written. It may be deleted.\r
CLASS:PRIVATE\r
STATUS:CANCELLED\r
TRANSP:TRANSPARENT\r
END:VEVENT\r
END:VCALENDAR\r
"""


def calendar(asked: Asked, account: Calendar) -> Iterator[CheckLine]:
    """Try one `[[calendars]]`."""
    try:
        client = connect.caldav_client(account)
        try:
            yield from _looked_at(asked, account, client)
        finally:
            client.close()
    except ConnectorError as error:
        yield refused(asked, "calendar", account.name, error)


def _looked_at(
    asked: Asked, account: Calendar, client: "CaldavAccountClient"
) -> Iterator[CheckLine]:
    _ = asked.words
    found = client.discover()
    ahead = None if client.date is None else client.date - asked.now()
    if ahead is not None and abs(ahead) > SKEW:
        yield skewed(asked, account.name, ahead)
    names = {place for c in found for place in (c.name, c.href)}
    named = (*account.watch, *account.ignore, *account.dedicated)
    if missing := [name for name in named if name not in names]:
        text = _("no such calendar: {calendars}; there are: {found}")
        shown = text.format(calendars=", ".join(missing), found=_names(found))
        yield bad("calendar", shown, account.name)
    target = _target(account, found)
    if target is None:
        text = _("{wanted} not found among {found}: set `follow_ups` to one that may be written")
        wanted = account.follow_ups or _("a writable calendar")
        yield bad("calendar", text.format(wanted=wanted, found=_names(found)), account.name)
        return
    text = _("{number} in all; follow-ups go to {calendar}").format(
        number=len(found), calendar=target.name
    )
    if asked.write:
        _try_writing(client, target)
        text += _(", which can be written")
    yield ok("calendar", text + until(asked, client.certificate_ends), account.name)
    yield from certificate(asked, "calendar", account.name, client.certificate_ends)


def _target(account: Calendar, found: tuple[CalendarInfo, ...]) -> CalendarInfo | None:
    return next(
        (
            c
            for c in found
            if c.writable
            and "VEVENT" in c.components
            and account.follow_ups in (None, c.name, c.href)
        ),
        None,
    )


def _names(found: tuple[CalendarInfo, ...]) -> str:
    return ", ".join(c.name for c in found) or "–"


def _try_writing(client: "CaldavAccountClient", target: CalendarInfo) -> None:
    href = f"{target.href.rstrip('/')}/{SCRATCH}.ics"
    written = client.put(target.href, href, _OBJECT, None)
    try:
        client.delete(target.href, written.href, written.etag or "*")
    except Changed:
        # Another check is at it, and removes it.
        return
