"""SOGo of Debian's package, in a throw-away directory: its daemon without a web server before it,
a memcached of its own, and a database of its own in a private PostgreSQL.

with postgres.start() as url, sogo(url) as server:
    href = server.calendar("anna", "work")
"""

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from tests.servers.dav import DavServer, running
from tests.servers.ports import free_port
from tests.servers.radicale import USERS

_numbers = itertools.count(1)
_TABLE = """\
CREATE TABLE sogo_users (c_uid text PRIMARY KEY, c_name text, c_password text, c_cn text, mail text)
"""
_USER = "INSERT INTO sogo_users VALUES (:name, :name, :password, :name, :email)"
_DIRECTORY = (
    '({{ type = sql; id = directory; viewURL = "{database}/sogo_users"; canAuthenticate = YES; '
    "isAddressBook = NO; userPasswordAlgorithm = none; }})"
)


@contextmanager
def sogo(postgres_url: str, users: Mapping[str, str] = USERS) -> Iterator[DavServer]:
    """SOGo with these users. Skips where it is not installed."""
    path = os.environ.get("PATH", "") + ":/usr/sbin"
    daemon, memcached = shutil.which("sogod", path=path), shutil.which("memcached", path=path)
    if daemon is None or memcached is None:
        pytest.skip("SOGo is not installed: apt-get install sogo memcached")
    # It refuses root; and each run of pytest closes its folders to other users.
    account = pwd.getpwnam("sogo") if os.getuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="suivi-sogo-", ignore_cleanup_errors=True) as folder:
        home, cache = Path(folder), free_port()
        if account is not None:
            os.chown(home, account.pw_uid, account.pw_gid)
        command = [daemon, *_arguments(home, _fill(postgres_url, users), cache)]
        with (
            _memcached([*_as(account), memcached, "-l", "127.0.0.1", "-p", str(cache)]),
            running(
                [*_as(account), *command],
                home / "log",
                "/SOGo/dav/{user}/Calendar/",
                dict(users),
                entry="/SOGo/dav/",
                cwd=home,
                environment={"HOME": str(home)},
                patience=1,
            ) as server,
        ):
            yield server


def _arguments(home: Path, database: str, cache: int) -> list[str]:
    """Settings as arguments: they go before what /etc/sogo says."""
    settings = {
        "WOPort": "127.0.0.1:{port}",
        "WOWorkersCount": "3",
        "WONoDetach": "YES",
        "WOLogFile": "-",
        "WOPidFile": str(home / "pid"),
        "SOGoProfileURL": f'"{database}/sogo_user_profile"',
        "OCSFolderInfoURL": f'"{database}/sogo_folder_info"',
        "OCSSessionsFolderURL": f'"{database}/sogo_sessions"',
        "OCSEMailAlarmsFolderURL": f'"{database}/sogo_alarms"',
        "SOGoUserSources": _DIRECTORY.format(database=database),
        "SOGoMemcachedHost": f'"127.0.0.1:{cache}"',
        "SOGoTimeZone": "Europe/Paris",
        "SOGoAppointmentSendEMailNotifications": "NO",
        "SOGoEnableEMailAlarms": "NO",
    }
    return [word for name, value in settings.items() for word in (f"-{name}", value)]


def _fill(postgres_url: str, users: Mapping[str, str]) -> str:
    """A database with these users; its address as SOGo writes it."""
    name = f"sogo_{os.getpid()}_{next(_numbers)}"
    server = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    server.dispose()
    engine = sa.create_engine(postgres_url.rsplit("/", 1)[0] + "/" + name)
    with engine.begin() as connection:
        connection.exec_driver_sql(_TABLE)
        for user, password in users.items():
            row = {"name": user, "password": password, "email": f"{user}@lumen.example"}
            connection.execute(sa.text(_USER), row)
    engine.dispose()
    parts = urlsplit(postgres_url)
    return f"postgresql://{parts.username}:none@127.0.0.1:{parts.port}/{name}"


def _as(account: pwd.struct_passwd | None) -> list[str]:
    if account is None:
        return []
    ids = (f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--init-groups")
    return ["setpriv", *ids, "--pdeathsig", "KILL", "--"]


@contextmanager
def _memcached(command: list[str]) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()
