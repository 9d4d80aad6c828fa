"""PostgreSQL's own programs, pg_dump and pg_restore: a database as an archive, and back again.

The password goes by the environment, which only the same user reads, never as an argument.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from daemon.store.database import connect, first_line, shown
from daemon.store.errors import StoreError
from daemon.store.versions import described, version_of

HOME = Path("/usr/lib/postgresql")
"""Where Debian keeps the programs, each major version in a folder of its own."""

_CHUNK = 1 << 20
# Without a line for each thing that goes.
_BEGIN = ("SET client_min_messages = warning", "BEGIN")


def dump(url: str, target: Path) -> tuple[str, dict[str, int], str]:
    """Write the database as it stands at one moment into the file, as pg_dump's archive; what it
    was then, as `described`. Raises StoreError."""
    engine = connect(url)
    try:
        with engine.connect().execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        ) as connection:
            # It waits for pg_dump, which takes as long as there is much.
            connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
            snapshot = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
            held = described(connection, url)
            _run(
                connection,
                url,
                "pg_dump",
                "--format=custom",
                "--no-owner",
                "--no-privileges",
                f"--snapshot={snapshot}",
                f"--file={target}",
                f"--dbname={_place(url)}",
            )
            return held
    except SQLAlchemyError as error:
        raise StoreError(f"cannot copy {shown(url)}: {first_line(error)}") from error
    finally:
        engine.dispose()


def check(url: str, archive: Path) -> None:
    """Read all of an archive. Raises StoreError for one that is not whole."""
    with _asked(url) as connection:
        _run(connection, url, "pg_restore", f"--file={os.devnull}", str(archive))


_FUNCTIONS = sa.text(
    "SELECT proname FROM pg_proc WHERE pronamespace = current_schema()::regnamespace"
    " AND prorettype = 'trigger'::regtype AND NOT EXISTS (SELECT FROM pg_depend"
    " WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e') ORDER BY 1"
)


def tables(url: str) -> tuple[str, ...]:
    """The names of all tables of suivi in a database. Raises StoreError when it holds something
    else, or does not answer."""
    with _asked(url) as connection:
        version_of(connection)
        return tuple(sa.inspect(connection).get_table_names())


def functions(url: str) -> tuple[str, ...]:
    """The names of suivi's functions in a database, which triggers call: they are left when their
    tables go. Raises StoreError."""
    with _asked(url) as connection:
        return tuple(connection.execute(_FUNCTIONS).scalars())


def restore(url: str, archive: Path, before: Sequence[str], after: Sequence[str]) -> None:
    """Put what an archive holds into the database, in one transaction: `before` it these
    statements, `after` it those. Interrupted anywhere, nothing has changed. Raises StoreError."""
    with _asked(url) as connection:
        read = [str(_program(connection, "pg_restore")), "--no-owner", "--no-privileges"]
        write = [str(_program(connection, "psql")), "--no-psqlrc", "--quiet", "--no-password"]
        write += ["--variable=ON_ERROR_STOP=1", f"--dbname={_place(url)}"]
    with (
        subprocess.Popen(  # noqa: S603  our words and a path of the operator's
            [*read, "--file=-", str(archive)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(url),
        ) as source,
        subprocess.Popen(  # noqa: S603  likewise
            write,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=_environment(url),
        ) as sink,
    ):
        told = _pour(source, sink, before, after)
    if source.returncode or sink.returncode:
        raise StoreError(f"cannot restore into {shown(url)}: {_said(told)}")


def _pour(
    source: "subprocess.Popen[bytes]",
    sink: "subprocess.Popen[bytes]",
    before: Sequence[str],
    after: Sequence[str],
) -> bytes:
    """What either of them complained of. Only a source that came to its end is committed."""
    assert source.stdout and source.stderr and sink.stdin and sink.stderr  # noqa: S101  pipes
    try:
        sink.stdin.write("".join(f"{s};\n" for s in (*_BEGIN, *before)).encode())
        shutil.copyfileobj(source.stdout, sink.stdin, _CHUNK)
        if source.wait() == 0:
            sink.stdin.write("".join(f"{s};\n" for s in (*after, "COMMIT")).encode())
        sink.stdin.close()
    except BrokenPipeError:
        # It has stopped at a mistake, which it tells.
        source.kill()
        with suppress(BrokenPipeError):
            sink.stdin.close()
    told = sink.stderr.read()
    return told or source.stderr.read()


def _run(connection: sa.Connection, url: str, name: str, *arguments: str) -> None:
    done = subprocess.run(  # noqa: S603  our words and a path of the operator's
        [str(_program(connection, name)), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=_environment(url),
        check=False,
    )
    if done.returncode:
        raise StoreError(f"{name} failed: {_said(done.stderr)}")


def _said(stderr: bytes) -> str:
    lines = stderr.decode(errors="replace").split("\n")
    wrong = [line for line in lines if "error" in line.lower()] or lines
    return " ".join(wrong[0].split())[:500] or "it was ended"


def _program(connection: sa.Connection, name: str) -> Path:
    """Of the server's own major version if there, else the newest: an older pg_dump refuses.

    Not by Debian's wrapper in /usr/bin, a script, which the sandbox of the unit would not run.
    """
    server = str(int(connection.exec_driver_sql("SHOW server_version_num").scalar_one()) // 10000)
    folders = [f for f in HOME.glob("*/bin") if f.parent.name.isdecimal() and (f / name).exists()]
    for folder in folders:
        if folder.parent.name == server:
            return folder / name
    if folders:
        return max(folders, key=lambda f: int(f.parent.name)) / name
    found = shutil.which(name)
    if found is None:
        raise StoreError(
            f"{name} is not installed, and suivi backs PostgreSQL up with it:"
            " apt-get install postgresql-client"
        )
    return Path(found)


@contextmanager
def _asked(url: str) -> Iterator[sa.Connection]:
    engine = connect(url)
    try:
        with engine.connect() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise StoreError(f"cannot open {shown(url)}: {first_line(error)}") from error
    finally:
        engine.dispose()


def _parameters(url: str) -> dict[str, Any]:
    engine = connect(url)
    _, parameters = engine.dialect.create_connect_args(engine.url)
    engine.dispose()
    return dict(parameters)


def _place(url: str) -> str:
    """Where the server is, as libpq reads it, without the password."""
    from psycopg.conninfo import make_conninfo

    return make_conninfo(
        **{k: v for k, v in _parameters(url).items() if k not in ("password", "context")}
    )


def _environment(url: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SUIVI_")}
    password = _parameters(url).get("password")
    return {**kept, "LC_ALL": "C"} | ({"PGPASSWORD": str(password)} if password else {})
