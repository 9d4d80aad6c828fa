"""Which version a database has: opened when it is ours, upgraded when it is older."""

import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, InterfaceError, OperationalError

from daemon.store.database import Store, Tx, connect, first_line, outside, shown, sqlite_path
from daemon.store.errors import StoreError, Unfit
from daemon.store.rows import sizes

MIGRATIONS = Path(__file__).parent / "migrations"
# Any number, as long as every upgrade of a PostgreSQL database locks the same.
_UPGRADING = 0x73756976


def known() -> tuple[str, ...]:
    """Every version this program knows, oldest first: the migrations by their file names."""
    return tuple(sorted(p.name[:4] for p in (MIGRATIONS / "versions").glob("[0-9]*_*.py")))


def open_store(url: str) -> Store:
    """Open a database of exactly this program's version.

    Raises StoreError, in one line that says what to do, for one that is missing, older, newer,
    not suivi's, or does not answer.
    """
    path = sqlite_path_of(url)
    try:
        missing = path is not None and not path.exists()
    except OSError as error:
        raise StoreError(f"cannot open {path}: {error.strerror}") from error
    if missing:
        raise StoreError(f"no database at {path}: run suivi db upgrade")
    engine = connect(url)
    try:
        with engine.connect() as connection:
            _refuse_other(version_of(connection), url)
    except (OperationalError, InterfaceError, DatabaseError) as error:
        engine.dispose()
        raise StoreError(f"cannot open {shown(url)}: {first_line(error)}") from error
    except StoreError:
        engine.dispose()
        raise
    return Store(engine)


def upgrade(url: str) -> tuple[str | None, str]:
    """Bring a database, empty or older, to this program's version; (from, to).

    One transaction under a lock: interrupted, it leaves the old version; two at a time, the
    second finds nothing to do. Raises StoreError for a database that is newer or not suivi's.
    """
    path = sqlite_path_of(url)
    if path and not path.exists():
        _create(path)
    # SQLite rebuilds tables to change them, which foreign keys would take for deletion.
    engine = connect(url, foreign_keys=False)
    try:
        with engine.connect() as connection:
            before = _migrate(connection.execution_options(write=True), url)
        if path:
            _let_readers_be(engine)
    except (OperationalError, InterfaceError, DatabaseError, sqlite3.Error) as error:
        raise StoreError(f"cannot upgrade {shown(url)}: {first_line(error)}") from error
    finally:
        engine.dispose()
    return before, known()[-1]


def version_of(connection: sa.Connection) -> str | None:
    """The version a database says it has; None when it is empty.

    Raises StoreError when it holds something else than suivi.
    """
    tables = sa.inspect(connection).get_table_names()
    if not tables:
        return None
    if "alembic_version" not in tables:
        raise StoreError("this database holds something else: give suivi one of its own")
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def version_known(connection: sa.Connection, url: str) -> str:
    """The same of a database that holds something and is not newer than this program.

    Raises StoreError for any other.
    """
    version = version_of(connection)
    if version is None:
        raise StoreError(f"{shown(url)} is empty")
    _refuse_unknown(version, url)
    return version


def described(connection: sa.Connection, url: str) -> tuple[str, dict[str, int], str]:
    """Version, rows of each table, and the mark of the installation's key, "" where there is none.

    Raises StoreError as `version_known` does.
    """
    version, mark = version_known(connection, url), None
    if any(c["name"] == "key_mark" for c in sa.inspect(connection).get_columns("installation")):
        mark = connection.execute(sa.text("SELECT key_mark FROM installation")).scalar()
    return version, sizes(connection), mark or ""


def standing(url: str) -> str | None:
    """The version of the database of this address; None when it is missing or empty.

    Raises StoreError as `upgrade` does, and changes nothing.
    """
    path = sqlite_path_of(url)
    if path and not path.exists():
        return None
    engine = connect(url)
    try:
        with engine.connect() as connection:
            version = version_of(connection)
    except (OperationalError, InterfaceError, DatabaseError) as error:
        raise StoreError(f"cannot open {shown(url)}: {first_line(error)}") from error
    finally:
        engine.dispose()
    if version is not None:
        _refuse_unknown(version, url)
    return version


def clock(tx: Tx) -> datetime | None:
    """What time it is at the database's server; None where that is this machine (SQLite)."""
    if tx.dialect.name != "postgresql":
        return None
    told: datetime = tx.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    return told.astimezone(UTC)


def _migrate(connection: sa.Connection, url: str) -> str | None:
    with connection.begin():
        if connection.dialect.name == "postgresql":
            lock = sa.func.pg_advisory_xact_lock(_UPGRADING)
            connection.execute(sa.select(lock))
        before = version_of(connection)
        if before is not None:
            _refuse_unknown(before, url)
        if before == known()[-1]:
            return before
        _run(connection)
        _check_references(connection)
    return before


def _run(connection: sa.Connection) -> None:
    # Alembic takes most of a second to import, and is needed on upgrades only.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _check_references(connection: sa.Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken: list[Any] = list(connection.exec_driver_sql("PRAGMA foreign_key_check"))
    if broken:
        raise StoreError(f"the upgrade would break {len(broken)} references: report this")


def _create(path: Path) -> None:
    """An empty database that only its owner reads, and whose readers don't wait for the writer.

    It appears whole: the file remembers its journal mode, which nobody can change while another
    one is at work in it. Of two that create it at a time, the second takes what the first made.
    """
    new = path.with_name(f".{path.name}.{token_hex(4)}")
    try:
        try:
            new.touch(mode=0o600)
            with closing(sqlite3.connect(new)) as connection:
                connection.execute("PRAGMA journal_mode=WAL")
            with suppress(FileExistsError):
                path.hardlink_to(new)
        finally:
            new.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"cannot create {path}: {error.strerror}") from error
    except sqlite3.Error as error:
        raise StoreError(f"cannot create {path}: {error}") from error


def _let_readers_be(engine: sa.Engine) -> None:
    """In a file that was there before us, empty, readers are not to wait for the writer either."""
    with engine.connect() as connection:
        mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
    if mode != "wal":
        outside(engine, "PRAGMA journal_mode=WAL")


def sqlite_path_of(url: str) -> Path | None:
    """As `sqlite_path`, with a malformed address told as StoreError."""
    connect(url).dispose()
    return sqlite_path(url)


def _refuse_other(version: str | None, url: str) -> None:
    if version is None:
        raise StoreError(f"{shown(url)} is empty: run suivi db upgrade")
    _refuse_unknown(version, url)
    if version != known()[-1]:
        raise StoreError(
            f"{shown(url)} has version {version}, suivi needs {known()[-1]}: run suivi db upgrade"
        )


def _refuse_unknown(version: str, url: str) -> None:
    if version in known():
        return
    if version.isdigit() and version > known()[-1]:
        raise Unfit(
            f"{shown(url)} has version {version}, newer than this suivi knows"
            f" ({known()[-1]}): install the newer suivi, or restore a backup"
        )
    raise Unfit(
        f"{shown(url)} has the unknown version {version}: it was not made by a released suivi;"
        " restore a backup or use another database"
    )
