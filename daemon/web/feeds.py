"""A user's follow-ups as a calendar to subscribe to, where none can be written (spec §3).

The address is a secret, for such programs can't log in: a token for `feed` and nothing else, of
which a hash is kept. It stands in no log, error or Referer, and opens nothing else.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Annotated

from fastapi import Header, Path, Response

from connectors import ical
from daemon.clock import now
from daemon.i18n import mark, translator
from daemon.logins import admitting
from daemon.store import follow_up_list, people
from daemon.store import follow_ups as stored
from daemon.store.follow_up_list import Wanted
from daemon.web.house import House, InHouse
from daemon.web.problems import Problem
from daemon.web.route import Route
from rules import access, identity
from rules.model.followups import FollowUp, State
from rules.model.people import User

MOST = 2_000
"""Follow-ups that one calendar shows, the earliest first."""


class Calendar(Response):
    """iCalendar (RFC 5545 §8.1)."""

    media_type = "text/calendar"


Secret = Annotated[
    str, Path(max_length=200, pattern=r"^[A-Za-z0-9_-]+$", description="A token for `feed`.")
]


IfNoneMatch = Annotated[
    str | None,
    Header(alias="If-None-Match", max_length=4000, description="The ETags it is had as."),
]
IfModifiedSince = Annotated[
    str | None,
    Header(alias="If-Modified-Since", max_length=100, description="As of when it is had."),
]


def feed(
    house: InHouse,
    secret: Secret,
    if_none_match: IfNoneMatch = None,
    if_modified_since: IfModifiedSince = None,
) -> Response:
    """The open follow-ups that are assigned to whom the address was given. It may be asked again
    with `If-None-Match` or `If-Modified-Since`."""
    user = admitting.by_feed(house.doors.desk, secret, now())
    if user is None:
        # Neither the address nor the secret in it is said again.
        raise Problem(404, mark("there is no such calendar"), kind="no-such-feed")
    data, changed = _calendar(house, user)
    headers = {
        "ETag": f'"{hashlib.sha256(data).hexdigest()[:32]}"',
        "Cache-Control": "private, no-cache",
    }
    # Within the second something more may change, and would carry the same time.
    if changed is not None and now() - changed > timedelta(seconds=2):
        headers["Last-Modified"] = format_datetime(changed.replace(microsecond=0), usegmt=True)
    if _knows(if_none_match, if_modified_since, headers):
        return Response(status_code=304, headers=headers)
    return Calendar(data, headers=headers)


def _calendar(house: House, user: User) -> tuple[bytes, datetime | None]:
    """What the user has to do, and when any follow-up was changed last."""
    with house.store.read() as tx:
        scope = access.scope(user, people.groups(tx))
        wanted = Wanted(user=user.id, state=State.TO_DO)
        keys = follow_up_list.page(tx, scope, wanted, limit=MOST)
        changed = follow_up_list.changed_at(tx, [number for _, number in keys])
        found = stored.several(tx, [number for _, number in keys])
        last = follow_up_list.last_changed(tx)
    shown = [
        ical.Shown(one, _uid(one), changed[one.id], house.machine.page_of(one))
        for _, number in keys
        if (one := found.get(number)) is not None
    ]
    _ = translator(user.language)
    name = _("Follow-ups of {name} (suivi)").format(name=user.name)
    return ical.feed(shown, user.timezone, name), last


def _uid(follow_up: FollowUp) -> str:
    """Of a series each occurrence is an event by itself: here none needs to be found again."""
    return identity.follow_up_uid(follow_up.key) if follow_up.occurrence else follow_up.uid


def _knows(told: str | None, since: str | None, headers: dict[str, str]) -> bool:
    """Whether who asks has it as it is (RFC 9110 §13.2.2: the ETag decides, where one is told)."""
    if told is not None:
        known = (one.strip().removeprefix("W/") for one in told.split(","))
        return any(one in ("*", headers["ETag"]) for one in known)
    last = headers.get("Last-Modified")
    if since is None or last is None:
        return False
    try:
        had = parsedate_to_datetime(since)
    except (ValueError, TypeError):
        return False
    if had.tzinfo is None:
        had = had.replace(tzinfo=UTC)
    return parsedate_to_datetime(last) <= had


ROUTES = (
    Route(
        "GET",
        "/feeds/{secret}.ics",
        feed,
        problems=(404, 422),
        also={304: None},
        answer=Calendar,
    ),
    Route("HEAD", "/feeds/{secret}.ics", feed, schema=False, answer=Calendar),
)
