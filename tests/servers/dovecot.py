"""A private Dovecot on loopback in a directory of its own: plain and TLS, nothing shared.

    with Dovecot(directory, users={"ann": "secret"}) as server:
        server.deliver("ann", "INBOX", raw)
        ... server.port, server.tls_port, server.ca_file

Runs as root or as anybody. `capability` replaces what the server offers, to play a poorer one;
`more` is configuration that comes before the list of users, where "{home}" is its directory.
"""

import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

import pytest
from imapclient import imap_utf7

from tests.servers import certificates
from tests.servers.ports import free_port

BARE = "IMAP4rev1 LITERAL+ IDLE"
"""No ESEARCH, no SPECIAL-USE, no LIST-EXTENDED, no CONDSTORE: what old servers have."""

_CONFIG = """
base_dir = {home}/run
log_path = {home}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
ssl_min_protocol = TLSv1.2
disable_plaintext_auth = {disable_plain}
auth_mechanisms = plain login
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{home}/mail/%u
maildir_very_dirty_syncs = no
mail_fsync = never
mail_max_userip_connections = 1000
{capability}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Gesendet {{
    special_use = \\Sent
    auto = subscribe
  }}
  mailbox Papierkorb {{
    special_use = \\Trash
    auto = subscribe
  }}
}}
{more}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {home}/passwd
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}/mail/%u
}}
service imap-login {{
  chroot =
  client_limit = 2000
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service imap {{
  process_limit = 2000
}}
service anvil {{
  chroot =
  # No waiting for the next login after a wrong password.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
auth_failure_delay = 0
service stats {{
  chroot =
}}
"""


class Dovecot:
    """A running server. `port` is plain and STARTTLS, `tls_port` TLS; `ca_file` trusts it."""

    def __init__(
        self,
        directory: Path | None = None,
        users: Mapping[str, str] = MappingProxyType({}),
        *,
        capability: str | None = None,
        plain_login: bool = True,
        certificate_name: str = "localhost",
        more: str = "",
    ) -> None:
        if shutil.which("dovecot") is None:
            pytest.skip("dovecot is not installed (Debian: apt install dovecot-imapd)")
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        if directory is None or os.getuid() == 0:
            # As root mail is read as another account, to which each run of pytest closes the
            # directories of all others: a place of our own.
            self._temporary = tempfile.TemporaryDirectory(prefix="suivi-dovecot-")
            directory = Path(self._temporary.name)
            directory.chmod(0o711)
        directory.mkdir(parents=True, exist_ok=True)
        self.home = directory
        self.users = dict(users)
        self.port = free_port()
        self.tls_port = free_port()
        self._capability = capability
        self._plain_login = plain_login
        self._more = more
        self._count = 0
        self._process: subprocess.Popen[bytes] | None = None
        made = certificates.make(self.home, certificate_name)
        self.ca_file = str(made.cert)
        self._key = made.key
        # Dovecot keeps mail as nobody's root: as root another account must own it.
        self._owner = pwd.getpwnam("mail") if os.getuid() == 0 else pwd.getpwuid(os.getuid())

    def __enter__(self) -> "Dovecot":
        self._write_config()
        # -F: stay in the foreground, so that this process is the one to be stopped.
        self._process = subprocess.Popen(
            ["dovecot", "-F", "-c", str(self.home / "dovecot.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._wait_until_up()
        return self

    def __exit__(self, *exception: object) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)
        # Sessions outlive their master; they are in the group that it was started in.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def deliver(self, user: str, folder: str, raw: bytes, flags: str = "") -> Path:
        """Put a message into a folder as a delivery agent does: written whole, then moved in."""
        box = self.folder(user, folder)
        self._count += 1
        name = f"{int(time.time())}.{os.getpid()}_{self._count:06d}.test"
        written = box / "tmp" / name
        written.write_bytes(raw)
        self._own(written)
        arrived = box / "cur" / f"{name}:2,{flags}" if flags else box / "new" / name
        written.rename(arrived)
        return arrived

    def folder(self, user: str, folder: str) -> Path:
        """The Maildir++ directory of a folder, made if need be."""
        box = self.home / "mail" / user
        if folder.upper() != "INBOX":
            box = box / ("." + imap_utf7.encode(folder.replace("/", ".")).decode())
        for part in (box, *(box / sub for sub in ("cur", "new", "tmp"))):
            if not part.is_dir():
                part.mkdir(parents=True)
                self._own(part)
        return box

    def log(self) -> str:
        """What the server wrote into its log."""
        path = self.home / "dovecot.log"
        return path.read_text() if path.exists() else ""

    def _own(self, path: Path) -> None:
        if os.getuid() == 0:
            os.chown(path, self._owner.pw_uid, self._owner.pw_gid)

    def _write_config(self) -> None:
        as_root = os.getuid() == 0
        me = pwd.getpwuid(os.getuid()).pw_name
        (self.home / "run").mkdir(exist_ok=True)
        mail = self.home / "mail"
        mail.mkdir(exist_ok=True)
        self._own(mail)
        for user in self.users:
            self.folder(user, "INBOX")
        passwords = "".join(f"{u}:{{PLAIN}}{p}::::::\n" for u, p in self.users.items())
        (self.home / "passwd").write_text(passwords, "utf-8")
        (self.home / "dovecot.conf").write_text(
            _CONFIG.format(
                home=self.home,
                certificate=self.ca_file,
                key=self._key,
                disable_plain="no" if self._plain_login else "yes",
                internal="dovecot" if as_root else me,
                internal_group="dovecot" if as_root else _group(),
                login="dovenull" if as_root else me,
                capability=f"imap_capability = {self._capability}" if self._capability else "",
                more=self._more.replace("{home}", str(self.home)),
                uid=self._owner.pw_uid,
                gid=self._owner.pw_gid,
                port=self.port,
                tls_port=self.tls_port,
            ),
            "utf-8",
        )

    def _wait_until_up(self) -> None:
        assert self._process is not None
        until = time.monotonic() + 20
        while time.monotonic() < until:
            if self._process.poll() is not None:
                break
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as probe:
                    probe.settimeout(5)
                    if probe.recv(100).startswith(b"* OK"):
                        return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"dovecot did not start: {self.log()[-2000:]}")


def _group() -> str:
    return grp.getgrgid(os.getgid()).gr_name
