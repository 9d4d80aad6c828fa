"""DAViCal of Debian's package, in a throw-away directory: PHP's own web server, and a database of
its own in a private PostgreSQL.

with postgres.start() as url, davical(directory, url) as server:
    href = server.calendar("anna", "work")
"""

import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from tests.servers.dav import DavServer, running
from tests.servers.radicale import USERS

_SHARE = Path("/usr/share/davical")
_numbers = itertools.count(1)

_CONFIG = """\
<?php
$c->pg_connect[] = "host=127.0.0.1 port={port} dbname={database} user=davical_app";
$c->domain_name = "localhost";
$c->hide_bound = false;
"""
# What Debian's example for Apache does by rewriting.
_ROUTER = """\
<?php
$path = parse_url($_SERVER["REQUEST_URI"], PHP_URL_PATH);
if (strpos($path, "/.well-known/") === 0) {
    $_SERVER["PATH_INFO"] = $path;
    $_SERVER["SCRIPT_NAME"] = "/caldav.php";
    require "caldav.php";
    return true;
}
return false;
"""
_USER = """\
WITH one AS (
    INSERT INTO usr (username, password, fullname, email, active, email_ok)
    VALUES (:name, :password, :name, :email, true, now()) RETURNING user_no
)
INSERT INTO principal (type_id, user_no, displayname, default_privileges)
SELECT 1, user_no, :name, 0::bit(24) FROM one
"""


@contextmanager
def davical(
    directory: Path, postgres_url: str, users: Mapping[str, str] = USERS
) -> Iterator[DavServer]:
    """DAViCal with these users. Skips where it is not installed."""
    if not (_SHARE / "htdocs").is_dir() or shutil.which("php") is None:
        pytest.skip("DAViCal is not installed: apt-get install davical php-cli php-cgi")
    port = str(urlsplit(postgres_url).port)
    database = f"davical_{os.getpid()}_{next(_numbers)}"
    _fill(port, database, postgres_url, users)
    # A copy, and nothing of /etc in reach: the configuration of this machine's own DAViCal, which
    # would come first, is not seen.
    for name in ("htdocs", "inc"):
        shutil.copytree(_SHARE / name, directory / name)
    (directory / "config").mkdir()
    (directory / "config" / "config.php").write_text(
        _CONFIG.format(port=port, database=database), "utf-8"
    )
    (directory / "htdocs" / "router.php").write_text(_ROUTER, "utf-8")
    command = ["php", "-d", f"open_basedir={directory}:/usr/share/awl:/usr/share/php:/tmp"]
    command += ["-d", "log_errors=1", "-d", "display_errors=0"]
    command += ["-t", str(directory / "htdocs"), "-S", "127.0.0.1:{port}"]
    command += [str(directory / "htdocs" / "router.php")]
    with running(
        command,
        directory / "log",
        "/caldav.php/{user}/",
        dict(users),
        entry="/caldav.php/",
        cwd=directory / "htdocs",
        environment={"PHP_CLI_SERVER_WORKERS": "3"},
    ) as server:
        yield server


def _fill(port: str, database: str, postgres_url: str, users: Mapping[str, str]) -> None:
    login = urlsplit(postgres_url).username or ""
    environment = {**os.environ, "PGHOST": "127.0.0.1", "PGPORT": port, "PGUSER": login}
    script = ["sh", str(_SHARE / "dba" / "create-database.sh"), database, "admin-secret"]
    done = subprocess.run(
        script, env=environment, cwd="/", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    engine = sa.create_engine(postgres_url.rsplit("/", 1)[0] + "/" + database)
    with engine.begin() as connection:
        for name, password in users.items():
            # Two asterisks: the password as it is.
            row = {"name": name, "password": f"**{password}", "email": f"{name}@lumen.example"}
            connection.execute(sa.text(_USER), row)
    engine.dispose()
