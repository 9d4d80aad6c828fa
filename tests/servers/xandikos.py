"""Xandikos in a throw-away directory: one principal, no passwords (it wants TLS for those).

with xandikos(directory) as server:
    href = server.calendar("anna", "work")
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.dav import DavServer, running

USER = "anna"


@contextmanager
def xandikos(directory: Path, user: str = USER) -> Iterator[DavServer]:
    """Xandikos with this principal and its calendar home."""
    directory.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "xandikos", "serve", "--defaults", "--no-detect-systemd"]
    command += ["-d", str(directory / "data"), "--state-dir", str(directory / "state")]
    command += ["--current-user-principal", f"/{user}/", "-l", "127.0.0.1", "-p", "{port}"]
    with running(command, directory / "log", "/{user}/calendars/", {user: ""}) as server:
        yield server
