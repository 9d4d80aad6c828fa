"""A private Postfix on loopback: own configuration, queue and data in a throw-away directory.

    with Postfix(directory) as server:
        ... server.port, server.ca_file, server.mails()

It delivers to a maildir that takes mail for everybody at lumen.example. Only root can run it: its
parts run as several users. `options` are lines of main.cf, to play a stricter server.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from tests.servers import certificates
from tests.servers.ports import free_port

DOMAIN = "lumen.example"

_MAIN = """
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
maillog_file = {home}/maillog
maillog_file_prefixes = {home}
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.{domain}
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
default_transport = error:nothing leaves this machine
virtual_mailbox_domains = {domain}
virtual_mailbox_base = {home}/mail
virtual_mailbox_maps = static:everybody/
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
smtpd_tls_security_level = may
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions =
  check_recipient_access inline:{{ {{gone@{domain} = REJECT no such user here}} }}
"""
_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """The server; `ca_file` trusts the certificate that it shows after STARTTLS."""

    def __init__(self, options: Mapping[str, str] = MappingProxyType({})) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="suivi-postfix-"))
        self.port = free_port()
        self._options = options
        self._certificate = certificates.make(self.home)
        self.ca_file = str(self._certificate.cert)
        self._process: subprocess.Popen[bytes] | None = None

    def mails(self) -> list[bytes]:
        """What has arrived, with the fields that the server put before it."""
        return [path.read_bytes() for path in sorted((self.home / "mail").rglob("new/*"))]

    def sent_as(self) -> list[bytes]:
        """What has arrived, as it was handed in: from its first field on, Subject; with CRLF."""
        return [
            mail[mail.index(b"\nSubject:") + 1 :].replace(b"\n", b"\r\n") for mail in self.mails()
        ]

    def __enter__(self) -> "Postfix":
        if os.geteuid() != 0:
            pytest.skip("Postfix needs root")
        if shutil.which("postfix", path=os.environ.get("PATH", "") + ":/usr/sbin") is None:
            pytest.skip("Postfix is not installed: apt-get install postfix")
        self._configure()
        master = self._setting("daemon_directory") / "master"
        self._process = subprocess.Popen(
            [master, "-c", self.home / "etc", "-d"], stdin=subprocess.DEVNULL
        )
        try:
            self._wait()
        except AssertionError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            # Its own: the parts end with the master (master(8)).
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(20)
        shutil.rmtree(self.home, ignore_errors=True)

    def reload(self) -> None:
        """Read the configuration again: its parts end, and new ones come (master(8))."""
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)
        time.sleep(0.5)

    def _configure(self) -> None:
        nobody = pwd.getpwnam("nobody")
        self.home.chmod(0o755)
        for name in ("etc", "queue", "data", "mail"):
            (self.home / name).mkdir()
        owner = pwd.getpwnam("postfix")
        os.chown(self.home / "data", owner.pw_uid, owner.pw_gid)
        os.chown(self.home / "mail", nobody.pw_uid, nobody.pw_gid)
        main = _MAIN.format(
            home=self.home,
            domain=DOMAIN,
            uid=nobody.pw_uid,
            gid=nobody.pw_gid,
            certificate=self._certificate.cert,
            key=self._certificate.key,
        )
        more = "".join(f"{name} = {value}\n" for name, value in self._options.items())
        (self.home / "etc" / "main.cf").write_text(main + more)
        (self.home / "etc" / "master.cf").write_text(_MASTER.format(port=self.port))
        # Makes the folders of the queue, and says what is wrong with the configuration.
        done = subprocess.run(
            ["/usr/sbin/postfix", "-c", self.home / "etc", "check"], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr + self.log()

    def _setting(self, name: str) -> Path:
        command = ["/usr/sbin/postconf", "-c", self.home / "etc", "-h", name]
        return Path(subprocess.run(command, capture_output=True, text=True).stdout.strip())

    def log(self) -> str:
        """What the server said."""
        path = self.home / "maillog"
        return path.read_text(errors="replace")[-3000:] if path.exists() else ""

    def _wait(self) -> None:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            assert self._process is not None and self._process.poll() is None, self.log()
            try:
                with socket.create_connection(("127.0.0.1", self.port), 5) as connection:
                    if connection.recv(3) == b"220":
                        return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(self.log())
