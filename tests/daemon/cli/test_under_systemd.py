"""What systemd relies on: readiness, reloads, the watchdog, and a port that outlives the daemon."""

import json
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.daemon.cli.conftest import Suivi, Systemd, running
from tests.servers.dovecot import Dovecot

MAILBOX = """
[[mailboxes]]
name = "alice"
owner = "alice@atelier.example"
host = "127.0.0.1"
port = {port}
security = "none"
user = "alice"
password = "alice-secret"
"""


def configure(place: Path, more: str) -> None:
    config = place / "suivi.toml"
    config.write_text(config.read_text() + more)


def status_of(said: str) -> str:
    (line,) = [line for line in said.split("\n") if line.startswith("STATUS=")]
    return line.removeprefix("STATUS=")


def test_a_dead_mailbox_is_a_status_and_no_failed_start(
    place: Path, systemd: Systemd, suivi: Suivi, tmp_path: Path
) -> None:
    with Dovecot(tmp_path / "dovecot", {"alice": "alice-secret"}) as server:
        dead = MAILBOX.format(port=1).replace('name = "alice"', 'name = "dead"')
        wrong = MAILBOX.format(port=server.port).replace("alice-secret", "other")
        wrong = wrong.replace('name = "alice"', 'name = "wrong"')
        configure(place, MAILBOX.format(port=server.port) + dead + wrong)
        with running(place, systemd):
            systemd.hear("1 of 3 mailboxes well; 1 connected for new mail; last capture none;")
            systemd.hear("next reminder none; queue 0")
            url = json.loads(suivi("status", "--json").stdout)["http"]
            assert httpx2.get(f"{url}/readyz", timeout=10).status_code == 200
            # Its trouble, in the language of who asks.
            assert "check user name and password" in suivi("status").stdout
            assert "vérifiez le nom" in suivi("status", SUIVI_LANGUAGE="fr").stdout


def test_ready_comes_when_database_and_http_stand(place: Path, systemd: Systemd) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        config = place / "suivi.toml"
        config.write_text(config.read_text().replace("127.0.0.1:0", f"127.0.0.1:{port}"))
        with pytest.raises(AssertionError, match="Address already in use"), running(place, systemd):
            pass
    assert systemd.silent_about("READY=1", 0.5)


def test_a_refused_reload_is_in_the_status_until_a_good_one(
    daemon: subprocess.Popen[str], place: Path, systemd: Systemd, suivi: Suivi
) -> None:
    config = place / "suivi.toml"
    good = config.read_text()
    config.write_text(good + "\n[reminders]\ntick_secnods = 5\n")
    assert suivi("reload").returncode == 78
    begun = systemd.wait("RELOADING=1", 5).split("\n")
    assert 0 < int(begun[1].removeprefix("MONOTONIC_USEC=")) <= time.monotonic_ns() // 1000
    told = status_of(systemd.wait("READY=1", 5))
    assert told.startswith("reload refused ")
    assert "did you mean 'tick_seconds'?" in told
    config.write_text("[nonsense\n")
    daemon.send_signal(signal.SIGHUP)
    assert "not TOML" in status_of(systemd.wait("READY=1", 5))
    config.write_text(good)
    assert suivi("reload").returncode == 0
    assert "refused" not in status_of(systemd.wait("READY=1", 5))


def test_a_mailbox_that_hangs_starves_the_watchdog(
    place: Path, systemd: Systemd, suivi: Suivi, tmp_path: Path
) -> None:
    with Dovecot(tmp_path / "dovecot", {"alice": "alice-secret"}) as server:
        server.deliver("alice", "INBOX", b"From: x@y.example\r\nSubject: x\r\n\r\nx\r\n")
        configure(place, "\n[capture]\npatience_seconds = 2\n" + MAILBOX.format(port=server.port))
        with running(place, systemd, SUIVI_CRASH_AT="mail.headers-fetched:1:hang") as daemon:
            systemd.wait("WATCHDOG=1", 5)
            systemd.hear("overdue: account:alice")
            assert systemd.silent_about("WATCHDOG=1", 3)
            assert "overdue: account:alice" in suivi("status").stderr
            assert_told_of_all_threads(daemon)


def test_a_loop_that_hangs_starves_the_watchdog(place: Path, systemd: Systemd) -> None:
    with running(place, systemd, SUIVI_CRASH_AT="loop.beat:3:hang") as daemon:
        systemd.wait("WATCHDOG=1", 10)
        assert any(systemd.silent_about("WATCHDOG=1", 3) for _ in range(3))
        assert_told_of_all_threads(daemon)


def assert_told_of_all_threads(daemon: subprocess.Popen[str]) -> None:
    """What systemd does then, WatchdogSignal=SIGABRT, leaves the stacks in the journal."""
    daemon.send_signal(signal.SIGABRT)
    said = daemon.communicate(timeout=20)[1]
    # Now and then Python stumbles over the stacks of threads that go on; systemd restarts as well.
    assert daemon.returncode in (-signal.SIGABRT, -signal.SIGSEGV)
    assert "Fatal Python error: Aborted" in said
    assert said.count("Thread 0x") > 5
    assert "daemon/steps.py" in said


@pytest.fixture
def port() -> Iterator[socket.socket]:
    """A port that somebody else holds open, as systemd does."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        yield listening


def test_requests_wait_while_the_daemon_restarts(
    place: Path, systemd: Systemd, suivi: Suivi, port: socket.socket
) -> None:
    url = f"http://127.0.0.1:{port.getsockname()[1]}"
    answers: Counter[str] = Counter()
    slowest = 0.0
    enough = threading.Event()

    def visit() -> None:
        nonlocal slowest
        while not enough.is_set():
            begun = time.monotonic()
            try:
                answers[str(httpx2.get(f"{url}/healthz", timeout=60).status_code)] += 1
            except httpx2.HTTPError as error:
                answers[repr(error)] += 1
            slowest = max(slowest, time.monotonic() - begun)

    with running(place, systemd, listening=port) as daemon:
        assert json.loads(suivi("status", "--json").stdout)["http"] == url
        visitors = [threading.Thread(target=visit) for _ in range(4)]
        for visitor in visitors:
            visitor.start()
        time.sleep(0.5)
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(30) == 0
    with running(place, systemd, listening=port):
        time.sleep(0.5)
        enough.set()
        for visitor in visitors:
            visitor.join(60)
    assert set(answers) == {"200"}
    assert slowest > 0.2, "nobody came while it was down"
