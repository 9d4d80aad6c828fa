"""Starting a program on a leash, waiting until it answers, and ending it by its own pid."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import connectors
from connectors.errors import Unreachable

START_PATIENCE = 30.0
STOP_PATIENCE = 12.0


class Program:
    """A running program, its log, and its end; a context manager.

    A session of its own keeps the terminal's Ctrl-C away from it: the demo ends its programs
    itself, in order.
    """

    def __init__(
        self, name: str, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None
    ) -> None:
        self.name, self.log = name, log
        leash = [sys.executable, "-m", "connectors.demo.servers.leash"]
        # Where suivi runs from a checkout, its programs must find it from any directory.
        place = {"PYTHONPATH": str(Path(connectors.__file__).parents[1])}
        with log.open("ab") as out:
            self._process = subprocess.Popen(  # noqa: S603  the demo's own programs
                [*leash, *command],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, **place, **(env or {})},
            )

    @property
    def pid(self) -> int:
        """The leash's pid; signals sent to it reach the program."""
        return self._process.pid

    def ended(self) -> int | None:
        """The exit code of a program that is no longer there."""
        return self._process.poll()

    def tail(self, lines: int = 15) -> str:
        """The last lines of its log, for a report of what went wrong."""
        text = self.log.read_text("utf-8", "replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def wait_until(self, answers: Callable[[], bool], patience: float = START_PATIENCE) -> None:
        """Return once it answers; Unreachable when it has ended, or takes too long."""
        deadline = time.monotonic() + patience
        while not answers():
            if self.ended() is not None:
                raise Unreachable(f"{self.name} ended at once: {self.tail(3)}")
            if time.monotonic() > deadline:
                raise Unreachable(f"{self.name} did not answer within {patience:.0f} s")
            time.sleep(0.05)

    def stop(self) -> None:
        """End it politely, then for good."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(STOP_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()

    def __enter__(self) -> "Program":
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0
