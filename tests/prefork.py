"""suivi's processes in the tests, forked from one that has imported it: each begins at once.

A command that is run for a test is a process of its own, with an environment, a directory and open
files of its own, as if it had been started by its name; only that Python and suivi are there
already, which is most of what a short one takes. They share a seed of hashes; that nothing hangs on
it is tried by tests/rules/test_ruleset.py and the demo, which are started by name.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, NoReturn

ROOT = Path(__file__).parents[1]
_LARGEST = 1 << 18
_LOADED = (
    *("alembic.command", "psycopg", "connectors.caldav", "connectors.smtp", "daemon.app.run"),
    *("daemon.app.service", "daemon.app.checkup.everything", "daemon.rulefiles.watch"),
)


class Started:
    """A process, with what tests ask of `subprocess.Popen`."""

    def __init__(self, status: IO[str]) -> None:
        self._status = status
        self.pid = int(status.readline())
        self.returncode: int | None = None
        self._ended = threading.Thread(target=self._await, daemon=True)
        self._ended.start()

    def _await(self) -> None:
        with self._status:
            self.returncode = int(self._status.readline() or -signal.SIGKILL)

    def poll(self) -> int | None:
        """Its exit code if it has ended; negative: the signal that ended it."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, when it has ended. Raises subprocess.TimeoutExpired."""
        self._ended.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(["suivi"], timeout or 0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Nothing happens to one that has ended."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


def start(
    arguments: Sequence[str],
    env: Mapping[str, str],
    stdout: IO[bytes],
    stderr: IO[bytes],
    cwd: Path | None = None,
) -> Started:
    """`suivi` with these arguments, and nothing of this process but these two files."""
    read, write = os.pipe()
    asked = {"arguments": list(arguments), "env": dict(env), "cwd": str(cwd or Path.cwd())}
    fds = [stdout.fileno(), stderr.fileno(), write]
    socket.send_fds(_server(), [json.dumps(asked).encode()], fds)
    os.close(write)
    return Started(os.fdopen(read))


def run(
    arguments: Sequence[str], env: Mapping[str, str], timeout: float, cwd: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    """The same to its end, with what it said."""
    # Files, not pipes: one that says much must not wait for a reader.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = start(arguments, env, out, err, cwd)
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        said = [_text(file) for file in (out, err)]
    return subprocess.CompletedProcess(["suivi", *arguments], code, *said)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode().replace("\r\n", "\n")


@cache
def _server() -> socket.socket:
    """The other end of the process that forks; it ends with this one."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SUIVI_", "LC_", "LANG"))}
    process = subprocess.Popen(
        [sys.executable, __file__, str(theirs.fileno())],
        pass_fds=[theirs.fileno()],
        env={**kept, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
    )
    theirs.close()

    def end() -> None:
        ours.close()
        process.wait(30)

    atexit.register(end)
    return ours


# ------------------------------------------------------------------------------ the other side


def _serve(door: socket.socket) -> None:
    from daemon import cli
    from daemon.cli import main

    for name in (
        *_LOADED,
        *(f"daemon.cli.{one.name}" for one in pkgutil.iter_modules(cli.__path__)),
    ):
        if name != "daemon.cli.__main__":
            importlib.import_module(name)
    gc.freeze()
    # Ctrl-C is for the tests; who is waited for by nobody leaves nothing behind.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        data, fds, _, _ = socket.recv_fds(door, _LARGEST, 3)
        if not data:
            return
        if os.fork() == 0:
            door.close()
            _watch(json.loads(data), fds, main)
        for fd in fds:
            os.close(fd)


def _watch(asked: dict[str, object], fds: list[int], main: object) -> NoReturn:
    """Start it, and tell of its end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    out, err, status = fds
    child = os.fork()
    if child == 0:
        os.close(status)
        _become(asked, out, err, main)
    os.close(out)
    os.close(err)
    os.write(status, b"%d\n" % child)
    _, ended = os.waitpid(child, 0)
    # The tests may have gone.
    with contextlib.suppress(BrokenPipeError):
        os.write(status, b"%d\n" % os.waitstatus_to_exitcode(ended))
    os._exit(0)


def _become(asked: dict[str, object], out: int, err: int, main: object) -> NoReturn:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, fd in enumerate((nothing, out, err)):
        os.dup2(fd, number)
        os.close(fd)
    env, arguments = asked["env"], asked["arguments"]
    assert isinstance(env, dict) and isinstance(arguments, list) and callable(main)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    os.chdir(str(asked["cwd"]))
    sys.argv = ["suivi", *arguments]
    code: object = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001  told, as the interpreter does
        traceback.print_exc()
        code = 1
    if not isinstance(code, int | None):
        print(code, file=sys.stderr)
        code = 1
    # As at the end of an interpreter: threads, then what was registered.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or 0)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
