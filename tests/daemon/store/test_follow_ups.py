"""Follow-ups open once, change with their history, and owe every change to their calendars."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from daemon.store import (
    Stale,
    Store,
    calendars,
    follow_ups,
    installation,
    ledger,
    open_store,
    people,
)
from rules import identity
from rules.model.decisions import CloseFollowUp, WithdrawFollowUp
from rules.model.exchanges import LinkedElement
from rules.model.followups import (
    Answered,
    Assignee,
    CalendarCopy,
    CopyState,
    FollowUp,
    FollowUpDraft,
    How,
    Origin,
    Reminder,
    State,
)
from rules.model.sightings import CalendarId, Component, When
from rules.model.wire import CalendarInfo

HOUR = timedelta(hours=1)


def draft(world: Any, now: datetime, key: str = "k1", **other: Any) -> FollowUpDraft:
    facts: dict[str, Any] = {
        "key": key,
        "title": "Relancer Acmé",
        "when": When(now + HOUR, now + 2 * HOUR, zone="Europe/Paris"),
        "assignees": (Assignee(world.anna, owner=True), Assignee(world.bob, busy=False)),
        "third_party": world.acme,
        "contact": world.carla,
    }
    return FollowUpDraft(**(facts | other))


def opened(store: Store, world: Any, now: datetime, key: str = "k1", **other: Any) -> FollowUp:
    with store.write() as tx:
        return follow_ups.open(tx, draft(world, now, key, **other), now, now)[0]


def test_a_follow_up_is_read_back_whole(store: Store, world: Any, now: datetime) -> None:
    element = LinkedElement("invoice", "FA2211-0059", now.date(), Decimal("10.5"), "late")
    wanted = draft(
        world,
        now,
        creator=world.bob,
        description="Appeler",
        place="Nancy",
        priority=1,
        reminders=(Reminder(), Reminder(timedelta(days=1), template="short")),
        element=element,
        origin=Origin.PERSON,
        component=Component.VTODO,
        uid="phone-uid",
        percent=20,
    )
    with store.write() as tx:
        stored, new = follow_ups.open(tx, wanted, now, now)
    assert new
    for name in FollowUpDraft.__slots__:
        assert getattr(stored, name) == getattr(wanted, name), name
    assert (stored.owner, stored.opened_at) == (world.anna, now)
    assert (stored.revision, stored.schedule_version, stored.live) == (1, 1, True)
    with store.read() as tx:
        assert follow_ups.get(tx, stored.id) == stored
        assert follow_ups.by_key(tx, "k1") == stored
        assert follow_ups.by_uid(tx, "phone-uid") == stored
        assert follow_ups.by_uid(tx, "other") is None


def test_asking_twice_opens_one(store: Store, world: Any, now: datetime) -> None:
    with store.write() as tx:
        first, new = follow_ups.open(tx, draft(world, now), now, now)
        again = follow_ups.open(tx, draft(world, now, title="Other"), now, now)
    assert new
    assert again == (first, False)
    assert first.uid == identity.follow_up_uid("k1")


def test_several_occurrences_of_one_object_are_several(
    store: Store, world: Any, now: datetime
) -> None:
    with store.write() as tx:
        for n in (1, 2):
            one = draft(world, now, f"u/{n}", uid="u")
            assert follow_ups.open(tx, one, now, now, occurrence=str(n))[1]
        assert follow_ups.by_uid(tx, "u").key == "u/1"
        assert follow_ups.by_uid(tx, "u", "2").key == "u/2"


@pytest.mark.parametrize(
    ("live_since", "start", "live", "released"),
    [
        (None, HOUR, False, True),
        (None, -HOUR, False, False),
        (timedelta(0), HOUR, True, True),
        (timedelta(0), timedelta(0), True, True),
        (timedelta(0), -HOUR, False, False),
    ],
)
def test_what_is_older_than_going_live_is_history(
    store: Store,
    world: Any,
    now: datetime,
    live_since: timedelta | None,
    start: timedelta,
    live: bool,
    released: bool,
) -> None:
    since = None if live_since is None else now + live_since
    with store.write() as tx:
        one = draft(world, now, when=When(now + start))
        stored, _ = follow_ups.open(tx, one, now, since)
        assert stored.live is live
        installation.release(tx, now)
        assert follow_ups.get(tx, stored.id).live is released
        assert bool(follow_ups.unplanned(tx, 10)) is released


def test_a_change_keeps_who_when_and_what(store: Store, world: Any, now: datetime) -> None:
    first = opened(store, world, now)
    later = now + HOUR
    moved = replace(
        first,
        title="Rappeler Acmé",
        when=When(now + 3 * HOUR),
        assignees=(Assignee(world.bob, owner=True),),
        reminders=(),
        schedule_version=2,
    )
    with store.write() as tx:
        after = follow_ups.change(tx, moved, "anna@we.example", "by phone", later, 1)
        assert after == replace(moved, revision=2) == follow_ups.get(tx, first.id)
        changes = {c.field: c for c in follow_ups.history(tx, first.id)}
        # The same again is no change.
        assert follow_ups.change(tx, after, "anna@we.example", "again", later, 2) == after
        assert len(follow_ups.history(tx, first.id)) == len(changes)
    assert set(changes) == {"title", "when", "assignees", "reminders", "schedule_version"}
    title = changes["title"]
    assert (title.old, title.new) == ("Relancer Acmé", "Rappeler Acmé")
    assert (title.by, title.reason, title.at) == ("anna@we.example", "by phone", later)
    assert title.revision == 2
    assert changes["when"].new == [moved.when.start.isoformat(), None, False, "UTC"]


def test_of_two_who_change_one_is_told_to_read_again(
    url: str, populated: Callable[[str], Any], now: datetime
) -> None:
    world = populated(url)
    store = open_store(url)
    first = opened(store, world, now)
    start, outcome = threading.Barrier(2), []

    def change(title: str) -> None:
        mine = open_store(url)
        try:
            start.wait()
            with mine.write() as tx:
                value = replace(first, title=title)
                follow_ups.change(tx, value, "x", "race", now, first.revision)
            outcome.append(title)
        except Stale:
            outcome.append("stale")
        finally:
            mine.close()

    threads = [threading.Thread(target=change, args=(t,)) for t in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "stale" in outcome
    with store.write() as tx:
        stored = follow_ups.get(tx, first.id)
        assert stored.title == next(o for o in outcome if o != "stale")
        assert stored.revision == 2
        with pytest.raises(Stale):
            follow_ups.change(tx, stored, "x", "late", now, 1)
    store.close()


def test_an_exchange_closes_it_and_that_can_be_undone(
    store: Store, world: Any, now: datetime
) -> None:
    first = opened(store, world, now)
    waiting = opened(store, world, now, "k2")
    with store.write() as tx:
        exchange = world.record(tx).exchange
        met = Answered(How.SPOKEN, "EXC-1", "phone")
        closed = follow_ups.close(tx, CloseFollowUp(first.id, exchange, met), now)
        assert closed.state is State.DONE
        assert follow_ups.close(tx, CloseFollowUp(first.id, exchange, met), now) is None
        replied = Answered(How.ANSWERED, "EXC-1")
        withdrawn = follow_ups.close(tx, WithdrawFollowUp(waiting.id, exchange, replied), now)
        assert withdrawn.state is State.NOT_NEEDED
        assert follow_ups.open_ones(tx) == ()
        (closing,) = follow_ups.closings(tx, first.id)
        told = ("spoken", {"ref": "EXC-1", "mode": "phone"})
        assert (closing.reason, closing.facts) == told
        assert (closing.exchange, closing.undone_at) == (exchange, None)
        (change,) = (c for c in follow_ups.history(tx, first.id) if c.field == "state")
        assert (change.reason, change.facts) == told
        again = follow_ups.reopen(tx, first.id, "anna@we.example", now + HOUR)
        assert again.state is State.TO_DO
        assert again.schedule_version == first.schedule_version + 1
        assert follow_ups.reopen(tx, first.id, "anna@we.example", now + HOUR) == again
        (closing,) = follow_ups.closings(tx, first.id)
        assert (closing.undone_at, closing.undone_by) == (now + HOUR, "anna@we.example")
        assert follow_ups.open_ones(tx) == (again,)


def _calendar(store: Store, world: Any) -> CalendarId:
    info = CalendarInfo("/anna/", "Anna", frozenset({"VEVENT"}))
    with store.write() as tx:
        return calendars.declare(tx, world.annas, info, writes=True, dedicated=False).id


def test_a_changed_follow_up_owes_its_calendar_the_news(
    store: Store, world: Any, now: datetime
) -> None:
    calendar = _calendar(store, world)
    first = opened(store, world, now)
    with store.write() as tx:
        assert follow_ups.without_copy(tx, world.anna) == (first,)
        assert follow_ups.without_copy(tx, world.bob) == ()
        copy = CalendarCopy(first.id, world.anna, calendar, "/anna/u.ics")
        follow_ups.put_copy(tx, copy)
        assert follow_ups.without_copy(tx, world.anna) == ()
        assert follow_ups.unpublished(tx, world.annas, 10) == ((first, copy),)
        assert follow_ups.unpublished(tx, world.bobs, 10) == ()
        written = replace(copy, etag="1", base=b"BEGIN", pushed_revision=1, state=CopyState.IN_STEP)
        follow_ups.put_copy(tx, written)
        assert follow_ups.unpublished(tx) == ()
        assert follow_ups.copy(tx, calendar, "/anna/u.ics") == written
        after = follow_ups.change(tx, replace(first, title="New"), "x", "edited", now, 1)
        assert follow_ups.copies(tx, first.id) == (replace(written, state=CopyState.PENDING),)
        # The writer of the old revision comes last: the news is still owed.
        follow_ups.put_copy(tx, written)
        assert follow_ups.unpublished(tx) == ((after, written),)
        for state in (CopyState.PARKED, CopyState.GONE):
            follow_ups.put_copy(tx, replace(written, state=state, reason="guests"))
            assert follow_ups.unpublished(tx) == ()


def test_reopened_it_is_owed_the_object_that_was_deleted(
    store: Store, world: Any, now: datetime
) -> None:
    calendar = _calendar(store, world)
    first = opened(store, world, now)
    copy = CalendarCopy(first.id, world.anna, calendar, "/anna/u.ics", "1", base=b"BEGIN")
    with store.write() as tx:
        follow_ups.put_copy(tx, replace(copy, state=CopyState.GONE, reason="deleted"))
        dropped = replace(first, state=State.NOT_NEEDED)
        follow_ups.change(tx, dropped, "calendar", "deleted", now, 1)
        assert follow_ups.unpublished(tx) == ()
        follow_ups.reopen(tx, first.id, "anna", now)
        # As it was, but no version of it stands there.
        assert follow_ups.copies(tx, first.id) == (replace(copy, etag=None),)


def test_what_is_coming_and_what_is_overdue(store: Store, world: Any, now: datetime) -> None:
    for days in (-40, -2, 0, 1, 2, 3):
        when = When(now + timedelta(days=days))
        assignees = (Assignee(world.bob, owner=True),) if days == 1 else ()
        extra = {"assignees": assignees} if assignees else {}
        opened(store, world, now, f"day {days}", when=when, title=str(days), **extra)

    def titles(**how: Any) -> list[str]:
        with store.read() as tx:
            return [f.title for f in follow_ups.coming(tx, now=now, **how)]

    assert titles() == ["-40", "-2", "0", "1", "2", "3"]
    assert titles(limit=2) == ["-40", "-2", "0", "1"]
    assert titles(limit=2, overdue_days=3) == ["-2", "0", "1"]
    assert titles(user=world.anna, overdue_days=0) == ["0", "2", "3"]
    assert titles(user=world.bob) == ["-40", "-2", "0", "1", "2", "3"]
    with store.read() as tx:
        assert follow_ups.count_open(tx) == 6
        assert len(follow_ups.open_ones(tx, world.acme)) == 6
        assert follow_ups.open_ones(tx, world.beta) == ()


def test_a_follow_up_is_planned_again_when_something_moved(
    store: Store, world: Any, now: datetime
) -> None:
    first = opened(store, world, now)
    with store.write() as tx:
        assert follow_ups.unplanned(tx, 10) == (first,)
        follow_ups.planned(tx, [first])
        assert follow_ups.unplanned(tx, 10) == ()
        after = follow_ups.change(tx, replace(first, title="New"), "x", "edited", now, 1)
        # Planned as it was before the change: that is not enough.
        follow_ups.planned(tx, [first])
        assert follow_ups.unplanned(tx, 10) == (after,)
        follow_ups.planned(tx, [after])
        people.put_user(tx, name="Anna", email="anna@we.example", timezone="Asia/Tokyo")
        assert follow_ups.unplanned(tx, 10) == (after,)


def test_times_come_back_as_they_went(store: Store, world: Any, now: datetime) -> None:
    when = When(datetime(2026, 7, 1, tzinfo=UTC), all_day=True, zone="Europe/Paris")
    assert opened(store, world, now, when=when).when == when
    with pytest.raises(Exception, match="naive"):
        opened(store, world, now, "k2", when=When(datetime(2026, 7, 1)))


def test_a_deleted_exchange_leaves_its_follow_up(store: Store, world: Any, now: datetime) -> None:
    from daemon.store import exchanges

    with store.write() as tx:
        exchange = world.record(tx).exchange
        follow_ups.open(tx, draft(world, now, exchange=exchange), now, now)
        exchanges.delete(tx, exchange, world.anna, "asked for", now)
        assert follow_ups.by_key(tx, "k1").exchange is None
        assert ledger.all_open(tx) == ()
