"""A private PostgreSQL for the tests: Debian's binaries, a throw-away directory, loopback only."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.servers.ports import free_port

_WAIT = 60


def binaries() -> Path | None:
    """The folder of initdb and postgres of the newest version installed, if any."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=_version)
    return found[-1].parent if found else None


def _version(binary: Path) -> int:
    name = binary.parent.parent.name
    return int(name) if name.isdigit() else 0


@contextmanager
def start() -> Iterator[str]:
    """A running server: the URL of its database `postgres`. Skips where none is installed."""
    # Not among pytest's folders: each run closes those of all runs to other users.
    folder = TemporaryDirectory(prefix="suivi-postgres-", ignore_cleanup_errors=True)
    with folder as home, serve(Path(home)) as url:
        yield url


@contextmanager
def serve(home: Path, *, durable: bool = False) -> Iterator[str]:
    """A server that lives in this folder; `durable` for measurements: a commit is on the disk, and
    the memory is as its manual advises."""
    folder = binaries()
    if folder is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    data = home / "data"
    account = _unprivileged()
    if account:
        _let_in(home, account)
    _checked(
        [
            folder / "initdb",
            "--pgdata",
            data,
            "--username=suivi",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-sync",
            "--locale=C.UTF-8",
        ],
        account,
    )
    port = free_port()
    server = subprocess.Popen(
        [
            *_as(account),
            folder / "postgres",
            *("-D", data, "-k", "", "-h", "127.0.0.1", "-p", str(port)),
            *("-c", f"fsync={'on' if durable else 'off'}"),
            *("-c", "max_connections=200", "-c", "deadlock_timeout=200ms"),
            *(("-c", f"shared_buffers={_advised()}MB") if durable else ()),
        ],
        cwd=home,
        stdout=(home / "log").open("wb"),
        stderr=subprocess.STDOUT,
    )
    try:
        _wait(server, port, home / "log")
        yield f"postgresql://suivi@127.0.0.1:{port}/postgres"
    finally:
        # PostgreSQL's immediate shutdown: what it would save is thrown away anyway.
        server.send_signal(signal.SIGQUIT)
        try:
            server.wait(_WAIT)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        shutil.rmtree(home, ignore_errors=True)


def _advised() -> int:
    """A quarter of the machine's memory (PostgreSQL's manual, 20.4.1), in MiB."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // (4 << 20)


def _unprivileged() -> pwd.struct_passwd | None:
    """Whom the server runs as: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    pytest.skip("PostgreSQL refuses to run as root, and there is no other user")


def _let_in(home: Path, account: pwd.struct_passwd) -> None:
    os.chown(home, account.pw_uid, account.pw_gid)
    # The folder of whoever measures may be closed to others; passing through is enough.
    for folder in home.parents:
        mode = folder.stat().st_mode
        if folder.owner() != "root" or mode & 0o001:
            continue
        folder.chmod(mode | 0o011)


def _as(account: pwd.struct_passwd | None) -> list[str]:
    if account is None:
        return []
    uid, gid = account.pw_uid, account.pw_gid
    # The server must not outlive the tests, whatever ends them.
    return [
        *("setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups"),
        *("--pdeathsig", "INT", "--"),
    ]


def _checked(command: list[object], account: pwd.struct_passwd | None) -> None:
    done = subprocess.run(
        [*_as(account), *map(str, command)],
        cwd="/",
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _wait(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    """Until it answers queries: it listens a little earlier than that."""
    import psycopg

    until = time.monotonic() + _WAIT
    while time.monotonic() < until:
        assert server.poll() is None, log.read_text(errors="replace")
        try:
            psycopg.connect(
                host="127.0.0.1", port=port, user="suivi", dbname="postgres", connect_timeout=2
            ).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(log.read_text(errors="replace"))
