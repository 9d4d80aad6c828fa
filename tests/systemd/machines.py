"""A Debian with a real systemd, for one test: `tests/systemd/machine` as a context manager."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("machine")
CANNOT = 77


def _machine(*arguments: str, timeout: float = 900) -> str:
    """A verb of the script; skips the test where it says that it can't run here."""
    done = subprocess.run(
        [str(SCRIPT), *arguments], capture_output=True, text=True, check=False, timeout=timeout
    )
    if done.returncode == CANNOT:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def tree(suite: str) -> Path:
    """A small Debian of this name, to be copied or laid under an overlay; never changed."""
    return Path(_machine("tree", suite))


@dataclass(frozen=True, slots=True)
class Machine:
    """One that runs."""

    folder: Path

    def sh(self, script: str, *, check: bool = True, timeout: float = 300) -> str:
        """What a script of bash says, standard error included; its last line decides."""
        done = self.done(script, timeout=timeout)
        said = done.stdout.decode(errors="replace")
        assert not check or done.returncode == 0, f"{script}\n{said}"
        return said.strip()

    def done(self, script: str, timeout: float = 300) -> "subprocess.CompletedProcess[bytes]":
        """A script of bash as root, with its exit code."""
        return subprocess.run(
            [str(SCRIPT), "run", str(self.folder), "bash", "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=timeout,
        )

    def start(self, script: str) -> "subprocess.Popen[bytes]":
        """A script of bash that runs meanwhile."""
        return subprocess.Popen(
            [str(SCRIPT), "run", str(self.folder), "bash", "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def write(self, path: str, data: bytes | str, mode: str = "644") -> None:
        """A file of root's, with the folders above it."""
        raw = data.encode() if isinstance(data, str) else data
        script = f"mkdir -p {Path(path).parent} && cat >{path} && chmod {mode} {path}"
        subprocess.run(
            [str(SCRIPT), "run", str(self.folder), "bash", "-c", script],
            input=raw,
            check=True,
            timeout=300,
        )

    def property(self, unit: str, name: str) -> str:
        """A property of a unit, as `systemctl show` tells it."""
        return self.sh(f"systemctl show --value -p {name} {unit}")

    def journal(self, unit: str = "suivi.service") -> str:
        """All that a unit has said since the machine is up."""
        return self.sh(f"journalctl --no-pager -o cat -u {unit}")


@contextmanager
def booted(suite: str) -> Iterator[Machine]:
    """A fresh machine; gone at the end."""
    # Not among pytest's folders, which are closed to the users of the machine.
    folder = Path(tempfile.mkdtemp(prefix="suivi-machine-"))
    folder.chmod(0o711)
    try:
        _machine("start", suite, str(folder / "guest"))
        yield Machine(folder / "guest")
    finally:
        _machine("stop", str(folder / "guest"))
        shutil.rmtree(folder, ignore_errors=True)
