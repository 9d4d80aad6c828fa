"""Crash drills: the process really dies, at the step and time it was told."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from daemon import steps
from daemon.config import ConfigError

DRILL = """
import sys, time
from daemon import steps
steps.arm(sys.argv[1])
for n in range(1, 6):
    print(n, flush=True)
    steps.reached("mail.decided")
    steps.reached("mail.committed")
    time.sleep(float(sys.argv[2]))
"""


def drill(spec: str, pause: float = 0) -> tuple[int, list[str]]:
    command = [sys.executable, "-c", DRILL, spec, str(pause)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout.split()


def test_it_dies_at_the_nth_time() -> None:
    assert drill("mail.committed:2") == (-signal.SIGKILL, ["1", "2"])


def test_it_sleeps_at_the_nth_time_and_goes_on() -> None:
    command = [sys.executable, "-c", DRILL, "mail.committed:2:stop", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        process.send_signal(signal.SIGCONT)
        said, _ = process.communicate(timeout=60)
    assert (process.returncode, said.split()) == (0, list("12345"))


def test_once_is_the_default() -> None:
    assert drill("mail.decided") == (-signal.SIGKILL, ["1"])


def test_a_step_that_is_not_reached_kills_nothing() -> None:
    assert drill("reminder.sent:1") == (0, list("12345"))


def test_a_random_moment_is_the_same_for_the_same_seed() -> None:
    code, said = drill("random:7:300", 0.4)
    assert code == -signal.SIGKILL
    assert len(said) < 5


@pytest.mark.parametrize(
    "spec",
    [
        "mail.comitted",
        "mail.committed:0",
        "mail.committed:x",
        "mail.committed:1:x",
        "random:1",
        "random:1:0",
    ],
)
def test_a_wrong_drill_is_a_configuration_error(spec: str) -> None:
    with pytest.raises(ConfigError, match="SUIVI_CRASH_AT"):
        steps.arm(spec)


def test_every_step_is_named_in_the_code_and_no_other_is() -> None:
    daemon = Path(steps.__file__).parent
    named = {
        name
        for file in daemon.rglob("*.py")
        for name in re.findall(r"\breached\(\s*\"([^\"]+)\"", file.read_text())
    }
    assert named == set(steps.STEPS)
