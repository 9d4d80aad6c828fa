"""What systemd hears, on a real datagram socket."""

import os
import socket
from pathlib import Path

import pytest

from daemon import notify


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield sock


def test_ready_carries_one_line_of_status(systemd: socket.socket) -> None:
    assert notify.ready("3 accounts\nWATCHDOG=trigger")
    assert systemd.recv(4096) == b"READY=1\nSTATUS=3 accounts WATCHDOG=trigger"


def test_reloading_carries_the_monotonic_time(systemd: socket.socket) -> None:
    assert notify.reloading()
    first, second = systemd.recv(4096).decode().split("\n")
    assert first == "RELOADING=1"
    assert second.startswith("MONOTONIC_USEC=")
    assert second.removeprefix("MONOTONIC_USEC=").isdecimal()


def test_the_others(systemd: socket.socket) -> None:
    notify.status("reading")
    notify.stopping()
    notify.watchdog()
    notify.starting("migrating", 2.5)
    assert [systemd.recv(4096) for _ in range(4)] == [
        b"STATUS=reading",
        b"STOPPING=1\nSTATUS=finishing what is in hand",
        b"WATCHDOG=1",
        b"EXTEND_TIMEOUT_USEC=2500000\nSTATUS=migrating",
    ]


def test_a_long_start_asks_for_more_time_again_and_again(systemd: socket.socket) -> None:
    with notify.patience("migrating", every=0.05):
        said = [systemd.recv(4096) for _ in range(3)]
    assert set(said) == {b"EXTEND_TIMEOUT_USEC=500000\nSTATUS=migrating"}
    systemd.settimeout(0.3)
    with pytest.raises(TimeoutError):
        while True:
            systemd.recv(4096)


def test_an_abstract_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"suivi-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.bind("\0" + name)
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + name)
        assert notify.watchdog()
        assert sock.recv(4096) == b"WATCHDOG=1"


def test_without_systemd_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not notify.ready("on")
    monkeypatch.setenv("NOTIFY_SOCKET", "/nonexistent/notify")
    assert not notify.ready("on")


@pytest.mark.parametrize(
    ("usec", "pid", "seconds"),
    [("30000000", None, 15.0), ("", None, None), ("x", None, None), ("30000000", "1", None)],
)
def test_the_watchdog_asks_for_half_the_time(
    monkeypatch: pytest.MonkeyPatch, usec: str, pid: str | None, seconds: float | None
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", usec)
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    if pid:
        monkeypatch.setenv("WATCHDOG_PID", pid)
    assert notify.watchdog_seconds() == seconds
