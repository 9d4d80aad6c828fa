"""Whichever thread a signal strikes, the one who waits is told."""

import os
import signal
import subprocess
import sys

WAITER = """
import signal, sys, threading
from daemon.app.signals import Signals
signals = Signals(signal.SIGTERM, signal.SIGHUP)
other = threading.Thread(target=threading.Event().wait, daemon=True)
other.start()
if sys.argv[1] == "other":
    threading.Timer(0.3, signal.pthread_kill, (other.ident, signal.SIGTERM)).start()
print("ready", flush=True)
print(signals.wait().name, flush=True)
print(signals.wait().name, flush=True)
"""


def _start(how: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", WAITER, how], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    return process


def test_a_signal_that_strikes_another_thread() -> None:
    with _start("other") as process:
        assert process.stdout is not None and process.stdout.readline() == "SIGTERM\n"
        process.send_signal(signal.SIGHUP)
        assert process.communicate(timeout=10)[0] == "SIGHUP\n"
    assert process.returncode == 0


def test_a_signal_that_comes_as_the_process_is_continued() -> None:
    with _start("none") as process:
        process.send_signal(signal.SIGSTOP)
        os.waitpid(process.pid, os.WUNTRACED)
        process.send_signal(signal.SIGCONT)
        process.send_signal(signal.SIGTERM)
        assert process.stdout is not None and process.stdout.readline() == "SIGTERM\n"
        process.send_signal(signal.SIGHUP)
        assert process.communicate(timeout=10)[0] == "SIGHUP\n"
    assert process.returncode == 0
