"""Meetings that stand, fall through and come back: what their copies say, on both databases."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from daemon.store import Store, exchange_list, exchanges, follow_ups, standing
from daemon.store.exchange_list import Wanted
from rules import identity
from rules.access import scope
from rules.model.decisions import CloseFollowUp
from rules.model.exchanges import WITHDRAWN, ExchangeKey, KeyKind, Source
from rules.model.followups import Answered, FollowUpDraft, How, State
from rules.model.people import Right, User, UserId
from rules.model.sightings import CalendarId, Event, EventPlace, When

HOUR = timedelta(hours=1)
ALL = scope(User(UserId(0), "administrator", "", rights=frozenset(Right)), ())


@pytest.fixture
def meet(store: Store, world: Any, now: datetime):
    """Record a copy of one meeting in a calendar, as of a revision; returns the exchange."""

    def recorded(calendar: int, at: datetime, sequence: int = 0) -> int:
        event = Event("u", "VEVENT", "Weekly", None, sequence=sequence)
        sighting = world.sighting(what=event, place=EventPlace(calendar, "Work", "/a.ics", "1"))
        draft = world.draft(
            keys=(ExchangeKey(KeyKind.OCCURRENCE, "u"),),
            message_id=None,
            mode="meeting",
            source=Source.CALENDAR,
            happened_at=at,
            parents=(identity.meeting_id("U"),),
        )
        with store.write() as tx:
            return exchanges.record(tx, sighting, world.decision(draft), now).exchange

    return recorded


def gone(store: Store, calendar: int, now: datetime, why: str = "cancelled") -> None:
    with store.write() as tx:
        exchange = standing.retire(tx, CalendarId(calendar), "/a.ics", "", why)
        assert exchange is not None
        standing.settle(tx, exchange, now)


def test_an_exchange_stands_while_one_copy_does(store: Store, meet, now: datetime) -> None:
    exchange = meet(5, now)
    assert meet(6, now) == exchange
    gone(store, 5, now)
    with store.read() as tx:
        assert exchanges.get(tx, exchange).status == "active"
    gone(store, 6, now, "declined")
    with store.read() as tx:
        # It keeps its reference and shows in no list, count or history.
        assert exchanges.get(tx, exchange).status == WITHDRAWN
        assert exchange_list.page(tx, ALL, Wanted()) == ()
        assert exchange_list.count(tx, ALL, Wanted(), 10) == 0
        assert exchanges.history(tx) == ()
        assert standing.of(tx, CalendarId(5), "/a.ics") == ()
    assert meet(5, now) == exchange
    with store.read() as tx:
        assert exchanges.get(tx, exchange).status == "active"
        assert [number for _, number in exchange_list.page(tx, ALL, Wanted())] == [exchange]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_latest_revision_tells_the_time_whoever_is_read_last(
    store: Store, meet, now: datetime, order: tuple[int, int]
) -> None:
    copies = [(5, now, 0), (6, now + HOUR, 1)]
    for n in order:
        exchange = meet(*copies[n])
    with store.read() as tx:
        assert exchanges.get(tx, exchange).happened_at == now + HOUR
    # Read again, the older copy changes nothing; once the newer is gone, it tells.
    meet(*copies[0])
    with store.read() as tx:
        assert exchanges.get(tx, exchange).happened_at == now + HOUR
    gone(store, 6, now)
    with store.read() as tx:
        assert exchanges.get(tx, exchange).happened_at == now


def test_a_time_that_a_person_wrote_stays(store: Store, meet, now: datetime) -> None:
    from dataclasses import replace

    exchange = meet(5, now)
    with store.write() as tx:
        stored = exchanges.get(tx, exchange)
        after = replace(stored, happened_at=now - HOUR)
        exchanges.edit(tx, after, stored.revision, None, now)
    meet(5, now + HOUR, 1)
    with store.read() as tx:
        assert exchanges.get(tx, exchange).happened_at == now - HOUR


def test_an_invitation_and_its_meeting_are_of_one_thread(
    store: Store, world: Any, meet, now: datetime
) -> None:
    exchange = meet(5, now)
    with store.write() as tx:
        draft = world.draft("invites", message_id="i@a", parents=(identity.meeting_id("u"),))
        world.record(tx, draft, uid=7)
        (mail,) = exchanges.with_message_id(tx, "i@a")
        assert mail.id != exchange
        assert mail.thread == exchanges.get(tx, exchange).thread is not None


def test_what_did_not_take_place_closes_nothing(store: Store, meet, now: datetime) -> None:
    exchange = meet(5, now)
    draft = FollowUpDraft(key="k", title="Relancer", when=When(now - HOUR), assignees=())
    with store.write() as tx:
        waiting, _ = follow_ups.open(tx, draft, now, None)
        effect = CloseFollowUp(waiting.id, exchange, Answered(How.SPOKEN, "EXC-1", "meeting"))
        assert follow_ups.close(tx, effect, now).state is State.DONE
    gone(store, 5, now)
    with store.read() as tx:
        assert follow_ups.get(tx, waiting.id).state is State.TO_DO
