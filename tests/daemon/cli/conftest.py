"""The installed command, as a process of its own, with a configuration of its own."""

import contextlib
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests import prefork

CONFIG = """
state_dir = "{place}/state"
runtime_dir = "{place}/run"

[company]
name = "Atelier"
domains = ["atelier.example"]
timezone = "Europe/Paris"

[http]
listen = "127.0.0.1:0"

[[users]]
name = "Alice Martin"
email = "alice@atelier.example"
language = "fr"

[observe]
days = 0
"""

Suivi = Callable[..., subprocess.CompletedProcess[str]]


def run_suivi(place: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`suivi` with the configuration in `place` and nothing else of ours in its environment."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SUIVI_", "LC_", "LANG"))}
    env = {**kept, "SUIVI_CONFIG": str(place / "suivi.toml"), "COLUMNS": "200", **environment}
    return prefork.run(arguments, env, 120, prefork.ROOT)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "suivi.toml").write_text(CONFIG.format(place=tmp_path))
    return tmp_path


@pytest.fixture
def suivi(place: Path) -> Suivi:
    return partial(run_suivi, place)


@pytest.fixture(scope="session")
def with_dupont(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory in which one third party was imported, to be copied."""
    made = tmp_path_factory.mktemp("dupont")
    (made / "suivi.toml").write_text(CONFIG.format(place=made))
    (made / "x.csv").write_text("code,name,kind\nDUP,Dupont & Fils,customer\n")
    done = run_suivi(made, "import", "third-parties", str(made / "x.csv"))
    assert done.returncode == 0, done.stderr
    return made / "state"


class Systemd:
    """Hears what the daemon says, as it says it: the queue of its socket is short."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._said: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def wait(
        self, word: str, seconds: float = 30, alive: subprocess.Popen[str] | None = None
    ) -> str:
        """The message that has this line."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                said = self._said.get(timeout=0.2)
            except queue.Empty:
                assert alive is None or alive.poll() is None, alive.communicate()[1]
                continue
            if word in said.split("\n"):
                return said
        raise AssertionError(f"{word} was not said")

    def silent_about(self, word: str, seconds: float) -> bool:
        """True when no message has this line for so long; what was said before is forgotten."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._said.get_nowait()
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                if word in self._said.get(timeout=left).split("\n"):
                    return False
        return True

    def hear(self, part: str, seconds: float = 30) -> None:
        """Waits until a message has this in it."""
        until = time.monotonic() + seconds
        while part not in self._said.get(timeout=seconds):
            assert time.monotonic() < until, f"{part} was not said"

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._said.put(self._socket.recv(4096).decode())

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RD)
        self._socket.close()


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    heard = Systemd(tmp_path / "notify")
    yield heard
    heard.close()


@contextlib.contextmanager
def running(
    place: Path, systemd: Systemd, *, listening: socket.socket | None = None, **environment: str
) -> Iterator[subprocess.Popen[str]]:
    """The daemon as systemd starts it, once it is ready; `listening` is handed over to it."""
    command = [sys.executable, "-c", "from daemon.cli import main; main()", "run"]
    passed: tuple[int, ...] = ()
    if listening is not None:
        passed = (listening.fileno(),)
        # The pid is known in the child alone, as systemd knows it between fork and exec.
        script = f'exec 3<&{listening.fileno()}; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"'
        command = ["bash", "-c", script, "bash", *command]
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SUIVI_")}
    process = subprocess.Popen(
        command,
        env={
            **kept,
            "SUIVI_CONFIG": str(place / "suivi.toml"),
            "NOTIFY_SOCKET": str(systemd.path),
            "WATCHDOG_USEC": "2000000",
            **environment,
        },
        cwd=Path(__file__).parents[3],
        stderr=subprocess.PIPE,
        text=True,
        pass_fds=passed,
    )
    try:
        systemd.wait("READY=1", alive=process)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        if process.stderr is not None and not process.stderr.closed:
            process.communicate()


@pytest.fixture
def daemon(place: Path, systemd: Systemd) -> Iterator[subprocess.Popen[str]]:
    with running(place, systemd) as process:
        yield process
