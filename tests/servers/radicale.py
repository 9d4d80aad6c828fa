"""Radicale, with passwords, in a throw-away directory.

with radicale(directory) as server:
    href = server.calendar("anna", "work")
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.servers.dav import DavServer, running

USERS = {"anna": "anna-secret", "bruno": "bruno-secret"}

_CONFIG = """\
[auth]
type = htpasswd
htpasswd_filename = {directory}/users
htpasswd_encryption = plain
delay = 0.01

[storage]
filesystem_folder = {directory}/collections

[rights]
type = {rights}
file = {directory}/rights

[logging]
level = warning
"""


@contextmanager
def radicale(
    directory: Path, users: Mapping[str, str] = USERS, rights: str | None = None
) -> Iterator[DavServer]:
    """Radicale with these users; `rights` is a rights file, by default each owns what is theirs."""
    directory.mkdir(parents=True, exist_ok=True)
    names = "".join(f"{name}:{password}\n" for name, password in users.items())
    (directory / "users").write_text(names)
    (directory / "rights").write_text(rights or "")
    config = directory / "config"
    kind = "from_file" if rights else "owner_only"
    config.write_text(_CONFIG.format(directory=directory, rights=kind))
    command = [sys.executable, "-m", "radicale", "--config", str(config)]
    command += ["--server-hosts", "127.0.0.1:{port}"]
    with running(command, directory / "log", "/{user}/", dict(users)) as server:
        yield server
