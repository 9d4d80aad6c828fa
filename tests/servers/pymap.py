"""pymap with its dict backend, in a thread of the test's own process: an IMAP server without
CONDSTORE, ESEARCH, SPECIAL-USE, that splits lines over segments.

    with Pymap(users={"ann": "secret"}, folders=("Sent",)) as server:
        server.deliver("ann", "INBOX", raw)
"""

import asyncio
import threading
from argparse import Namespace
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import pytest

pymap = pytest.importorskip("pymap", reason="pymap is not installed (pip install suivi[demo])")

from proxyprotocol.result import ProxyResultUnknown  # noqa: E402  after importorskip
from proxyprotocol.sock import SocketInfo  # noqa: E402
from pymap.backend.dict import Config, Identity, Login  # noqa: E402
from pymap.backend.dict.filter import FilterSet  # noqa: E402
from pymap.backend.dict.mailbox import MailboxSet  # noqa: E402
from pymap.imap import IMAPServer  # noqa: E402
from pymap.parsing.message import AppendMessage  # noqa: E402
from pymap.parsing.specials.flag import Flag  # noqa: E402
from pymap.user import UserMetadata  # noqa: E402
from pysasl.hashing import Cleartext  # noqa: E402


class Pymap:
    """A running server on `port`, without TLS."""

    def __init__(self, users: Mapping[str, str], folders: Iterable[str] = ()) -> None:
        self.users = dict(users)
        self.port = 0
        self._folders = tuple(folders)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="pymap", daemon=True)
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._config: Config | None = None

    def __enter__(self) -> "Pymap":
        self._thread.start()
        self._wait(self._start())
        return self

    def __exit__(self, *exception: object) -> None:
        self._wait(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def deliver(self, user: str, folder: str, raw: bytes, flags: str = "") -> None:
        """Put a message into a folder; `flags` as Maildir writes them."""
        self._wait(self._append(user, folder, raw, flags))

    def hang_up(self) -> None:
        """End every connection, as a server does that is restarted."""
        self._wait(self._cancel_connections())

    def _wait(self, work):
        asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    async def _start(self) -> None:
        arguments = Namespace(
            debug=False, host="127.0.0.1", port=0, cert=None, key=None, tls=False,
            proxy_protocol=None, passlib_cfg=None, demo_data=False, demo_user="", demo_password="",
            inherited_sockets=None,
        )  # fmt: skip
        config = Config.from_args(arguments, hash_context=Cleartext())
        config.apply_context()
        login = Login(config)
        for user, password in self.users.items():
            metadata = UserMetadata(config, user, password=password)
            await Identity(user, login, None, frozenset()).set(metadata)
            mailboxes = MailboxSet()
            for folder in self._folders:
                await mailboxes.add_mailbox(folder)
            config.set_cache[user] = (mailboxes, FilterSet())
        self._config = config
        serve = IMAPServer(login, config)
        count = 0

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal count
            count += 1
            task = asyncio.current_task()
            assert task is not None
            self._connections.add(task)
            try:
                number = count.to_bytes(8, "big")
                source = SocketInfo.get(writer, ProxyResultUnknown(), unique_id=number)
                await serve(reader, writer, source)
            except (asyncio.CancelledError, ConnectionError):
                pass
            finally:
                self._connections.discard(task)
                writer.close()

        self._server = await asyncio.start_server(connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _append(self, user: str, folder: str, raw: bytes, flags: str) -> None:
        assert self._config is not None
        mailboxes, _ = self._config.set_cache[user]
        mailbox = await mailboxes.get_mailbox(folder)
        seen = frozenset({Flag(b"\\Seen")} if "S" in flags else ())
        await mailbox.append(AppendMessage(raw, datetime.now(UTC), seen), recent=True)

    async def _cancel_connections(self) -> None:
        tasks = list(self._connections)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _stop(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._cancel_connections()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
