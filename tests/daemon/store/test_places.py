"""Accounts, folders, calendars: who works on them, and the proof of what was judged."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from daemon.store import (
    LeaseLost,
    StaleDirectory,
    Store,
    accounts,
    calendar_homes,
    calendars,
    exchanges,
    folders,
    open_store,
    people,
)
from daemon.store.folders import merged
from daemon.store.tables import places
from rules.model.decisions import Reason, Verdict
from rules.model.people import Level, ThirdParty, ThirdPartyId
from rules.model.sightings import FolderRole
from rules.model.wire import CalendarInfo, FolderInfo, FolderState, Homes

TTL = timedelta(seconds=30)


def _version(store: Store) -> int:
    with store.read() as tx:
        return people.directory_version(tx)


def _someone_is_added(store: Store, code: str) -> None:
    with store.write() as tx:
        people.put_third_party(tx, ThirdParty(ThirdPartyId(0), code, code))


def test_an_account_has_one_worker(store: Store, world: Any, now: datetime) -> None:
    with store.write() as tx:
        first = accounts.lease(tx, world.annas, "one", now, TTL)
        assert first is not None
        assert accounts.lease(tx, world.annas, "two", now, TTL) is None
        # Nor its own owner a second time.
        assert accounts.lease(tx, world.annas, "one", now, TTL) is None
        assert accounts.lease(tx, world.bobs, "two", now, TTL) is not None
        accounts.release(tx, first)
        second = accounts.lease(tx, world.annas, "two", now, TTL)
        assert second is not None
        assert second.epoch == first.epoch + 1
        accounts.fence(tx, second)
        with pytest.raises(LeaseLost):
            accounts.fence(tx, first)
        # A late release of the first takes nothing from the second.
        accounts.release(tx, first)
        accounts.fence(tx, second)


def test_an_owner_that_pauses_commits_nothing_when_it_wakes(
    store: Store, world: Any, now: datetime
) -> None:
    with store.write() as tx:
        paused = accounts.lease(tx, world.annas, "paused", now, TTL)
    later = now + TTL
    with store.write() as tx:
        other = accounts.lease(tx, world.annas, "other", later, TTL)
        assert other is not None
    with pytest.raises(LeaseLost), store.write() as tx:
        world.record(tx)
        accounts.fence(tx, paused)
    with store.read() as tx:
        assert exchanges.history(tx) == ()


def test_nobody_takes_an_account_between_fence_and_commit(
    url: str, populated: Callable[[str], Any], now: datetime
) -> None:
    world = populated(url)
    mine, other = open_store(url), open_store(url)
    fenced, taken = threading.Event(), []

    def take() -> None:
        fenced.wait()
        with other.write() as tx:
            taken.append(accounts.lease(tx, world.annas, "other", now + 2 * TTL, TTL))

    thread = threading.Thread(target=take)
    thread.start()
    with mine.write() as tx:
        held = accounts.lease(tx, world.annas, "mine", now, TTL)
    with mine.write() as tx:
        accounts.fence(tx, held)
        fenced.set()
        thread.join(0.3)
        assert taken == []
    thread.join()
    assert taken[0].epoch == held.epoch + 1
    mine.close()
    other.close()


def test_a_fence_told_the_time_keeps_the_account(store: Store, world: Any, now: datetime) -> None:
    with store.write() as tx:
        held = accounts.lease(tx, world.annas, "one", now, TTL)
        accounts.fence(tx, held, now + TTL / 2)
        assert accounts.lease(tx, world.annas, "two", now + TTL, TTL) is None


def test_of_many_at_once_one_gets_the_lease(
    url: str, populated: Callable[[str], Any], now: datetime
) -> None:
    world = populated(url)

    def take(name: str) -> object:
        store = open_store(url)
        try:
            with store.write() as tx:
                return accounts.lease(tx, world.annas, name, now, TTL)
        finally:
            store.close()

    with ThreadPoolExecutor(6) as pool:
        leases = list(pool.map(take, "abcdef"))
    assert sum(lease is not None for lease in leases) == 1


def test_the_status_of_an_account_tells_how_it_fares(
    store: Store, world: Any, now: datetime
) -> None:
    then = now + timedelta(minutes=5)
    with store.write() as tx:
        for _ in range(2):
            accounts.note_trouble(tx, world.annas, "imap: refused", now, then)
        status = next(s for s in accounts.statuses(tx) if s.id == world.annas)
        assert (status.failures, status.last_error, status.next_try_at) == (
            2,
            "imap: refused",
            then,
        )
        assert (status.failing_since, status.last_ok_at) == (now, None)
        accounts.note_ok(tx, world.annas, then)
        status = next(s for s in accounts.statuses(tx) if s.id == world.annas)
        assert (status.failures, status.last_error, status.last_ok_at) == (0, "", then)
        assert (status.next_try_at, status.failing_since) == (None, None)
        again = accounts.declare(tx, "mail", "anna", "new", None, Level.SUBJECT, then)
        assert again == world.annas
        accounts.retire(tx, again, then)
        assert accounts.lease(tx, again, "one", then, TTL) is None


def test_judged_ranges_grow_together(store: Store, world: Any) -> None:
    version = _version(store)
    with store.write() as tx:
        for lo, hi in ((1, 10), (21, 30), (11, 15), (14, 22), (40, 40)):
            folders.judge(tx, world.inbox, 7, lo, hi, version, "r1")
        assert folders.judged(tx, world.inbox, 7, version, "r1") == ((1, 30), (40, 40))
        rows = tx.execute(sa.select(sa.func.count()).select_from(places.judged_range)).scalar()
        assert rows == 2
        # Other rules, another UIDVALIDITY, another directory: all is to be judged again.
        assert folders.judged(tx, world.inbox, 7, version, "r2") == ()
        assert folders.judged(tx, world.inbox, 8, version, "r1") == ()
        assert folders.judged(tx, world.inbox, 7, version + 1, "r1") == ()
        assert folders.judged(tx, world.sent, 7, version, "r1") == ()


_RANGE = st.tuples(st.integers(1, 60), st.integers(0, 9)).map(lambda t: (t[0], t[0] + t[1]))


@given(st.lists(_RANGE))
def test_merged_ranges_hold_the_same_numbers(ranges: list[tuple[int, int]]) -> None:
    whole = merged(ranges)
    assert {n for lo, hi in whole for n in range(lo, hi + 1)} == {
        n for lo, hi in ranges for n in range(lo, hi + 1)
    }
    assert all(a[1] + 1 < b[0] for a, b in pairwise(whole))


def test_a_range_judged_by_an_old_directory_is_judged_again(store: Store, world: Any) -> None:
    version = _version(store)
    with store.write() as tx:
        folders.judge(tx, world.inbox, 7, 1, 10, version, "r1")
    _someone_is_added(store, "CU7")
    with pytest.raises(StaleDirectory), store.write() as tx:
        folders.judge(tx, world.inbox, 7, 11, 20, version, "r1")
    with store.write() as tx:
        newer = people.directory_version(tx)
        assert folders.judged(tx, world.inbox, 7, newer, "r1") == ()
        folders.judge(tx, world.inbox, 7, 1, 5, newer, "r1")
        assert folders.judged(tx, world.inbox, 7, version, "r1") == ()


def test_somebody_added_while_a_range_commits_is_not_missed(
    url: str, populated: Callable[[str], Any]
) -> None:
    """Whoever wins the race: a range is never judged under a directory that it did not see."""
    world = populated(url)
    mine, other = open_store(url), open_store(url)
    version = _version(mine)
    adding = threading.Thread(target=_someone_is_added, args=(other, "CU8"))
    with mine.write() as tx:
        folders.judge(tx, world.inbox, 7, 1, 10, version, "r1")
        adding.start()
        adding.join(0.3)
    adding.join()
    with mine.read() as tx:
        now_at = people.directory_version(tx)
        assert now_at == version + 1
        assert folders.judged(tx, world.inbox, 7, now_at, "r1") == ()
    mine.close()
    other.close()


def test_a_range_that_no_directory_decides_outlives_its_changes(store: Store, world: Any) -> None:
    with store.write() as tx:
        folders.judge(tx, world.inbox, 7, 1, 10, 0, "commands")
    _someone_is_added(store, "CU7")
    with store.write() as tx:
        folders.judge(tx, world.inbox, 7, 11, 12, 0, "commands")
        assert folders.judged(tx, world.inbox, 7, 0, "commands") == ((1, 12),)


@pytest.mark.parametrize(
    ("uidvalidity", "uidnext", "left", "reset"),
    [
        (7, 1000, ((1, 500),), False),
        (7, 101, ((1, 100),), False),
        (7, 1, (), False),
        (8, 1000, (), True),
    ],
)
def test_a_folder_that_counts_anew_is_judged_anew(
    store: Store, world: Any, now: datetime, uidvalidity: int, uidnext: int, left: Any, reset: bool
) -> None:
    version = _version(store)
    info = FolderInfo("INBOX", FolderRole.INBOX)
    with store.write() as tx:
        folders.judge(tx, world.inbox, 7, 1, 500, version, "r1")
        state = FolderState("INBOX", uidvalidity, uidnext, exists=0)
        folder = folders.seen(tx, world.annas, info, state, now)
        assert (folder.id, folder.reset) == (world.inbox, reset)
        assert folders.judged(tx, folder.id, uidvalidity, version, "r1") == left
        assert [f.name for f in folders.of(tx, world.annas)] == ["INBOX"]


def test_tallies_add_up(store: Store, world: Any, now: datetime) -> None:
    ignored, recorded = (Verdict.IGNORE, Reason.NO_THIRD_PARTY), (Verdict.RECORD, Reason.MATCHED)
    with store.write() as tx:
        for counts in (Counter({ignored: 3, recorded: 1}), Counter({ignored: 4})):
            folders.tally(tx, world.inbox, now.date(), counts)
        folders.tally(tx, world.sent, now.date(), Counter({ignored: 1}))
        assert [(t.place_id, t.reason, t.count) for t in folders.tallies(tx)] == [
            (world.inbox, Reason.NO_THIRD_PARTY, 7),
            (world.inbox, Reason.MATCHED, 1),
            (world.sent, Reason.NO_THIRD_PARTY, 1),
        ]
        assert folders.tallies(tx, since=now.date() + timedelta(days=1)) == ()
        assert folders.totals(tx) == {"ignore:no-third-party": 8, "record:matched": 1}


@pytest.mark.parametrize(
    ("uid", "left"),
    [
        (1, ((2, 20),)),
        (7, ((1, 6), (8, 20))),
        (10, ((1, 9), (11, 20))),
        (20, ((1, 19),)),
        (21, ((1, 20),)),
    ],
)
def test_one_message_counts_as_judged_no_more(
    store: Store, world: Any, uid: int, left: Any
) -> None:
    version = _version(store)
    with store.write() as tx:
        for rules in ("r1", "r2"):
            folders.judge(tx, world.inbox, 7, 1, 20, version, rules)
        folders.unjudge(tx, world.inbox, 7, uid)
        for rules in ("r1", "r2"):
            assert folders.judged(tx, world.inbox, 7, version, rules) == left
        assert folders.judged_at_all(tx, world.inbox, 7) == left
        assert folders.judged_at_all(tx, world.inbox, 8) == ()


def test_only_calendars_of_watched_accounts_have_names(
    store: Store, world: Any, now: datetime
) -> None:
    with store.write() as tx:
        for account, name in ((world.annas, "Work"), (world.annas, "Home"), (world.bobs, "Work")):
            info = CalendarInfo(f"/{account}/{name}/", name, frozenset({"VEVENT"}))
            calendars.declare(tx, account, info, writes=False, dedicated=False)
        assert calendars.names(tx) == {"Work", "Home"}
        accounts.retire(tx, world.annas, now)
        assert calendars.names(tx) == {"Work"}


def test_a_calendar_remembers_its_objects_and_its_token(
    store: Store, world: Any, now: datetime
) -> None:
    info = CalendarInfo("/anna/work/", "Work", frozenset({"VEVENT", "VTODO"}))
    with store.write() as tx:
        first = calendars.declare(tx, world.annas, info, writes=True, dedicated=False)
        assert calendars.declare(tx, world.annas, info, writes=True, dedicated=False) == first
        assert calendars.get(tx, first.id) == first == calendars.target(tx, world.annas)
        assert calendars.target(tx, world.bobs) is None
        assert calendars.href(first, "a b") == "/anna/work/a%20b.ics"
        assert calendars.state(tx, first.id).token is None
        many = {f"/anna/work/{n}.ics": "1" for n in range(1200)}
        calendars.commit(tx, first.id, many, frozenset())
        calendars.commit(tx, first.id, {"/anna/work/0.ics": "2"}, list(many)[10:])
        calendars.judge_anew(tx, first.id, "rules:1")
        # Each is to be judged again as it is, and those that were are known by their etags.
        assert set(calendars.etags(tx, first.id).values()) == {calendars.ANEW}
        assert calendars.state(tx, first.id).pending
        calendars.commit(tx, first.id, dict.fromkeys(list(many)[:10], "2"), frozenset())
        assert not calendars.state(tx, first.id).pending
        calendars.caught_up(tx, first.id, "token-2", "ctag-2", now)
        state = calendars.state(tx, first.id)
        assert set(calendars.etags(tx, first.id)) == set(list(many)[:10])
    assert (state.token, state.ctag, state.judged_as) == ("token-2", "ctag-2", "rules:1")
    assert (state.compared_at, state.lied) == (now, False)
    with store.write() as tx:
        # suivi wrote over one that is listed: the server will tell of whatever happens to it.
        calendars.written(tx, first.id, "/anna/work/0.ics", "3")
        assert not calendars.state(tx, first.id).unsure
        # It made one: if that goes before it was ever listed, no token need tell.
        calendars.written(tx, first.id, "/anna/work/new.ics", "1")
        assert calendars.state(tx, first.id).unsure == {"/anna/work/new.ics"}
        assert calendars.etags(tx, first.id)["/anna/work/0.ics"] == "3"
        calendars.lied(tx, first.id, now)
        calendars.caught_up(tx, first.id, "token-3", None)
        state = calendars.state(tx, first.id)
    assert (state.token, state.ctag, state.compared_at) == ("token-3", None, now)
    assert state.lied and not state.unsure


def test_where_the_calendars_of_an_account_are_is_remembered(
    store: Store, world: Any, now: datetime
) -> None:
    work = CalendarInfo("/anna/work/", "Work", frozenset({"VEVENT"}), trusted=False)
    homes = Homes("anna https://dav.example/", "https://dav.example", ("/anna/",), "basic", (work,))
    with store.write() as tx:
        assert calendar_homes.of(tx, world.annas) is None
        calendar_homes.put(tx, world.annas, homes, now)
        told = replace(work, ctag="c", sync_token="t")
        calendar_homes.put(tx, world.annas, replace(homes, calendars=(told,)), now)
        # What changes with each change is not remembered.
        assert calendar_homes.of(tx, world.annas) == calendar_homes.Found(homes, now)
