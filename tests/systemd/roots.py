"""The root of a small Debian, for one test: programs run in it, without a systemd."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.systemd.machines import tree

WRITTEN_BY_DEBIAN = ("/var/lib/dpkg", "/var/log", "/var/cache", "/tmp", "/root")
"""Where dpkg and its like keep their books."""
BACKUPS = {f"/etc/{name}-" for name in ("passwd", "group", "shadow", "gshadow")}
BACKUPS |= {f"/var/lib/systemd/deb-systemd-helper-{how}" for how in ("enabled", "masked")}
BACKUPS |= {"/etc/.pwd.lock"}


@dataclass(frozen=True, slots=True)
class Debian:
    """The root of a Debian of our own; the network is that of the machine."""

    root: Path

    def command(self, *words: str) -> list[str]:
        """In it, with a /proc that is there for this command alone."""
        script = 'mount -t proc proc "$1/proc" && root=$1 && shift && exec chroot "$root" "$@"'
        words = ("env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", *words)
        return ["unshare", "--mount", "sh", "-c", script, "sh", str(self.root), *words]

    def run(self, *words: str) -> str:
        """As root."""
        done = subprocess.run(
            self.command(*words), capture_output=True, text=True, check=False, timeout=600
        )
        assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def as_suivi(self, *words: str) -> list[str]:
        """As the user of the unit, with what systemd would have made for it."""
        made = [f"{name}_DIRECTORY={path}" for name, path in DIRECTORIES.items()]
        user = ("setpriv", "--reuid=suivi", "--regid=suivi", "--clear-groups")
        return self.command(*user, "env", *made, *words)

    def path(self, inside: str) -> Path:
        """A file of it, as it is called here."""
        return self.root / inside.lstrip("/")

    def files(self) -> set[str]:
        """All that there is, but for what Debian writes down."""
        found = subprocess.run(
            ["find", str(self.root), "-xdev", "-printf", "/%P\n"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        return {name for name in found if not name.startswith(WRITTEN_BY_DEBIAN)} - BACKUPS


DIRECTORIES = {
    "STATE": "/var/lib/suivi",
    "RUNTIME": "/run/suivi",
    "CREDENTIALS": "/run/credentials/suivi.service",
}


@contextmanager
def root_of(suite: str) -> Iterator[Debian]:
    """A fresh one; gone at the end."""
    base = tree(suite)
    with tempfile.TemporaryDirectory(prefix="suivi-debian-") as folder:
        Path(folder).chmod(0o711)
        root = Path(folder) / "root"
        subprocess.run(["cp", "-a", "--reflink=auto", str(base), str(root)], check=True)
        yield Debian(root)


def release_here() -> str:
    """The name of this machine's Debian, "" where it is none."""
    told = subprocess.run(
        ["sh", "-c", ". /etc/os-release && echo $VERSION_CODENAME"],
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.strip()
