"""The control socket: real sockets, real answers, one line for whatever goes wrong."""

import socket
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from daemon.control import AlreadyRunning, Control, ControlError, NoDaemon, ask


def refuse(_args: Mapping[str, Any]) -> Mapping[str, Any]:
    raise ControlError("suivi.toml:3:1: unknown option 'x'")


def fail(_args: Mapping[str, Any]) -> Mapping[str, Any]:
    raise RuntimeError("boom")


VERBS = {"echo": lambda args: {"said": args}, "reload": refuse, "fail": fail}


@pytest.fixture
def path(tmp_path: Path):
    control = Control(tmp_path / "run" / "control.sock", VERBS)
    control.start()
    yield tmp_path / "run" / "control.sock"
    control.stop()


def test_a_verb_answers_with_its_arguments(path: Path) -> None:
    assert ask(path, "echo", account="info", n=3) == {"said": {"account": "info", "n": 3}}


def test_only_the_owner_may_connect(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_refusal_reaches_the_caller_as_it_is(path: Path) -> None:
    with pytest.raises(ControlError, match=r"suivi\.toml:3:1: unknown option 'x'"):
        ask(path, "reload")


def test_a_failure_is_one_line_and_the_next_verb_is_answered(path: Path) -> None:
    with pytest.raises(ControlError, match="fail failed: RuntimeError: boom"):
        ask(path, "fail")
    assert ask(path, "echo") == {"said": {}}


@pytest.mark.parametrize(
    "line", [b"\n", b"[]\n", b"{}\n", b'{"verb": "no"}\n', b"[" * 60_000 + b"\n"]
)
def test_nonsense_is_answered_with_the_verbs(path: Path, line: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(5)
        sock.connect(str(path))
        sock.sendall(line)
        assert b"verbs are echo, fail, reload" in sock.makefile("rb").readline()


def test_without_a_daemon_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoDaemon, match="suivi run"):
        ask(tmp_path / "control.sock", "status")


def test_a_stale_socket_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
        dead.listen()
    with pytest.raises(NoDaemon):
        ask(path, "echo")
    control = Control(path, VERBS)
    control.start()
    try:
        assert ask(path, "echo") == {"said": {}}
    finally:
        control.stop()
    assert not path.exists()


def test_a_living_daemon_is_not_replaced(path: Path) -> None:
    with pytest.raises(AlreadyRunning, match="already running"):
        Control(path, VERBS).start()
    assert ask(path, "echo") == {"said": {}}


def test_one_who_says_nothing_keeps_nobody_waiting(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(str(path))
        assert ask(path, "echo") == {"said": {}}


def test_a_path_too_long_for_a_socket_is_said(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="too long"):
        Control(tmp_path / ("x" * 100) / "control.sock", VERBS).start()
