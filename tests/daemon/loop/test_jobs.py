"""The pool: one key is never in two threads, nothing woken is forgotten, a stop ends cleanly."""

import threading
import time

import pytest

from daemon.jobs import Pool, Priority, Turn


@pytest.fixture
def pool():
    pool = Pool(3)
    yield pool
    pool.drain(5)


def test_one_key_never_runs_in_two_threads(pool: Pool) -> None:
    inside = 0
    most = 0
    runs = 0
    lock = threading.Lock()

    def job(_turn: Turn) -> None:
        nonlocal inside, most, runs
        with lock:
            inside += 1
            most = max(most, inside)
            runs += 1
        time.sleep(0.01)
        with lock:
            inside -= 1

    for _ in range(50):
        pool.submit("account", job)
        time.sleep(0.002)
    assert pool.idle(5)
    assert most == 1
    assert 2 <= runs < 50


def test_a_wake_while_running_runs_once_more_afterwards(pool: Pool) -> None:
    started = threading.Event()
    go_on = threading.Event()
    runs = []

    def job(_turn: Turn) -> None:
        runs.append(len(runs))
        started.set()
        go_on.wait(5)

    pool.submit("account", job)
    assert started.wait(5)
    for _ in range(4):
        pool.submit("account", job)
    go_on.set()
    assert pool.idle(5)
    assert runs == [0, 1]


def test_keys_run_side_by_side(pool: Pool) -> None:
    together = threading.Barrier(3, timeout=5)
    for key in "abc":
        pool.submit(key, lambda _turn: together.wait() and None)
    assert pool.idle(5)
    assert pool.status()["failed"] == {}
    assert pool.status()["done"] == 3


def test_live_goes_before_poll_before_backfill() -> None:
    pool = Pool(1)
    busy = threading.Event()
    order: list[str] = []
    pool.submit("first", lambda _turn: busy.wait(5) and None)
    time.sleep(0.05)
    for name, priority in (
        ("past", Priority.BACKFILL),
        ("poll", Priority.POLL),
        ("raised", Priority.BACKFILL),
        ("live", Priority.LIVE),
    ):
        pool.submit(name, lambda turn: order.append(turn.name), priority, name=name)
    pool.submit("raised", lambda turn: order.append(turn.name), Priority.LIVE, name="raised")
    busy.set()
    assert pool.idle(5)
    pool.drain(5)
    assert order == ["live", "raised", "poll", "past"]


def test_the_queue_is_bounded_by_keys() -> None:
    pool = Pool(1)
    busy = threading.Event()
    pool.submit("first", lambda _turn: busy.wait(5) and None)
    time.sleep(0.1)
    for _ in range(1000):
        pool.submit("other", lambda _turn: None)
    assert pool.status()["waiting"] == 1
    assert len(pool._state.order) <= 2
    busy.set()
    assert pool.drain(5)


def test_a_failing_job_is_counted_and_ends_nothing(pool: Pool) -> None:
    def broken(_turn: Turn) -> None:
        raise ValueError("no")

    for number in range(5):
        pool.submit(number, broken)
    ran = threading.Event()
    pool.submit("good", lambda _turn: ran.set())
    assert ran.wait(5)
    assert pool.idle(5)
    assert pool.status()["failed"] == {"ValueError": 5}
    assert pool.status()["done"] == 6


def test_drain_finishes_what_is_in_hand_and_drops_what_waits() -> None:
    pool = Pool(1)
    started = threading.Event()
    ended: list[str] = []

    def slow(turn: Turn) -> None:
        started.set()
        while not turn.stopping:
            time.sleep(0.01)
        time.sleep(0.1)
        ended.append("slow")

    pool.submit("slow", slow)
    pool.submit("waits", lambda _turn: ended.append("waits"))
    assert started.wait(5)
    assert pool.drain(5)
    assert ended == ["slow"]
    assert not pool.submit("late", lambda _turn: ended.append("late"))


def test_drain_is_bounded() -> None:
    pool = Pool(1)
    go_on = threading.Event()
    started = threading.Event()

    def stubborn(_turn: Turn) -> None:
        started.set()
        go_on.wait(30)

    pool.submit("stubborn", stubborn)
    assert started.wait(5)
    before = time.monotonic()
    assert not pool.drain(0.3)
    assert time.monotonic() - before < 3
    go_on.set()


def test_a_job_that_breaks_its_word_is_overdue_until_it_speaks_again(pool: Pool) -> None:
    speak = threading.Event()
    spoken = threading.Event()
    end = threading.Event()

    def job(turn: Turn) -> None:
        turn.within(0.05)
        speak.wait(5)
        turn.within(60)
        spoken.set()
        end.wait(5)

    pool.submit("sleepy", job, name="sleepy")
    time.sleep(0.2)
    assert pool.overdue() == ("sleepy",)
    speak.set()
    assert spoken.wait(5)
    assert pool.overdue() == ()
    end.set()
