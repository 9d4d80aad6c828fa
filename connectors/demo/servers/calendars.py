"""The calendar server: Radicale, run as the separate program it is (GPL: never imported here)."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from connectors.demo.servers.dav import Dav
from connectors.demo.servers.process import Program, free_port, listens
from connectors.errors import Refused, Unreachable

HOST = "127.0.0.1"
ATTEMPTS = 3

CONFIGURATION = """\
[server]
hosts = {host}:{port}
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
delay = 0
[rights]
type = owner_only
[storage]
filesystem_folder = {folder}/collections
[web]
type = none
[logging]
level = warning
"""


class CalendarServer:
    """A running calendar server."""

    def __init__(self, program: Program, port: int, passwords: Mapping[str, str]) -> None:
        self.program, self.port = program, port
        self._passwords = passwords

    @property
    def url(self) -> str:
        """Where clients find it (RFC 6764: the rest is discovered)."""
        return f"http://{HOST}:{self.port}/"

    def home(self, login: str) -> str:
        """The path of a person's calendars."""
        return f"/{login}/"

    def session(self, login: str) -> Dav:
        """A client with that person's password."""
        return Dav(HOST, self.port, login, self._passwords[login])


@contextmanager
def calendar_server(folder: Path, passwords: Mapping[str, str]) -> Iterator[CalendarServer]:
    """Radicale with these users, for as long as the block runs; its files go to `folder`."""
    if find_spec("radicale") is None:
        raise Refused("not installed: radicale: pip install 'suivi[demo]'")
    folder.mkdir(parents=True)
    users = folder / "users"
    users.touch(mode=0o600)
    users.write_text("".join(f"{name}:{word}\n" for name, word in passwords.items()), "utf-8")
    program, port = _start(folder)
    with program:
        yield CalendarServer(program, port, passwords)


def _start(folder: Path) -> tuple[Program, int]:
    """Radicale takes no port 0, so another program may take the free one first: try again."""
    for attempt in range(1, ATTEMPTS + 1):
        port = free_port()
        config = folder / "radicale.conf"
        config.write_text(CONFIGURATION.format(host=HOST, port=port, folder=folder), "utf-8")
        command = [sys.executable, "-m", "radicale", "--config", str(config)]
        program = Program("the calendar server", command, folder / "radicale.log")
        try:
            program.wait_until(lambda port=port: listens(port))  # type: ignore[misc]
        except Unreachable:
            program.stop()
            if attempt == ATTEMPTS:
                raise
        else:
            return program, port
    raise AssertionError("unreachable")
