"""The company's mail server as a program: IMAP by pymap and SMTP by aiosmtpd on one event loop.

`python -m connectors.demo.servers.postoffice SPEC.json`: the file says who has a mailbox, and
`ready` in it is the file to which the ports are written. What is sent by SMTP is kept as files,
and delivered to the INBOX of each recipient who lives here; nothing ever leaves the machine.
"""

import asyncio
import json
import signal
import sys
from argparse import Namespace
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession
from proxyprotocol.result import ProxyResultUnknown
from proxyprotocol.sock import SocketInfo
from pymap.backend.dict import Config, Identity, Login, Session
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxSet
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.parsing.specials.flag import Flag
from pymap.selected import SelectedMailbox
from pymap.user import UserMetadata
from pysasl.hashing import Cleartext

HOST = "127.0.0.1"


class RoleSession(Session):
    """A session whose LIST shows SPECIAL-USE roles (RFC 6154 §2), which pymap does not know."""

    roles: dict[str, bytes]

    async def list_mailboxes(
        self,
        ref_name: str,
        filter_: str,
        subscribed: bool = False,
        selected: SelectedMailbox | None = None,
    ) -> tuple[Iterable[tuple[str, str | None, Sequence[bytes]]], SelectedMailbox | None]:
        found, updates = await super().list_mailboxes(ref_name, filter_, subscribed, selected)
        named = [
            (name, delimiter, (*attributes, *([self.roles[name]] if name in self.roles else ())))
            for name, delimiter, attributes in found
        ]
        return named, updates


class RoleIdentity(Identity):
    """A user whose folders have roles."""

    @asynccontextmanager
    async def new_session(self) -> AsyncIterator[Session]:
        async with super().new_session() as plain:
            session = RoleSession(
                plain.owner,
                plain.config,
                plain.mailbox_set,
                plain.filter_set,
            )
            login = self.login
            assert isinstance(login, RoleLogin)
            session.roles = login.roles.get(self.name, {})
            yield session


class RoleLogin(Login):
    """pymap's login, handing out the identities above."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.roles: dict[str, dict[str, bytes]] = {}

    async def authorize(self, authenticated: Any, authzid: str) -> Identity:
        plain = await super().authorize(authenticated, authzid)
        return RoleIdentity(plain.name, self, None, plain.roles)


async def open_mailboxes(spec: dict[str, Any]) -> tuple[Config, RoleLogin]:
    """One mailbox a user, with its folders, empty."""
    arguments = Namespace(
        debug=False, host=HOST, port=0, cert=None, key=None, tls=False, proxy_protocol=None,
        passlib_cfg=None, demo_data=False, demo_user="", demo_password="", inherited_sockets=None,
    )  # fmt: skip
    # Passwords as they are: hashing costs 0.2 s a login, and guards nothing on a demo's loopback.
    config = Config.from_args(arguments, hash_context=Cleartext())
    config.apply_context()
    login = RoleLogin(config)
    for user in spec["users"]:
        name = user["login"]
        metadata = UserMetadata(config, name, password=user["password"])
        await Identity(name, login, None, frozenset()).set(metadata)
        mailboxes = MailboxSet()
        for folder in user["folders"]:
            await mailboxes.add_mailbox(folder)
            await mailboxes.set_subscribed(folder, subscribed=True)
        config.set_cache[name] = (mailboxes, FilterSet())
        login.roles[name] = {f: role.encode() for f, role in user["folders"].items() if role}
    return config, login


class Delivery:
    """aiosmtpd's handler: keep the mail, then put it into the INBOX of whoever lives here."""

    def __init__(self, spec: dict[str, Any], config: Config) -> None:
        self._kept = Path(spec["kept"])
        self._homes = {a.lower(): u["login"] for u in spec["users"] for a in u["addresses"]}
        self._config = config
        self._count = 0

    async def handle_DATA(  # noqa: N802  the name that aiosmtpd calls
        self, _server: SMTP, _session: SmtpSession, envelope: Envelope
    ) -> str:
        data = envelope.original_content or b""
        self._keep(envelope, data)
        for recipient in envelope.rcpt_tos:
            local, _, domain = recipient.lower().partition("@")
            # Subaddresses (RFC 5233) reach the plain one: suivi's answers come to suivi+TOKEN@.
            login = self._homes.get(f"{local.partition('+')[0]}@{domain}")
            if login is not None:
                await self._deliver(login, data)
        return "250 2.0.0 kept"

    def _keep(self, envelope: Envelope, data: bytes) -> None:
        self._count += 1
        name = f"{self._count:04d}"
        told = {"sender": envelope.mail_from, "recipients": envelope.rcpt_tos}
        (self._kept / f"{name}.json").write_text(json.dumps(told), "utf-8")
        partial = self._kept / f"{name}.partial"
        partial.write_bytes(data)
        # Renamed when whole, so that nobody reads half a mail.
        partial.rename(self._kept / f"{name}.eml")

    async def _deliver(self, login: str, data: bytes) -> None:
        mailboxes, _ = self._config.set_cache[login]
        inbox = await mailboxes.get_mailbox("INBOX")
        await inbox.append(AppendMessage(data, datetime.now(UTC), frozenset[Flag]()), recent=True)  # noqa: TID251  a mail server dates its deliveries


async def serve(spec: dict[str, Any]) -> None:
    """Answer until SIGTERM."""
    config, login = await open_mailboxes(spec)
    server = IMAPServer(login, config)
    connections = 0

    async def imap(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # pymap's own callback starts a task that nobody refers to, which Python 3.13 collects.
        nonlocal connections
        connections += 1
        number = connections.to_bytes(8, "big")
        await server(reader, writer, SocketInfo.get(writer, ProxyResultUnknown(), unique_id=number))

    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    handler = Delivery(spec, config)
    imap_server = await asyncio.start_server(imap, HOST, 0)
    smtp_server = await loop.create_server(
        lambda: SMTP(handler, hostname="localhost", enable_SMTPUTF8=True, loop=loop), HOST, 0
    )
    ports = {
        "imap": imap_server.sockets[0].getsockname()[1],
        "smtp": smtp_server.sockets[0].getsockname()[1],
    }
    ready = Path(spec["ready"])
    ready.with_suffix(".partial").write_text(json.dumps(ports), "utf-8")
    ready.with_suffix(".partial").rename(ready)
    await stopped.wait()
    imap_server.close()
    smtp_server.close()


if __name__ == "__main__":
    asyncio.run(serve(json.loads(Path(sys.argv[1]).read_text("utf-8"))))
