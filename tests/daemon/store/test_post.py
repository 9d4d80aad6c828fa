"""The post: each letter is put once, claimed by one, and sent with the same bytes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from daemon.store import ClaimLost, Store, open_store, post
from daemon.store.post import Letter, Posted
from rules.model.followups import LedgerState

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def _letter(now: datetime, key: str = "1", **other: Any) -> Letter:
    facts = {"recipient": "ann@we.example", "mail": b"bytes", "useful_until": now + HOUR} | other
    return Letter("answer", key, message_id=f"{key}@we", **facts)


def _put(store: Store, letter: Letter, now: datetime) -> bool:
    with store.write() as tx:
        return post.put(tx, letter, now)


def _claim(store: Store, now: datetime, owner: str = "one") -> tuple[Posted, ...]:
    with store.write() as tx:
        return post.claim(tx, now, owner, now + MINUTE, 10)


def test_a_letter_is_put_once(store: Store, now: datetime) -> None:
    assert _put(store, _letter(now), now)
    assert not _put(store, _letter(now, mail=b"others"), now)
    with store.write() as tx:
        (only,) = post.waiting(tx)
        assert (only.mail, only.state) == (b"bytes", LedgerState.DUE)
        assert "bytes" not in repr(only)
        assert post.written(tx, "answer", "ann@we.example", now - MINUTE) == 1
        assert post.written(tx, "answer", "ann@we.example", now) == 0
        assert post.written(tx, "notice", "ann@we.example", now - MINUTE) == 0
    # Also when it is over.
    (claimed,) = _claim(store, now)
    with store.write() as tx:
        post.sending(tx, claimed.id, "one", now + MINUTE)
        post.sent(tx, claimed.id, now)
    assert not _put(store, _letter(now), now)
    assert _claim(store, now + HOUR) == ()
    with store.read() as tx:
        found = post.get(tx, "answer", "1")
        assert found is not None
        assert (found.state, found.mail) == (LedgerState.SENT, None)
        assert post.get(tx, "answer", "2") is None


def test_one_is_claimed_by_one_and_again_when_its_owner_died(store: Store, now: datetime) -> None:
    _put(store, _letter(now), now)
    (claimed,) = _claim(store, now)
    assert (claimed.state, claimed.attempts) == (LedgerState.CLAIMED, 1)
    assert _claim(store, now, "two") == ()
    (again,) = _claim(store, now + MINUTE, "two")
    assert (again.state, again.attempts) == (LedgerState.CLAIMED, 2)
    assert (again.mail, again.handed_over) == (b"bytes", False)
    with store.write() as tx:
        # The first one was suspended meanwhile: it must send nothing, and settle nothing.
        with pytest.raises(ClaimLost):
            post.sending(tx, claimed.id, "one", now + HOUR)
        post.failed(tx, claimed.id, "late", "one")
        post.sending(tx, claimed.id, "two", now + 2 * MINUTE)
    (unsure,) = _claim(store, now + 2 * MINUTE, "one")
    assert (unsure.state, unsure.handed_over) == (LedgerState.SENDING, True)


def test_a_failure_waits_and_a_refusal_ends_it(store: Store, now: datetime) -> None:
    for key in ("retry", "unknown", "refused", "late"):
        _put(store, _letter(now, key), now)
    retry, unknown, refused, late = _claim(store, now)
    with store.write() as tx:
        post.retry(tx, retry.id, "451 later", now + 5 * MINUTE, "one")
        post.sending(tx, unknown.id, "one", now + MINUTE)
        post.unknown(tx, unknown.id, "no answer", now + 5 * MINUTE, "one")
        post.failed(tx, refused.id, "550 no such user", "one")
        post.void(tx, late.id, "too late", "one")
        assert [p.key for p in post.troubles(tx)] == ["refused", "unknown", "retry"]
        assert [p.key for p in post.waiting(tx)] == ["retry", "unknown"]
    assert _claim(store, now + 4 * MINUTE) == ()
    again = _claim(store, now + 5 * MINUTE)
    assert [(p.key, p.state, p.mail) for p in again] == [
        ("retry", LedgerState.CLAIMED, b"bytes"),
        ("unknown", LedgerState.SENDING, b"bytes"),
    ]


def test_two_at_once_never_both_claim(url: str, store: Store, now: datetime) -> None:
    for number in range(40):
        _put(store, _letter(now, str(number)), now)
    other = open_store(url)
    try:
        with ThreadPoolExecutor(2) as pool:
            jobs = [
                pool.submit(_claim, one, now, f"{turn}")
                for turn in range(4)
                for one in (store, other)
            ]
            keys = [posted.key for job in jobs for posted in job.result()]
    finally:
        other.close()
    assert sorted(keys) == sorted(map(str, range(40)))
