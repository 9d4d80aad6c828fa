"""Sockets that systemd hands over, as a process finds them."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.handed import handed

LOOK = """
import os, sys
from daemon.handed import NotHanded, handed
try:
    found = handed()
except NotHanded as error:
    sys.exit(str(error))
print([s.getsockname()[1] for s in found], [os.get_inheritable(s.fileno()) for s in found],
      handed(), [name for name in os.environ if name.startswith("LISTEN_")])
"""


def look(descriptor: int, how: str = "LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=http") -> str:
    done = subprocess.run(
        ["bash", "-c", f'exec 3<&{descriptor}; {how} exec "$@"', "-", sys.executable, "-c", LOOK],
        pass_fds=(descriptor,),
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stdout + done.stderr


def test_a_listening_socket_is_taken_once_and_given_to_no_child() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        told = look(listening.fileno())
        assert told == f"[{listening.getsockname()[1]}] [False] () []\n"


def test_what_is_for_another_process_is_left_alone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert look(listening.fileno(), "LISTEN_PID=1 LISTEN_FDS=1") == "[] [] () []\n"


def test_what_does_not_listen_is_refused_with_the_remedy() -> None:
    with socket.socket() as idle:
        assert look(idle.fileno()) == (
            "the socket unit should have ListenStream= and Accept=no: see suivi.socket\n"
        )
    with Path("/dev/null").open() as file:
        assert look(file.fileno()) == "descriptor 3 is no socket: see suivi.socket\n"


def test_without_systemd_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LISTEN_PID", raising=False)
    assert handed() == ()
