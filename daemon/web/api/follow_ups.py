"""Follow-ups, as far as the caller may see them."""

from datetime import UTC

from daemon.store import follow_ups as stored
from daemon.store import people
from daemon.web.api.asked import Party, Words, known, names, require, says
from daemon.web.caller import Caller
from daemon.web.house import InHouse
from daemon.web.paging import After, Limit, cursor, key_of
from daemon.web.route import Route
from daemon.web.shapes import follow_ups as shapes
from rules import access
from rules.model.followups import FollowUp
from rules.model.people import Right


def follow_ups(
    house: InHouse,
    caller: Caller,
    party: Party = None,
    text: Words = None,
    limit: Limit = 50,
    after: After = None,
) -> shapes.FollowUps:
    """Open follow-ups, by time."""
    start = key_of(after, str, int) if after is not None else ("", 0)
    with house.store.read() as tx:
        require(tx, caller, Right.SEE_FOLLOW_UPS)
        wanted = known(tx, party)
        groups = people.groups(tx)
        found = [
            one
            for one in stored.open_ones(tx, wanted)
            if says(text, one.title, one.description)
            and access.may(caller, groups, access.Action.SEE_FOLLOW_UP, access.facts_of(one))
        ]
        told = names(tx)
    rest = [one for one in sorted(found, key=_order) if _order(one) > start]
    page = rest[:limit]
    return shapes.FollowUps(
        items=[shapes.follow_up(one, told) for one in page],
        next=cursor(*_order(page[-1])) if rest[limit:] else None,
    )


def _order(follow_up: FollowUp) -> tuple[str, int]:
    # In UTC, so that the text sorts as the time does.
    return follow_up.when.start.astimezone(UTC).isoformat(), follow_up.id


ROUTES = (
    Route("GET", "/api/v1/follow-ups", follow_ups, shapes.FollowUps, problems=(401, 403, 404, 422)),
)
