"""What lists of exchanges and histories are asked for, as parameters, and where a page begins."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, Query, Response
from pydantic import BaseModel

from daemon.i18n import mark
from daemon.store import Tx, people
from daemon.store.exchange_list import Wanted
from daemon.web.api.asked import Party, Words, known
from daemon.web.ids import LARGEST_ID
from daemon.web.paging import key_of
from daemon.web.problems import Problem
from daemon.web.shapes.strict import DayOrMoment
from rules.access import Scope
from rules.model.exchanges import Direction, Source
from rules.model.people import ContactId, EntityId, User
from rules.model.sightings import MailKind

Moment = DayOrMoment
Code = Annotated[str | None, Query(min_length=1, max_length=200)]

# Beyond these, databases and time zones don't agree on what a year is.
_FIRST, _LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters of a request."""

    third_party: Party = None
    contact: Annotated[
        int | None, Query(ge=1, le=LARGEST_ID, description="Only with this one.")
    ] = None
    user: Annotated[
        str | None, Query(max_length=320, description="Only where this colleague took part.")
    ] = None
    direction: Annotated[Direction | None, Query()] = None
    mode: Annotated[Code, Query(description="A code of the list of modes.")] = None
    purpose: Annotated[Code, Query(description="A code of the list of purposes.")] = None
    product: Annotated[Code, Query(description="A code of the list of products.")] = None
    element: Annotated[Code, Query(description="A reference: `PR2303-0107`.")] = None
    source: Annotated[Source | None, Query()] = None
    kind: Annotated[MailKind | None, Query()] = None
    tag: Code = None
    entity: Annotated[Code, Query(description="The code of an entity.")] = None
    since: Annotated[
        Moment | None, Query(alias="from", description="From this day, or moment, on.")
    ] = None
    until: Annotated[
        Moment | None,
        Query(alias="to", description="To this day inclusive, or before this moment."),
    ] = None
    text: Words = None

    def wanted(self, tx: Tx, scope: Scope, caller: User) -> Wanted:
        """As the store asks. Raises a 404 Problem for a third party and a 422 Problem for a user
        or an entity that there is not."""
        return Wanted(
            third_party=known(tx, scope, self.third_party),
            contact=None if self.contact is None else ContactId(self.contact),
            user=None if self.user is None else user_of(tx, self.user).id,
            direction=self.direction,
            mode=self.mode,
            purpose=self.purpose,
            product=self.product,
            element=self.element,
            source=self.source,
            kind=self.kind,
            tag=self.tag,
            entity=None if self.entity is None else entity_of(tx, self.entity),
            since=moment(self.since, caller),
            until=moment(self.until, caller, days=1),
            text=self.text,
        )


Filters = Annotated[Asked, Depends()]


def moment(said: Moment | None, caller: User, days: int = 0) -> datetime | None:
    """The instant that a day or moment of the caller's zone is; a day, so many days later."""
    if said is None:
        return None
    if not _FIRST.year < said.year < _LAST.year:
        return _FIRST if said.year <= _FIRST.year else _LAST
    zone = ZoneInfo(caller.timezone)
    if not isinstance(said, datetime):
        return datetime.combine(said + timedelta(days=days), time(), zone)
    return said if said.tzinfo is not None else said.replace(tzinfo=zone)


def time_and_id(after: str | None) -> tuple[datetime, int] | None:
    """The key in a cursor of a list in the order of time. Raises a 422 Problem for another one."""
    if after is None:
        return None
    text, number = key_of(after, str, int)
    return instant(text), number_of(number)


def instant(text: str) -> datetime:
    """The time in a cursor. Raises a 422 Problem for one that we have not written."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not _FIRST.year <= at.year <= _LAST.year:
        raise Problem(422, mark("cursor: not one that this API gave"))
    return at


def number_of(number: int) -> int:
    """The id in a cursor. Raises a 422 Problem for one that no row has."""
    if not 0 <= number <= LARGEST_ID:
        raise Problem(422, mark("cursor: not one that this API gave"))
    return number


def answered(model: BaseModel) -> Response:
    """The answer as it stands: what we made ourselves needs no second look, which would take
    longer than reading it from the database."""
    return Response(model.model_dump_json(), media_type="application/json")


def user_of(tx: Tx, email: str) -> User:
    """A user by address. Raises a 422 Problem."""
    found = people.user_by_email(tx, email)
    if found is None:
        raise Problem(422, mark("there is no user '{name}'"), name=email)
    return found


def entity_of(tx: Tx, code: str) -> EntityId:
    """An entity by code. Raises a 422 Problem."""
    found = next((one.id for one in people.entities(tx) if one.code == code), None)
    if found is None:
        raise Problem(422, mark("there is no entity '{name}'"), name=code)
    return found
