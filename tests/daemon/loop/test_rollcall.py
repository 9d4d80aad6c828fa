"""The roll call: who lives answers, whoever hangs or has ended is overdue."""

import threading
import time

from daemon.jobs import Pool
from daemon.loop import Loop
from daemon.rollcall import Calls, RollCall


def test_who_answers_is_not_overdue() -> None:
    roll = RollCall()
    roll.enter("quick", lambda answer: answer(), within=0)
    for _ in range(3):
        roll.call()
        time.sleep(0.01)
        assert roll.overdue() == ()


def test_who_does_not_answer_in_time_is_overdue_until_it_answers() -> None:
    roll, calls = RollCall(), Calls()
    roll.enter("slow", calls.call, within=0.05)
    roll.enter("patient", Calls().call, within=60)
    roll.call()
    assert roll.overdue() == ()
    time.sleep(0.1)
    assert roll.overdue() == ("slow",)
    roll.call()
    calls.answer()
    assert roll.overdue() == ()


def test_a_loop_that_has_ended_is_overdue() -> None:
    def ended(_answer: object) -> None:
        raise RuntimeError("Event loop is closed")

    roll = RollCall()
    roll.enter("http", ended, within=0.01)
    roll.call()
    time.sleep(0.05)
    assert roll.overdue() == ("http",)


def test_the_keep_alive_is_told_of_a_thread_that_died() -> None:
    told: list[tuple[str, ...]] = []
    calls, roll = Calls(), RollCall()
    end = threading.Event()

    def look_round() -> None:
        while not end.wait(0.01):
            calls.answer()

    thread = threading.Thread(target=look_round)
    thread.start()
    roll.enter("looker", calls.call, within=0.2)
    loop = Loop((), Pool(1), (0.05, told.append), roll)
    loop.start()
    try:
        time.sleep(0.5)
        assert told
        assert set(told) == {()}
        end.set()
        thread.join()
        time.sleep(0.5)
        assert told[-1] == ("looker",)
        assert loop.status()["overdue"] == ["looker"]
    finally:
        end.set()
        assert loop.stop(5)
