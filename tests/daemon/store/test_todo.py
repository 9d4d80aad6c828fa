"""What a tick asks first: is there anything to do, and when is the next reminder due?"""

from datetime import datetime, timedelta
from typing import Any

import pytest

from daemon.store import Store, follow_ups, ledger, post
from daemon.store.post import Letter
from daemon.store.todo import todo
from rules.model.followups import Assignee, Due, FollowUpDraft
from rules.model.sightings import When

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def _waits(store: Store, at: datetime) -> bool:
    with store.read() as tx:
        return todo(tx, at).waits


def _reminder(store: Store, world: Any, now: datetime, at: datetime) -> None:
    """A planned follow-up with one reminder at that time."""
    with store.write() as tx:
        draft = FollowUpDraft(
            "key", "Rappeler", When(at + HOUR), (Assignee(world.anna, owner=True),)
        )
        follow_ups.open(tx, draft, now, now - HOUR)
        opened = follow_ups.by_key(tx, "key")
        assert todo(tx, now).waits
        ledger.plan(tx, [Due(opened.id, "", HOUR, world.anna, 1, at)], now)
        follow_ups.planned(tx, [opened])


def test_nothing_waits_in_an_empty_store(store: Store, world: Any, now: datetime) -> None:
    with store.read() as tx:
        found = todo(tx, now)
    assert (found.waits, found.next_at) == (False, None)


def test_what_nobody_has_planned_waits_if_it_is_alive(
    store: Store, world: Any, now: datetime
) -> None:
    with store.write() as tx:
        draft = FollowUpDraft("key", "Rappeler", When(now), (Assignee(world.anna, owner=True),))
        follow_ups.open(tx, draft, now, now + HOUR)
    assert not _waits(store, now)


@pytest.mark.parametrize("minutes", [0, 5])
def test_a_reminder_waits_from_its_second_on(
    store: Store, world: Any, now: datetime, minutes: int
) -> None:
    at = now + minutes * MINUTE
    _reminder(store, world, now, at)
    with store.read() as tx:
        assert todo(tx, now).next_at == at
    assert not _waits(store, at - timedelta(seconds=1))
    assert _waits(store, at)


def test_what_is_in_hand_waits_when_its_claim_has_run_out_and_a_retry_at_its_time(
    store: Store, world: Any, now: datetime
) -> None:
    _reminder(store, world, now, now)
    with store.write() as tx:
        (entry,) = ledger.claim(tx, now, "one", now + 2 * MINUTE, 9)
    assert [_waits(store, now + n * MINUTE) for n in (0, 1, 2)] == [False, False, True]
    with store.write() as tx:
        ledger.retry(tx, entry.id, "451", now + 5 * MINUTE, "one")
    assert [_waits(store, now + n * MINUTE) for n in (2, 4, 5)] == [False, False, True]


def test_a_failure_waits_until_it_is_told(store: Store, world: Any, now: datetime) -> None:
    _reminder(store, world, now, now)
    with store.write() as tx:
        (entry,) = ledger.claim(tx, now, "one", now + MINUTE, 9)
        ledger.failed(tx, entry.id, "550", "one")
    assert _waits(store, now)
    with store.write() as tx:
        ledger.told(tx, [entry.id], now)
    assert not _waits(store, now)


def test_a_letter_waits(store: Store, world: Any, now: datetime) -> None:
    with store.write() as tx:
        post.put(tx, Letter("k", "1", "a@we.example", "m@we", b"x", now + HOUR), now)
    assert _waits(store, now)
    with store.write() as tx:
        post.claim(tx, now, "one", now + MINUTE, 9)
    assert [_waits(store, now), _waits(store, now + MINUTE)] == [False, True]
