"""Histories as the API shows them."""

from datetime import datetime

from pydantic import BaseModel, Field

from daemon.store.events import ErpEvent
from daemon.store.timeline import Entry as Stored
from daemon.store.timeline import Noun
from daemon.web.shapes import exchanges, follow_ups
from daemon.web.shapes.common import Names, Page, PartyRef
from rules.access import Scope, as_seen
from rules.model.exchanges import Exchange
from rules.model.followups import FollowUp


class Event(BaseModel):
    """What happened in the ERP, in its own words."""

    id: int
    system: str
    label: str
    third_party: PartyRef | None
    element: str | None = Field(description="The reference of what it is about.")


class Entry(BaseModel):
    """One line of a history: one of the three, as `noun` says."""

    noun: Noun
    at: datetime
    exchange: exchanges.Exchange | None = None
    follow_up: follow_ups.FollowUp | None = None
    event: Event | None = None


class History(Page):
    """Newest first; what is planned stands before what was."""

    items: list[Entry]


class Linked(BaseModel):
    """The latest of a history, newest first."""

    items: list[Entry]


def entry(line: Stored, scope: Scope, names: Names) -> Entry:
    """A line as this caller may see it."""
    at, noun, _ = line.place
    shown = Entry(noun=noun, at=at)
    what = line.what
    if isinstance(what, Exchange):
        shown.exchange = exchanges.exchange(as_seen(what, scope), names)
    elif isinstance(what, FollowUp):
        shown.follow_up = follow_ups.follow_up(what, names)
    else:
        shown.event = _event(what, names)
    return shown


def _event(event: ErpEvent, names: Names) -> Event:
    return Event(
        id=event.id,
        system=event.system,
        label=event.label,
        third_party=names.party(event.third_party),
        element=event.element,
    )
