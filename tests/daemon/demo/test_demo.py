"""`suivi demo --once` as a newcomer runs it; how it ends early; what it says when a step fails."""

import io
import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from imapclient import IMAPClient
from rich.console import Console

from connectors.demo.company.people import company
from connectors.demo.servers.process import listens
from connectors.errors import Refused
from daemon.config import load
from daemon.demo import play
from daemon.demo.narrator import Narrator
from daemon.demo.settings import Places, write
from daemon.demo.story import STEPS
from daemon.demo.watch import NotObserved, must, until

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-c", "from daemon.cli import main; main()", "demo"]


def environment(tmp: Path) -> dict[str, str]:
    """Nothing of ours shows through: an empty home, a temporary directory of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SUIVI_", "LC_", "LANG"))}
    (tmp / "t").mkdir()
    return {**kept, "HOME": str(tmp), "TMPDIR": str(tmp / "t"), "PYTHONPATH": str(ROOT)}


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder with a short name: the path of a socket holds 107 octets (unix(7)), and pytest's own
    folders leave too few of them."""
    with tempfile.TemporaryDirectory(prefix="demo-") as name:
        yield Path(name)


def test_every_step_of_the_story_is_observed(tmp_path: Path) -> None:
    start = time.monotonic()
    done = subprocess.run(
        [*COMMAND, "--once", "--language", "fr", "--keep", str(tmp_path / "kept")],
        capture_output=True,
        text=True,
        timeout=150,
        env=environment(tmp_path),
        check=False,
    )
    seconds = time.monotonic() - start
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr
    assert done.stderr == ""
    # 30 s where nothing else runs.
    assert seconds < 120
    numbers = re.findall(r"^ +(\d+)  \S", done.stdout, re.MULTILINE)
    assert [int(n) for n in numbers] == list(range(1, len(STEPS) + 1))
    assert "✗" not in done.stdout
    ports = ports_in(done.stdout)
    assert len(ports) >= 3
    assert not any(map(listens, ports))
    assert list((tmp_path / "t").iterdir()) == []
    assert (tmp_path / "kept" / "state" / "suivi.sqlite3").exists()


def test_with_a_terminal_it_stays_up_until_ctrl_c(tmp_path: Path) -> None:
    terminal, end = pty.openpty()
    demo = subprocess.Popen(
        COMMAND,
        stdin=end,
        stdout=end,
        stderr=end,
        env={**environment(tmp_path), "TERM": "xterm", "COLUMNS": "200", "LINES": "50"},
        start_new_session=True,
        # A shell that runs the tests in the background has told all below it to ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    os.close(end)
    told = read_until(terminal, "curl -H", seconds=150)
    assert demo.poll() is None, told
    password = re.search(r"lumen-[0-9a-f]{6}", told)
    port = re.search(r"\(IMAP, no TLS\) +127\.0\.0\.1:(\d+)", told)
    assert password is not None and port is not None, told
    with IMAPClient("127.0.0.1", int(port[1]), ssl=False) as client:
        client.login("hugo", password[0])
        # The reminder was delivered, as mail is, and so was what became of the answer to it.
        client.select_folder("INBOX", readonly=True)
        assert len(client.search(["FROM", "suivi@atelier-lumen.example"])) == 2
    demo.send_signal(signal.SIGINT)
    read_until(terminal, None, seconds=30)
    assert demo.wait(30) == 0
    os.close(terminal)
    assert not any(map(listens, ports_in(told)))
    assert list((tmp_path / "t").iterdir()) == []


def read_until(terminal: int, wanted: str | None, seconds: float) -> str:
    """What the program shows until it shows `wanted`, or ends; without colours."""
    raw, shown, deadline = b"", "", time.monotonic() + seconds
    while time.monotonic() < deadline and not (wanted and wanted in shown):
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            raw += os.read(terminal, 65536)
        except OSError:
            # Linux's way of saying that the other side is closed.
            break
        shown = re.sub(r"\x1b\[[0-9;]*m", "", raw.decode("utf-8", "replace"))
    return shown


def ports_in(told: str) -> set[int]:
    """Every loopback port that the story names."""
    return {int(port) for port in re.findall(r"127\.0\.0\.1:(\d+)", told)}


def test_ended_early_it_leaves_nothing_behind(tmp_path: Path) -> None:
    command = [*COMMAND, "--once"]
    demo = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment(tmp_path))
    assert demo.stdout is not None
    told = ""
    for line in demo.stdout:
        told += line
        if "suivi run" in line:
            break
    ports = ports_in(told)
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


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.demo.servers.mail.find_spec", lambda name: None)
    with pytest.raises(Refused, match=r"not installed: .*: pip install 'suivi\[demo\]'$"):
        play("en", once=True, keep=None)
