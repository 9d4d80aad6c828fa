"""Signals, told to whoever waits for them, whichever thread they strike.

Python runs its handlers in the main thread, but nothing wakes that one when the system chose
another, as it does for a process that was just continued. Only the number written to the wake-up
descriptor arrives from any thread.
"""

import contextlib
import signal
import socket
from types import FrameType

from daemon.rollcall import Answer, Calls


class Signals:
    """Takes these signals from now on; made in the main thread."""

    def __init__(self, *numbers: signal.Signals) -> None:
        self._numbers = numbers
        self._calls = Calls()
        self._told, self._teller = socket.socketpair()
        self._teller.settimeout(0)
        for number in numbers:
            signal.signal(number, _noted)
        signal.set_wakeup_fd(self._teller.fileno(), warn_on_full_buffer=False)

    def wait(self) -> signal.Signals:
        """The next one that came."""
        while True:
            (number,) = self._told.recv(1)
            if number in self._numbers:
                return signal.Signals(number)
            self._calls.answer()

    def send(self, number: signal.Signals) -> None:
        """As if this one had come."""
        with contextlib.suppress(BlockingIOError):
            # Where it finds no room, enough others wait.
            self._teller.send(bytes([number]))

    def call(self, answer: Answer) -> None:
        """Has `answer` called in the thread that waits (`daemon.rollcall`)."""
        self._calls.call(answer)
        with contextlib.suppress(BlockingIOError):
            # 0 is no signal. Where it finds no room, others wake the thread.
            self._teller.send(b"\0")


def _noted(_number: int, _frame: FrameType | None) -> None:
    # A handler may interrupt anything; without one the process would end.
    pass
