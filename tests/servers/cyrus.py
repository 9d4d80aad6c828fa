"""Cyrus of Debian's packages, in a throw-away directory: calendars over HTTP, and LMTP because an
inbox comes before calendars there. (Its IMAP server would throw Dovecot's package out.)

with cyrus() as server:
    href = server.calendar("anna", "work")
"""

import os
import pwd
import shutil
import smtplib
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers.dav import START_SECONDS, DavServer, running
from tests.servers.ports import free_port
from tests.servers.radicale import USERS

_BIN = Path("/usr/lib/cyrus/bin")

_IMAPD = """\
cyrus_user: {account}
servername: localhost
configdirectory: {home}/conf
proc_path: {home}/conf/proc
mboxname_lockpath: {home}/conf/lock
lmtpsocket: {home}/conf/socket/lmtp
idlesocket: {home}/conf/socket/idle
notifysocket: {home}/conf/socket/notify
defaultpartition: default
partition-default: {home}/mail
sievedir: {home}/sieve
temp_path: {home}/tmp
unixhierarchysep: yes
httpmodules: caldav
caldav_create_default: no
autocreate_quota: 0
autocreate_post: yes
allowplaintext: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {home}/sasldb2
sasl_mech_list: PLAIN LOGIN
"""
_MASTER = """\
START {{
    recover cmd="{bin}/ctl_cyrusdb -C {home}/imapd.conf -r"
}}
SERVICES {{
    lmtp cmd="{bin}/lmtpd -C {home}/imapd.conf" listen="{home}/conf/socket/lmtp"
    http cmd="{bin}/httpd -C {home}/imapd.conf" listen="127.0.0.1:{http}" prefork=1
}}
"""


@contextmanager
def cyrus(users: Mapping[str, str] = USERS) -> Iterator[DavServer]:
    """Cyrus with these users, each with an inbox. Skips where it is not installed."""
    if not (_BIN / "httpd").exists() or not (_BIN / "lmtpd").exists():
        pytest.skip("Cyrus is not installed: apt-get install cyrus-caldav sasl2-bin")
    account = pwd.getpwnam("cyrus") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    # Not among pytest's folders: each run closes those of all runs to other users.
    with tempfile.TemporaryDirectory(prefix="suivi-cyrus-", ignore_cleanup_errors=True) as folder:
        home, http = Path(folder), free_port()
        _lay_out(home, account, users, http)
        command = [str(_BIN / "master"), "-D", "-C", str(home / "imapd.conf")]
        command += ["-M", str(home / "cyrus.conf"), "-p", str(home / "pid")]
        if os.getuid() == 0:
            ids = (f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--init-groups")
            command = ["setpriv", *ids, "--pdeathsig", "TERM", "--", *command]
        place = "/dav/calendars/user/{user}/"
        with running(command, home / "log", place, dict(users), port=http) as server:
            _first_mail(home, users)
            yield server


def _lay_out(home: Path, account: pwd.struct_passwd, users: Mapping[str, str], http: int) -> None:
    for name in ("conf/proc", "conf/lock", "conf/socket", "conf/log", "mail", "sieve", "tmp"):
        (home / name).mkdir(parents=True)
    words = {"home": home, "account": account.pw_name, "bin": _BIN, "http": http}
    (home / "imapd.conf").write_text(_IMAPD.format(**words), "utf-8")
    (home / "cyrus.conf").write_text(_MASTER.format(**words), "utf-8")
    saslpasswd = shutil.which("saslpasswd2", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if saslpasswd is None:
        pytest.skip("saslpasswd2 is not installed: apt-get install sasl2-bin")
    for name, password in users.items():
        words_ = [saslpasswd, "-p", "-c", "-f", str(home / "sasldb2"), "-u", "localhost", name]
        subprocess.run(words_, input=password.encode(), check=True, capture_output=True)
    for path in (home, *home.rglob("*")):
        os.chown(path, account.pw_uid, account.pw_gid)


def _first_mail(home: Path, users: Iterable[str]) -> None:
    """What makes the inboxes; the server listens a little later than its master starts."""
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            with smtplib.LMTP(str(home / "conf" / "socket" / "lmtp")) as connection:
                for name in users:
                    connection.sendmail("", [name], b"Subject: welcome\r\n\r\nwelcome\r\n")
                return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
