"""Checks side by side: in order, each with a time limit, and none stops another."""

import threading
import time
from collections.abc import Iterator

import pytest

from daemon.app.checkup.lines import CheckLine, Health, ok
from daemon.app.checkup.patience import Trial, tried


def good(name: str, seconds: float = 0) -> Trial:
    def run() -> Iterator[CheckLine]:
        time.sleep(seconds)
        yield ok("server", "fine", name)

    return Trial("server", name, run)


def hanging(name: str, until: threading.Event) -> Trial:
    def run() -> Iterator[CheckLine]:
        yield ok("server", "greets", name)
        until.wait(60)
        yield ok("server", "too late", name)

    return Trial("server", name, run)


def test_lines_come_in_the_order_of_the_trials() -> None:
    trials = [good(str(n), 0.2 if n % 3 == 0 else 0) for n in range(20)]
    lines = list(tried(trials, 10, "late", at_once=8))
    assert [line.name for line in lines] == [str(n) for n in range(20)]
    assert {line.health for line in lines} == {Health.OK}


def test_one_that_hangs_is_told_and_stops_nobody() -> None:
    until = threading.Event()
    began = time.monotonic()
    try:
        lines = list(tried([hanging("a", until), good("b"), good("c")], 0.5, "late"))
    finally:
        until.set()
    assert time.monotonic() - began < 5
    assert [(line.name, line.health.value, line.detail) for line in lines] == [
        ("a", "ok", "greets"),
        ("a", "bad", "late"),
        ("b", "ok", "fine"),
        ("c", "ok", "fine"),
    ]


def test_more_dead_ones_than_places_leave_the_rest_their_turn() -> None:
    until = threading.Event()
    trials = [hanging(str(n), until) for n in range(6)]
    began = time.monotonic()
    try:
        lines = list(tried([*trials, good("last")], 0.3, "late", at_once=2))
    finally:
        until.set()
    assert time.monotonic() - began < 5
    assert [line.name for line in lines if line.health is Health.BAD] == list("012345")
    assert lines[-1] == ok("server", "fine", "last")


def test_a_mistake_of_ours_is_a_line_without_what_it_holds() -> None:
    def run() -> Iterator[CheckLine]:
        raise KeyError("a-password")
        yield

    (line, after) = tried([Trial("server", "a", run), good("b")], 10, "late")
    assert line.health is Health.BAD
    assert line.detail.startswith("unexpected KeyError at test_patience.py:")
    assert "a-password" not in line.detail
    assert after.health is Health.OK


@pytest.mark.parametrize("at_once", [1, 3])
def test_at_most_so_many_at_once(at_once: int) -> None:
    now, most, lock = 0, 0, threading.Lock()

    def run() -> Iterator[CheckLine]:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.05)
        with lock:
            now -= 1
        yield ok("server", "fine")

    list(tried([Trial("server", "", run)] * 8, 10, "late", at_once=at_once))
    assert most == at_once
