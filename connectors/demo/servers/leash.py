"""Runs a program for as long as whoever started it lives: `python -m … leash PROGRAM ARGUMENT…`.

The starter holds the other end of our standard input. When it goes away, even killed outright,
the pipe closes and the program is ended, so that no server outlives the demo it served.
"""

import os
import signal
import subprocess
import sys
import threading

PATIENCE = 10.0


def hold(child: "subprocess.Popen[bytes]") -> None:
    """End the child once standard input is closed."""
    # Not sys.stdin: its lock, held by this thread, would break the interpreter's own end.
    while os.read(0, 4096):
        pass
    end(child)


def end(child: "subprocess.Popen[bytes]") -> None:
    """SIGTERM, and SIGKILL for one that does not listen."""
    if child.poll() is not None:
        return
    child.terminate()
    try:
        child.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()


def main(command: list[str]) -> int:
    """The program's own exit code, so that a failed start looks like one."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603  the demo's own
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda which, _frame: child.send_signal(which))
    threading.Thread(target=hold, args=(child,), daemon=True).start()
    return child.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
