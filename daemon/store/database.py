"""The database: opened once, then one transaction at a time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import InterfaceError, OperationalError

from daemon.store.errors import StoreError, Unavailable

Tx = sa.Connection
"""A transaction in hand: what every function of the store takes first."""

# How long a writer waits for the others before it gives up, in seconds.
_PATIENCE = 30


class Store:
    """A database of the right version. Made by `open_store`; safe to share between threads."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        # SQLite has one writer and no queue for it: within a process this is the queue.
        self._turn = threading.Lock() if engine.dialect.name == "sqlite" else None

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """A transaction that may change things: committed at the end, rolled back on any error.

        On SQLite it holds the write lock from its beginning, so what it reads stays true.
        Raises Unavailable when the database doesn't answer or chose to give it up.
        """
        if self._turn and not self._turn.acquire(timeout=_PATIENCE):
            raise Unavailable("the database is busy: another thread holds it for too long")
        try:
            with self._connected(write=True) as tx:
                yield tx
        finally:
            if self._turn:
                self._turn.release()

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A consistent snapshot, in which nothing can be changed."""
        options: dict[str, Any] = {"write": False}
        if self._engine.dialect.name == "postgresql":
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self._connected(**options) as tx:
            yield tx

    @contextmanager
    def _connected(self, **options: Any) -> Iterator[Tx]:
        try:
            with self._engine.connect() as connection:
                tx = connection.execution_options(**options)
                with tx.begin():
                    yield tx
        except (OperationalError, InterfaceError) as error:
            raise Unavailable(f"the database does not do it now: {first_line(error)}") from error

    def forget(self) -> bool:
        """Finish erasing: what was deleted leaves the search index and the write-ahead log too.

        True when there was something. SQLite's FTS5 keeps deleted words until its index is
        rebuilt (schema 10), which is too slow to do with each deletion.
        """
        # Imported here, for the search itself is written in terms of transactions.
        from daemon.store.search import rebuild

        with self.write() as tx:
            erased = rebuild(tx)
        if erased and self._engine.dialect.name == "sqlite":
            outside(self._engine, "PRAGMA wal_checkpoint(TRUNCATE)")
        return erased

    def close(self) -> None:
        """Close every connection; the store is of no use afterwards."""
        self._engine.dispose()


def outside(engine: sa.Engine, statement: str) -> None:
    """Run one of SQLite's statements that must not be in a transaction."""
    pooled = engine.raw_connection()
    try:
        pooled.cursor().execute(statement)
    finally:
        pooled.close()


def first_line(error: Exception) -> str:
    """What the driver says, without the statement and its values."""
    cause = getattr(error, "orig", None) or error
    return (str(cause).strip().splitlines() or [type(cause).__name__])[0]


def connect(url: str, *, foreign_keys: bool = True) -> sa.Engine:
    """An engine for `sqlite:///…` or `postgresql://…`; connects to nothing yet."""
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise StoreError(
            "the database address is not a URL: use sqlite:////path/suivi.sqlite"
            " or postgresql://user@host/name"
        ) from error
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed, foreign_keys=foreign_keys)
    if parsed.get_backend_name() == "postgresql":
        return _postgresql(parsed)
    raise StoreError(
        f"suivi keeps its data in SQLite or PostgreSQL, not in {parsed.get_backend_name()}"
    )


def _postgresql(url: sa.URL) -> sa.Engine:
    try:
        return sa.create_engine(
            url,
            hide_parameters=True,
            pool_pre_ping=True,
            pool_size=10,
            max_overflow=20,
            pool_timeout=_PATIENCE,
        )
    except ImportError as error:
        raise StoreError("PostgreSQL needs psycopg: install suivi[postgres]") from error


def _sqlite(url: sa.URL, *, foreign_keys: bool) -> sa.Engine:
    if not url.database or url.database == ":memory:":
        raise StoreError("suivi needs a file: use sqlite:////path/suivi.sqlite")
    # Parameters are texts of mails: no error shows them.
    engine = sa.create_engine(
        url, hide_parameters=True, pool_size=10, max_overflow=20, pool_timeout=_PATIENCE
    )

    @sa.event.listens_for(engine, "connect")
    def _opened(dbapi: Any, _record: object) -> None:
        # The driver's own transactions begin too late and lose updates silently: off, and
        # BEGIN is spelled out below.
        dbapi.isolation_level = None
        dbapi.execute(f"PRAGMA busy_timeout={_PATIENCE * 1000}")
        dbapi.execute("PRAGMA synchronous=FULL")
        dbapi.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")
        # What is deleted is overwritten with zeros (spec §12).
        dbapi.execute("PRAGMA secure_delete=ON")

    @sa.event.listens_for(engine, "begin")
    def _begun(connection: sa.Connection) -> None:
        write = connection.get_execution_options().get("write", False)
        connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if write else 'ON'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def sqlite_path(url: str) -> Path | None:
    """The file of a SQLite address, None for PostgreSQL."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    return Path(parsed.database)


def shown(url: str) -> str:
    """The address without its password, for messages."""
    return sa.make_url(url).render_as_string(hide_password=True)
