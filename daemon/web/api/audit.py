"""The audit trail, for who configures or manages users."""

from typing import Annotated

from fastapi import Query

from daemon.store import audit as stored
from daemon.web.api.asked import require
from daemon.web.caller import Caller
from daemon.web.house import InHouse
from daemon.web.ids import LARGEST_ID
from daemon.web.paging import After, Limit, cursor, key_of
from daemon.web.route import Route
from daemon.web.shapes import audit as shapes
from daemon.web.shapes.strict import Moment
from rules.model.people import Right

_Text = Annotated[str | None, Query(min_length=1, max_length=320)]


def trail(
    house: InHouse,
    caller: Caller,
    who: _Text = None,
    action: Annotated[
        str | None, Query(min_length=1, max_length=200, description="By its beginning.")
    ] = None,
    subject: _Text = None,
    since: Moment | None = None,
    until: Moment | None = None,
    limit: Limit = 50,
    after: After = None,
) -> shapes.Entries:
    """Who read or changed what is confidential, who changed options, rights and exchanges."""
    (before,) = key_of(after, int) if after is not None else (None,)
    with house.store.read() as tx:
        require(tx, caller, Right.CONFIGURE, Right.MANAGE_USERS)
        found = stored.entries(
            tx,
            who=who,
            action=action,
            subject=subject,
            since=since,
            until=until,
            before=None if before is None else min(before, LARGEST_ID),
            limit=limit + 1,
        )
    page = found[:limit]
    return shapes.Entries(
        items=[
            shapes.Entry(at=one.at, who=one.who, action=one.action, subject=one.subject)
            for one in page
        ],
        next=cursor(page[-1].id) if found[limit:] else None,
    )


ROUTES = (Route("GET", "/api/v1/audit", trail, shapes.Entries, problems=(401, 403, 422)),)
