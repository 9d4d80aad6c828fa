"""What the CalDAV test servers have in common: a process, and requests past suivi's own code."""

import http.client
import os
import re
import signal
import subprocess
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from tests.servers.ports import free_port

START_SECONDS = 30


@dataclass(frozen=True, slots=True)
class DavServer:
    """A running server. `home` is the calendar home of a user, with `{user}` in it; `entry` is
    where an account begins; `front` is a port that stands before it for whom it is asked."""

    port: int
    pid: int
    home: str
    passwords: dict[str, str] = field(repr=False)
    entry: str = "/"
    front: int | None = None

    @property
    def url(self) -> str:
        """What an account is configured with."""
        return f"http://127.0.0.1:{self.front or self.port}{self.entry}"

    def calendar(
        self,
        user: str,
        name: str,
        components: Sequence[str] = ("VEVENT", "VTODO"),
        display: str | None = None,
    ) -> str:
        """Make a calendar, shown as `display`, and return its href."""
        self.request(user, "PROPFIND", self.home.format(user=user))
        href = f"{self.home.format(user=user)}{name}/"
        listed = "".join(f'<c:comp name="{component}"/>' for component in components)
        body = (
            '<?xml version="1.0" encoding="utf-8"?>'
            '<c:mkcalendar xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:set><d:prop>'
            f"<d:displayname>{display or name}</d:displayname>"
            f"<c:supported-calendar-component-set>{listed}"
            "</c:supported-calendar-component-set></d:prop></d:set></c:mkcalendar>"
        )
        status, answer = self.request(user, "MKCALENDAR", href, body.encode())
        assert status == 201, (status, answer)
        return href

    def request(
        self,
        user: str,
        method: str,
        path: str,
        body: bytes = b"",
        content_type: str = "text/xml",
        depth: str = "0",
    ) -> tuple[int, bytes]:
        """One request as `user`: what a person's own client does."""
        login = b64encode(f"{user}:{self.passwords.get(user, '')}".encode()).decode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(
                method,
                path,
                body,
                {"Authorization": f"Basic {login}", "Content-Type": content_type, "Depth": depth},
            )
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def put(self, user: str, href: str, data: bytes) -> None:
        """Store an object as a person's own client does, whatever stands there."""
        status, answer = self.request(user, "PUT", href, data, "text/calendar; charset=utf-8")
        assert status in (200, 201, 204), (status, answer)

    def objects(self, user: str, calendar: str) -> dict[str, bytes]:
        """Every object of a calendar, by its name in it."""
        status, answer = self.request(user, "PROPFIND", calendar, depth="1")
        assert status == 207, (status, answer)
        names = re.findall(rb"[^/<>]+\.ics(?=</)", answer)
        return {name.decode(): self.get(user, calendar + name.decode()) for name in names}

    def get(self, user: str, href: str) -> bytes:
        """One object as the server gives it."""
        status, answer = self.request(user, "GET", href)
        assert status == 200, (status, answer)
        return answer

    def delete(self, user: str, href: str) -> None:
        """Delete an object as a person's own client does."""
        status, answer = self.request(user, "DELETE", href)
        assert status in (200, 204), (status, answer)


@contextmanager
def running(
    command: Sequence[str],
    log: Path,
    home: str,
    passwords: dict[str, str],
    *,
    port: int | None = None,
    entry: str = "/",
    cwd: Path | None = None,
    environment: Mapping[str, str] = MappingProxyType({}),
    patience: float = 10,
) -> Iterator[DavServer]:
    """Start `command` (`{port}` in it is filled in), wait until it answers; at the end it has
    `patience` seconds to stop, and nothing that it has started stays."""
    port = port or free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [word.replace("{port}", str(port)) for word in command],
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env={**os.environ, **environment},
            start_new_session=True,
        )
        server = DavServer(port, process.pid, home, passwords, entry)
        try:
            _wait(server, process, log)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            # PHP's workers outlive the one that started them.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _wait(server: DavServer, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            server.request("", "OPTIONS", "/")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"the server did not start: {log.read_text(errors='replace')[-2000:]}")
