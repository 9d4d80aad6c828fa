"""The clockwork: ticks wake jobs at once and again, failures end nothing, a stop is clean."""

import threading
import time

from daemon.jobs import Pool, Turn
from daemon.loop import Loop, Tick


def test_a_tick_runs_at_once_and_again() -> None:
    runs = threading.Semaphore(0)
    loop = Loop((Tick("look", 0.1, lambda _turn: runs.release()),), Pool(1))
    loop.start()
    try:
        assert all(runs.acquire(timeout=5) for _ in range(3))
        assert loop.status()["ticks"]["look"]["last"] is not None
    finally:
        assert loop.stop(5)
    assert not loop.running


def test_a_failing_tick_goes_on() -> None:
    runs = threading.Semaphore(0)

    def broken(_turn: Turn) -> None:
        runs.release()
        raise OSError("disk")

    loop = Loop((Tick("broken", 0.05, broken),), Pool(1))
    loop.start()
    try:
        assert all(runs.acquire(timeout=5) for _ in range(3))
        assert loop.running
    finally:
        loop.stop(5)
    assert loop.status()["jobs"]["failed"]["OSError"] >= 2


def test_a_slow_tick_is_never_doubled() -> None:
    inside = []
    most = []

    def slow(_turn: Turn) -> None:
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.2)
        inside.pop()

    loop = Loop((Tick("slow", 0.05, slow),), Pool(3))
    loop.start()
    time.sleep(0.7)
    loop.stop(5)
    assert len(most) >= 2
    assert max(most) == 1


def test_reload_replaces_the_ticks() -> None:
    old = threading.Semaphore(0)
    new = threading.Semaphore(0)
    loop = Loop((Tick("old", 0.05, lambda _turn: old.release()),), Pool(2))
    loop.start()
    try:
        assert old.acquire(timeout=5)
        loop.reload((Tick("new", 0.05, lambda _turn: new.release()),))
        assert new.acquire(timeout=5)
        assert list(loop.status()["ticks"]) == ["new"]
        loop.pool.idle(5)
        while old.acquire(blocking=False):
            pass
        assert not old.acquire(timeout=0.3)
    finally:
        loop.stop(5)


def test_the_keep_alive_goes_on_while_workers_are_busy_and_stops_when_one_is_overdue() -> None:
    beats = threading.Semaphore(0)
    end = threading.Event()

    def busy(turn: Turn) -> None:
        turn.within(0.6)
        end.wait(10)

    def beat(late: tuple[str, ...]) -> None:
        if not late:
            beats.release()

    loop = Loop((Tick("busy", 60, busy),), Pool(1), keep_alive=(0.05, beat))
    loop.start()
    try:
        assert all(beats.acquire(timeout=5) for _ in range(3))
        time.sleep(0.8)
        assert loop.status()["overdue"] == ["busy"]
        while beats.acquire(blocking=False):
            pass
        assert not beats.acquire(timeout=0.3)
    finally:
        end.set()
        assert loop.stop(5)
