"""The ledger: each reminder is planned once, claimed by one, and sent with the same bytes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from daemon.store import ClaimLost, Store, Tx, follow_ups, ledger, open_store
from rules.model.followups import (
    Assignee,
    Due,
    FollowUpDraft,
    FollowUpId,
    LedgerEntry,
    LedgerState,
)
from rules.model.sightings import When

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def follow_up(store: Store, world: Any, now: datetime) -> FollowUpId:
    return _opened(store, world, now)


def _opened(store: Store, world: Any, now: datetime) -> FollowUpId:
    draft = FollowUpDraft("k1", "Call", When(now + HOUR), (Assignee(world.anna, owner=True),))
    with store.write() as tx:
        return follow_ups.open(tx, draft, now, now)[0].id


def _due(follow_up: FollowUpId, world: Any, at: datetime, version: int = 1, **other: Any) -> Due:
    facts = {"before": HOUR, "recipient": world.anna, "occurrence": ""} | other
    return Due(follow_up=follow_up, schedule_version=version, at=at, **facts)


def _claim(
    store: Store, now: datetime, owner: str = "one", limit: int = 10
) -> tuple[LedgerEntry, ...]:
    with store.write() as tx:
        return ledger.claim(tx, now, owner, now + MINUTE, limit)


def _rendered(tx: Tx, entry: Any, message_id: str, mail: bytes) -> LedgerEntry | None:
    """What stands there after its holder has kept these bytes; None when nobody holds it."""
    owner = tx.execute(sa.text("SELECT claimed_by FROM ledger WHERE id = :id"), {"id": entry})
    kept = ledger.rendered(tx, [(entry, message_id, mail)], owner.scalar() or "nobody")
    return ledger.get(tx, entry) if kept else None


def _state(store: Store, entry: LedgerEntry) -> LedgerState:
    with store.read() as tx:
        return ledger.get(tx, entry.id).state


def test_a_reminder_is_planned_once(
    store: Store, world: Any, now: datetime, follow_up: FollowUpId
) -> None:
    due = _due(follow_up, world, now)
    with store.write() as tx:
        assert ledger.plan(tx, [due], now) == 1
        assert ledger.plan(tx, [due], now) == 0
        others = [
            _due(follow_up, world, now, version=2),
            _due(follow_up, world, now, recipient=world.bob),
            _due(follow_up, world, now, before=2 * HOUR),
        ]
        assert ledger.plan(tx, others, now) == 3
        entries = ledger.of(tx, follow_up)
        assert entries == ledger.all_open(tx)
        assert [e.due for e in entries] == [due, *others]
        assert ledger.counts(tx)[LedgerState.DUE] == 4


def test_it_goes_its_way_from_due_to_sent(
    store: Store, world: Any, now: datetime, follow_up: FollowUpId
) -> None:
    with store.write() as tx:
        ledger.plan(tx, [_due(follow_up, world, now)], now)
    assert _claim(store, now - MINUTE) == ()
    (entry,) = _claim(store, now)
    assert (entry.state, entry.attempts, entry.mail) == (LedgerState.CLAIMED, 1, None)
    assert _claim(store, now, "two") == ()
    with store.write() as tx:
        rendered = _rendered(tx, entry.id, "id@we", b"first")
        # The bytes rendered first stay.
        assert _rendered(tx, entry.id, "other@we", b"second") == rendered
        assert (rendered.message_id, rendered.mail) == ("id@we", b"first")
        assert "first" not in repr(rendered)
        ledger.sending(tx, entry.id, "one")
        ledger.sent(tx, entry.id, now)
        done = ledger.get(tx, entry.id)
        assert (done.state, done.mail, done.message_id) == (LedgerState.SENT, None, "id@we")
        ledger.void(tx, entry.id, "too late for that")
        ledger.retry(tx, entry.id, "late answer", now)
        assert ledger.get(tx, entry.id) == done
        assert ledger.all_open(tx) == ()
    assert _claim(store, now + 9 * HOUR) == ()


def test_a_retry_sends_the_same_bytes_when_its_time_has_come(
    store: Store, world: Any, now: datetime, follow_up: FollowUpId
) -> None:
    with store.write() as tx:
        ledger.plan(tx, [_due(follow_up, world, now)], now)
    (entry,) = _claim(store, now)
    with store.write() as tx:
        _rendered(tx, entry.id, "id@we", b"bytes")
        ledger.sending(tx, entry.id)
        ledger.retry(tx, entry.id, "451 later", now + 5 * MINUTE)
    assert _claim(store, now + 4 * MINUTE) == ()
    (again,) = _claim(store, now + 5 * MINUTE, "two")
    assert (again.state, again.attempts) == (LedgerState.CLAIMED, 2)
    assert (again.mail, again.last_error) == (b"bytes", "451 later")
    with store.write() as tx:
        ledger.unknown(tx, entry.id, "no answer", now + HOUR)
    assert _claim(store, now + 59 * MINUTE) == ()
    (unsure,) = _claim(store, now + HOUR)
    assert (unsure.state, unsure.mail, unsure.attempts) == (LedgerState.CLAIMED, b"bytes", 3)
    assert _claim(store, now + HOUR) == ()
    with store.write() as tx:
        ledger.failed(tx, entry.id, "550 no such user")
        assert ledger.get(tx, entry.id).mail is None
    assert _claim(store, now + 9 * HOUR) == ()


def test_troubles_are_those_that_failed_or_wait_after_a_failure(
    store: Store, world: Any, now: datetime, follow_up: FollowUpId
) -> None:
    hours = [timedelta(hours=n) for n in range(4)]
    with store.write() as tx:
        dues = [_due(follow_up, world, now - h, before=h) for h in hours]
        ledger.plan(tx, dues, now)
    oldest, retried, well, waiting = _claim(store, now)
    with store.write() as tx:
        ledger.failed(tx, oldest.id, "550 no such user")
        ledger.retry(tx, retried.id, "451 come back later", now + hours[1])
        ledger.sent(tx, well.id, now)
        found = ledger.troubles(tx)
    assert [(e.id, e.last_error) for e in found] == [
        (retried.id, "451 come back later"),
        (oldest.id, "550 no such user"),
    ]
    assert waiting.id not in {e.id for e in found}


@pytest.mark.parametrize("sending", [False, True])
def test_what_a_dead_owner_left_is_taken_over_with_its_bytes(
    store: Store, world: Any, now: datetime, follow_up: FollowUpId, sending: bool
) -> None:
    with store.write() as tx:
        ledger.plan(tx, [_due(follow_up, world, now)], now)
    (entry,) = _claim(store, now, "dead")
    with store.write() as tx:
        _rendered(tx, entry.id, "id@we", b"bytes")
        if sending:
            ledger.sending(tx, entry.id)
    assert _claim(store, now + MINUTE - timedelta(seconds=1), "two") == ()
    (taken,) = _claim(store, now + MINUTE, "two")
    assert taken.state is LedgerState.CLAIMED
    assert (taken.mail, taken.message_id) == (b"bytes", "id@we")
    # The dead one was only asleep.
    with pytest.raises(ClaimLost), store.write() as tx:
        ledger.sending(tx, entry.id, "dead")


def test_handing_over_makes_the_claim_last_anew(
    store: Store, world: Any, now: datetime, follow_up: FollowUpId
) -> None:
    with store.write() as tx:
        ledger.plan(tx, [_due(follow_up, world, now)], now)
    (entry,) = _claim(store, now)
    with store.write() as tx:
        _rendered(tx, entry.id, "id@we", b"bytes")
        ledger.sending(tx, entry.id, "one", now + HOUR)
    assert _claim(store, now + 59 * MINUTE, "two") == ()
    (taken,) = _claim(store, now + HOUR, "two")
    assert taken.mail == b"bytes"


def test_the_answer_of_one_who_lost_the_claim_takes_it_from_nobody(
    store: Store, world: Any, now: datetime, follow_up: FollowUpId
) -> None:
    with store.write() as tx:
        ledger.plan(tx, [_due(follow_up, world, now)], now)
    (entry,) = _claim(store, now, "asleep")
    with store.write() as tx:
        _rendered(tx, entry.id, "id@we", b"bytes")
        ledger.sending(tx, entry.id, "asleep")
    (taken,) = _claim(store, now + MINUTE, "awake")
    with store.write() as tx:
        ledger.retry(tx, entry.id, "451", now, "asleep")
        ledger.unknown(tx, entry.id, "no answer", now, "asleep")
        ledger.failed(tx, entry.id, "550", "asleep")
        assert ledger.get(tx, entry.id) == taken
        ledger.sending(tx, entry.id, "awake")
        # That the server took it is true whoever says it.
        ledger.sent(tx, entry.id, now)
    assert _state(store, entry) is LedgerState.SENT


def test_two_owners_never_claim_the_same(
    url: str, populated: Callable[[str], Any], now: datetime
) -> None:
    world = populated(url)
    store = open_store(url)
    follow_up = _opened(store, world, now)
    with store.write() as tx:
        dues = [_due(follow_up, world, now, before=n * MINUTE) for n in range(60)]
        ledger.plan(tx, dues, now)

    def work(owner: str) -> list[int]:
        mine, got = open_store(url), []
        while True:
            with mine.write() as tx:
                some = ledger.claim(tx, now, owner, now + HOUR, 7)
            if not some:
                mine.close()
                return got
            assert len(some) <= 7
            got += [e.id for e in some]

    with ThreadPoolExecutor(4) as pool:
        claimed = [i for ids in pool.map(work, "abcd") for i in ids]
    store.close()
    assert len(claimed) == 60
    assert len(set(claimed)) == 60


def test_a_void_reminder_is_not_sent_and_comes_back_with_its_assignee(
    store: Store, world: Any, now: datetime, follow_up: FollowUpId
) -> None:
    due = _due(follow_up, world, now + HOUR)
    with store.write() as tx:
        ledger.plan(tx, [due], now)
        (entry,) = ledger.of(tx, follow_up)
        ledger.void(tx, entry.id, "reassigned")
        assert ledger.get(tx, entry.id).state is LedgerState.VOID
    assert _claim(store, now + HOUR) == ()
    with store.write() as tx:
        # Too late to come back; in time it does.
        assert ledger.plan(tx, [due], now + 2 * HOUR) == 0
        assert ledger.plan(tx, [due], now) == 1
    (again,) = _claim(store, now + HOUR)
    with store.write() as tx:
        _rendered(tx, again.id, "id@we", b"bytes")
        ledger.sending(tx, again.id)
        ledger.void(tx, again.id, "done")
        # It may have arrived: never a second one under the same name.
        assert ledger.plan(tx, [due], now) == 0
        assert _rendered(tx, again.id, "id@we", b"bytes") is None
        ledger.sending(tx, again.id)
        ledger.retry(tx, again.id, "451", now)
        assert ledger.get(tx, again.id).state is LedgerState.VOID
        ledger.sent(tx, again.id, now)
    assert _state(store, again) is LedgerState.SENT


def test_a_waiting_reminder_moves_with_the_zone_of_its_recipient(
    store: Store, world: Any, now: datetime, follow_up: FollowUpId
) -> None:
    with store.write() as tx:
        ledger.plan(tx, [_due(follow_up, world, now + HOUR)], now)
        assert ledger.plan(tx, [_due(follow_up, world, now + 2 * HOUR)], now) == 1
        (entry,) = ledger.of(tx, follow_up)
    assert entry.due.at == now + 2 * HOUR


def test_what_was_the_death_of_its_owner_comes_after_all_others_and_then_alone(
    store: Store, world: Any, now: datetime, follow_up: FollowUpId
) -> None:
    with store.write() as tx:
        dues = [_due(follow_up, world, now - n * MINUTE, before=n * MINUTE) for n in range(16)]
        ledger.plan(tx, dues, now)
    _poison, written, third, *_ = _claim(store, now - MINUTE, "dead", 50)
    with store.write() as tx:
        _rendered(tx, written.id, "id@we", b"bytes")
        ledger.retry(tx, third.id, "451", now + MINUTE, "dead")
        fresh = next(e.id for e in ledger.all_open(tx) if e.due.at == now)
    # First what is new, then what waited, then what is written; the unwritten a few at a time.
    later, unwritten = now + MINUTE, 13
    batches = [[e.id for e in _claim(store, later, "two", 50)] for _ in range(4)]
    assert batches[0] == [fresh, third.id, written.id]
    assert [len(batch) for batch in batches] == [3, ledger.FEW, unwritten - ledger.FEW, 0]
    assert len({i for batch in batches for i in batch}) == 3 + unwritten
    # Once more somebody died: from now on each alone, so that only one can be in the way.
    latest = later + MINUTE
    with store.write() as tx:
        for id_ in batches[0]:
            ledger.sent(tx, id_, later)
    assert [len(_claim(store, latest, "three", 50)) for _ in range(unwritten + 1)] == [
        *([1] * unwritten),
        0,
    ]


def test_a_tick_finds_what_is_due_by_an_index(store: Store, now: datetime, url: str) -> None:
    if not url.startswith("sqlite"):
        pytest.skip("PostgreSQL's planner decides by the size of the table")
    with store.read() as tx:
        for query in (*ledger._claimable(now), ledger._unwritten(now), ledger._unwritten(now, 1)):
            said = str(query.limit(50).compile(tx, compile_kwargs={"literal_binds": True}))
            plan = " ".join(map(str, tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}")))
            assert "SEARCH ledger USING" in plan, plan
            assert "SCAN" not in plan
