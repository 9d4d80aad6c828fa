"""Lists of follow-ups, as far as the caller may see them: by time, and what is coming."""

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Depends, Query, Response

from daemon import options
from daemon.clock import now
from daemon.store import Tx, follow_up_list, people
from daemon.store import follow_ups as stored
from daemon.store import options as stored_options
from daemon.store.follow_up_list import Key, Wanted
from daemon.web.api.asked import Party, Words, known
from daemon.web.api.lists import (
    Code,
    Moment,
    answered,
    entity_of,
    moment,
    time_and_id,
    user_of,
)
from daemon.web.api.named import names
from daemon.web.caller import Caller
from daemon.web.house import InHouse
from daemon.web.ids import LARGEST_ID
from daemon.web.paging import LARGEST, After, Limit, cursor
from daemon.web.route import Route
from daemon.web.shapes import follow_ups as shapes
from rules import access
from rules.access import Scope
from rules.model.followups import FollowUp, FollowUpId, State
from rules.model.people import ContactId


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters of a request."""

    third_party: Party = None
    contact: Annotated[
        int | None, Query(ge=1, le=LARGEST_ID, description="Only with this one.")
    ] = None
    user: Annotated[
        str | None, Query(max_length=320, description="Only what this colleague has to do.")
    ] = None
    element: Annotated[Code, Query(description="A reference: `PR2303-0107`.")] = None
    entity: Annotated[Code, Query(description="The code of an entity.")] = None
    text: Words = None

    def wanted(self, tx: Tx, scope: Scope, state: State | None) -> Wanted:
        """As the store asks. Raises a 404 Problem for a third party and a 422 Problem for a user
        or an entity that there is not."""
        return Wanted(
            third_party=known(tx, scope, self.third_party),
            contact=None if self.contact is None else ContactId(self.contact),
            user=None if self.user is None else user_of(tx, self.user).id,
            element=self.element,
            entity=None if self.entity is None else entity_of(tx, self.entity),
            state=state,
            text=self.text,
        )


Filters = Annotated[Asked, Depends()]


def follow_ups(
    house: InHouse,
    caller: Caller,
    asked: Filters,
    state: Annotated[State, Query(description="How far they are.")] = State.TO_DO,
    since: Annotated[Moment | None, Query(alias="from")] = None,
    until: Annotated[Moment | None, Query(alias="to")] = None,
    limit: Limit = 50,
    after: After = None,
) -> Response:
    """Follow-ups, by time; one's own need no right."""
    key = time_and_id(after)
    start = None if key is None else (key[0], FollowUpId(key[1]))
    with house.store.read() as tx:
        scope = access.scope(caller, people.groups(tx))
        wanted = replace(
            asked.wanted(tx, scope, state),
            since=moment(since, caller),
            until=moment(until, caller, days=1),
        )
        keys = follow_up_list.page(tx, scope, wanted, after=start, limit=limit + 1)
        page = _read(tx, keys[:limit])
        told = names(tx, follow_ups=page)
    last = keys[limit - 1] if keys[limit:] else None
    return answered(
        shapes.FollowUps(
            items=[shapes.follow_up(one, told) for one in page],
            next=None if last is None else cursor(last[0].isoformat(), last[1]),
        )
    )


def coming(
    house: InHouse,
    caller: Caller,
    asked: Filters,
    ahead: Annotated[
        int | None,
        Query(alias="next", ge=0, le=LARGEST, description="Without it, option `coming_next`."),
    ] = None,
    overdue_days: Annotated[
        int | None,
        Query(ge=0, le=36_500, description="No older; without it, option `coming_days`."),
    ] = None,
) -> Response:
    """The overdue follow-ups of so many days, the latest two hundred of them, and the next ones."""
    moment_ = now()
    with house.store.read() as tx:
        chosen = options.chosen(house.desk().builtin, stored_options.in_force(tx))
        many, days = options.coming(chosen, caller)
        scope = access.scope(caller, people.groups(tx))
        wanted = asked.wanted(tx, scope, State.TO_DO)
        keys = follow_up_list.coming(
            tx,
            scope,
            wanted,
            moment_,
            overdue_days=days if overdue_days is None else overdue_days,
            ahead=many if ahead is None else ahead,
            most=LARGEST,
        )
        found = _read(tx, keys)
        told = names(tx, follow_ups=found)
    late = sum(1 for at, _ in keys if at < moment_)
    shown = [shapes.follow_up(one, told) for one in found]
    return answered(shapes.Coming(overdue=shown[:late], coming=shown[late:]))


def _read(tx: Tx, keys: tuple[Key, ...]) -> list[FollowUp]:
    found = stored.several(tx, (number for _, number in keys))
    return [found[number] for _, number in keys]


_READS = (401, 403, 404, 422)
ROUTES = (
    Route("GET", "/api/v1/follow-ups", follow_ups, shapes.FollowUps, problems=_READS),
    Route("GET", "/api/v1/follow-ups/coming", coming, shapes.Coming, problems=_READS),
)
