"""Replies that are awaited: put down once with their exchange, looked at by one, gone with it."""

import threading
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from daemon.store import Store, awaited, exchanges, follow_ups, open_store
from rules import awaiting
from rules.model.decisions import AwaitReply
from rules.model.exchanges import Direction, LinkedElement
from rules.model.followups import Assignee, Awaited, FollowUpDraft, Origin, Reminder
from rules.model.rules import DayKind, Later
from rules.model.sightings import When

MINUTE = timedelta(minutes=1)


def effect(world: Any, now: datetime, rule: str = "quote", key: str = "m1") -> AwaitReply:
    draft = FollowUpDraft(
        key=awaiting.key(rule, key),
        title="Relance devis \x00 décalé",
        when=When(now, zone="Europe/Paris"),
        assignees=(Assignee(world.anna, owner=True), Assignee(world.bob, busy=False)),
        third_party=world.acme,
        contact=world.carla,
        reminders=(Reminder(timedelta(days=1), template="short"), Reminder()),
        element=LinkedElement("quote", "PR2303-0107"),
        origin=Origin.RULE,
    )
    later = Later(1, DayKind.WORKING_DAYS, timedelta(minutes=5), time(9, 30))
    return AwaitReply(rule, 5, later, draft)


def sent(store: Store, world: Any, key: str = "m1", uid: int = 1, **more: Any) -> Any:
    with store.write() as tx:
        draft = world.draft(key, direction=Direction.OUTBOUND, **more)
        return world.record(tx, draft, uid).exchange


def test_it_is_read_back_whole_and_put_down_once(store: Store, world: Any, now: datetime) -> None:
    exchange = sent(store, world)
    wanted = effect(world, now)
    with store.write() as tx:
        awaited.put(tx, exchange, wanted, now)
        awaited.put(tx, exchange, replace(wanted, within=9), now + MINUTE)
        awaited.put(tx, exchange, effect(world, now, "other"), now)
    with store.read() as tx:
        first, second = awaited.of(tx, exchange)
    kept = replace(wanted.draft, title=first.draft.title)
    assert first == Awaited(exchange, "quote", 5, wanted.later, kept)
    assert second.rule == "other"


def test_it_is_taken_when_it_is_due_and_by_one_only(
    store: Store, world: Any, now: datetime, url: str
) -> None:
    exchange = sent(store, world)
    with store.write() as tx:
        awaited.put(tx, exchange, effect(world, now), now + MINUTE)
        assert awaited.take(tx, now) is None
        assert awaited.take(tx, now + MINUTE) is not None
    other, taken = open_store(url), threading.Event()
    found: list[int | None] = []

    def beside() -> None:
        with other.write() as tx:
            found.append(awaited.take(tx, now + MINUTE))
        taken.set()

    with store.write() as tx:
        number = awaited.take(tx, now + MINUTE)
        assert number is not None
        thread = threading.Thread(target=beside)
        thread.start()
        # On SQLite the other waits for its turn; on PostgreSQL it finds nothing.
        taken.wait(0.3)
        awaited.done(tx, number)
    thread.join()
    other.close()
    assert found == [None]


def test_looked_at_later_and_gone_with_its_exchange(
    store: Store, world: Any, now: datetime
) -> None:
    exchange = sent(store, world)
    with store.write() as tx:
        awaited.put(tx, exchange, effect(world, now), now)
        number = awaited.take(tx, now)
        assert number is not None
        awaited.later(tx, number, now + MINUTE)
        assert awaited.take(tx, now) is None
        exchanges.delete(tx, exchange, world.anna, "test", now)
        assert awaited.take(tx, now + MINUTE) is None
        with pytest.raises(LookupError):
            awaited.get(tx, number)


def test_what_came_since_is_known(store: Store, world: Any, now: datetime) -> None:
    first = sent(store, world, "m1")
    second = sent(store, world, "m2", 2, parents=("m1@acme.example",), happened_at=now + MINUTE)
    stranger = {"third_parties": (world.beta,), "contacts": ()}
    sent(store, world, "m3", 3, happened_at=now + MINUTE, **stranger)
    sent(store, world, "m4", 4, happened_at=now - MINUTE)
    in_thread = sent(
        store, world, "m5", 5, happened_at=now, parents=("m1@acme.example",), **stranger
    )
    with store.write() as tx:
        for exchange in (first, second):
            awaited.put(tx, exchange, effect(world, now), now)
        (one,) = awaited.of(tx, first)
        what, since, others = awaited.context(tx, one)
    assert what.id == first
    assert [e.id for e in since] == [in_thread, second]
    assert [o.exchange for o in others] == [second]


def test_one_that_is_open_in_the_thread_is_known(store: Store, world: Any, now: datetime) -> None:
    exchange = sent(store, world)
    wanted = effect(world, now, rule="q_u%")
    with store.write() as tx:
        awaited.put(tx, exchange, wanted, now)
        (one,) = awaited.of(tx, exchange)
        thread = exchanges.get(tx, exchange).thread  # type: ignore[union-attr]
        assert not awaited.is_open(tx, one, thread)
        follow_ups.open(tx, replace(wanted.draft, exchange=exchange), now, now)
        assert awaited.is_open(tx, one, thread)
        assert not awaited.is_open(tx, one, None)
        assert not awaited.is_open(tx, replace(one, rule="qxu%"), thread)
