"""`suivi demo --once` as a newcomer runs it; how it ends early; what it says when a step fails."""

import io
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console

from connectors.demo.company.people import company
from connectors.demo.servers.process import listens
from daemon.config import load
from daemon.demo.narrator import Narrator
from daemon.demo.settings import Places, write
from daemon.demo.story import STEPS
from daemon.demo.watch import NotObserved, must, until

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-c", "from daemon.cli import main; main()", "demo", "--once"]


def environment(tmp: Path) -> dict[str, str]:
    """Nothing of ours shows through: an empty home, a temporary directory of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SUIVI_", "LC_", "LANG"))}
    (tmp / "t").mkdir()
    return {**kept, "HOME": str(tmp), "TMPDIR": str(tmp / "t"), "PYTHONPATH": str(ROOT)}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_step_of_the_story_is_observed(tmp_path: Path, language: str) -> None:
    start = time.monotonic()
    done = subprocess.run(
        [*COMMAND, "--language", language, "--keep", str(tmp_path / "kept")],
        capture_output=True,
        text=True,
        timeout=150,
        env=environment(tmp_path),
        check=False,
    )
    seconds = time.monotonic() - start
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr
    assert done.stderr == ""
    assert seconds < 60
    numbers = re.findall(r"^ +(\d+)  \S", done.stdout, re.MULTILINE)
    assert [int(n) for n in numbers] == list(range(1, len(STEPS) + 1))
    assert "✗" not in done.stdout
    ports = {int(port) for port in re.findall(r"127\.0\.0\.1:(\d+)", done.stdout)}
    assert len(ports) >= 3
    assert not any(map(listens, ports))
    assert list((tmp_path / "t").iterdir()) == []
    assert (tmp_path / "kept" / "state" / "suivi.sqlite3").exists()


def test_ended_early_it_leaves_nothing_behind(tmp_path: Path) -> None:
    demo = subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True, env=environment(tmp_path))
    assert demo.stdout is not None
    ports: list[int] = []
    for line in demo.stdout:
        ports += map(int, re.findall(r"127\.0\.0\.1:(\d+)", line))
        if "suivi run" in line:
            break
    assert len(ports) == 3
    demo.send_signal(signal.SIGTERM)
    demo.stdout.read()
    assert demo.wait(30) == 130
    demo.stdout.close()
    assert not any(map(listens, ports))
    assert list((tmp_path / "t").iterdir()) == []


def test_a_directory_that_is_in_use_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    done = subprocess.run(
        [*COMMAND, "--keep", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(tmp_path),
        check=False,
    )
    assert done.returncode == 1
    assert re.fullmatch(r"suivi: .* is not empty: .*\n", done.stderr)


def test_what_is_never_seen_is_said_to_be_so() -> None:
    with pytest.raises(NotObserved) as caught:
        until(lambda: 3, lambda n: n == 4, "four of them", patience=0.2)
    assert caught.value.expected == "four of them"
    assert caught.value.seen.startswith("3 ")
    with pytest.raises(NotObserved):
        must([1], 1 > 2, "nothing")


def test_a_failed_step_shows_expected_seen_and_the_log() -> None:
    out = io.StringIO()
    narrator = Narrator("en", Console(file=out, width=100))
    narrator.failed("108 letters", "107 letters [tricky]", "line one\nline two")
    told = out.getvalue()
    for words in ("expected: 108 letters", "seen: 107 letters [tricky]", "line two"):
        assert words in told


def test_the_configuration_of_the_demo_is_one_that_suivi_takes(tmp_path: Path) -> None:
    places = Places(tmp_path, tmp_path, 1143, 1025, "http://127.0.0.1:5232/", 8425, 'a"\\é')
    write(company(), places)
    loaded = load(places.config)
    assert loaded.warnings == ()
    assert len(loaded.mailboxes) == 5
    assert loaded.mailboxes[0].password.get_secret_value() == 'a"\\é'
    assert (tmp_path / "password").stat().st_mode & 0o077 == 0
