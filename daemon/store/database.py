"""The database: opened once, then one transaction at a time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import (
    DataError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
)

from daemon.store.errors import StoreError, Unavailable, Unstorable

Tx = sa.Connection
"""A transaction in hand: what every function of the store takes first."""

# What drivers raise where they can't even send a value.
_UNSENDABLE = (OverflowError, UnicodeEncodeError)
# What a database says of a statement; the other errors of SQLAlchemy are mistakes of ours.
_REFUSALS = (OperationalError, InterfaceError, DataError, IntegrityError)

# How long a writer waits for the others before it gives up, in seconds.
_PATIENCE = 30
# PostgreSQL waits without an end, and a process that was suspended in a transaction holds its locks
# for as long: so many seconds, unless the admin set something else for the server or the user.
_LIMITS = {"lock_timeout": _PATIENCE, "idle_in_transaction_session_timeout": 2 * _PATIENCE}
_UNLESS_SET = (
    "SELECT set_config(name, %s, false) FROM pg_settings WHERE name = %s AND setting = '0'"
)
# PostgreSQL's code for a session that it ended by the second limit.
_STOOD_STILL = "25P03"
# So much of a SQLite database is read where the kernel keeps it, in bytes.
_MAPPED = 1 << 30
# How long the write-ahead log waits for readers before it stays as it is, in seconds.
_LOG_PATIENCE = 5


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
        Raises Unavailable when the database doesn't answer or chose to give it up, Unstorable
        when it refuses a value.
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
        except (*_REFUSALS, *_UNSENDABLE) as error:
            if _is_about_a_value(error):
                # The driver's own words may quote the row, and end in a log.
                raise Unstorable(_refusal(error)) from None
            raise Unavailable(f"the database does not do it now: {first_line(error)}") from error
        except InternalError as error:
            if getattr(error.orig, "sqlstate", None) != _STOOD_STILL:
                raise
            raise Unavailable(f"the database gave it up: {first_line(error)}") from error

    def checkpoint(self) -> bool:
        """Leave nothing of the past in SQLite's write-ahead log: all of it is moved into the
        database, and it is cut. False when a reader of an older moment was in the way for long.
        """
        return self._engine.dialect.name != "sqlite" or _empty_log(self._engine)

    def close(self) -> None:
        """Close every connection; the store is of no use afterwards."""
        self._engine.dispose()


@contextmanager
def alone(tx: Tx) -> Iterator[None]:
    """A part of a transaction that may be refused without harm to the rest of it.

    Raises Unstorable when the database refuses a value in it; all of the part is undone then.
    """
    try:
        with tx.begin_nested():
            yield
    except (*_REFUSALS, *_UNSENDABLE) as error:
        if _is_about_a_value(error):
            raise Unstorable(_refusal(error)) from None
        raise


def _is_about_a_value(error: Exception) -> bool:
    if isinstance(error, DataError | IntegrityError | OverflowError | UnicodeEncodeError):
        return True
    # Class 54 of PostgreSQL's error codes, "program limit exceeded": a text with more words, or a
    # key with more octets, than an index takes. Its driver counts that as operational.
    return str(getattr(getattr(error, "orig", None), "sqlstate", None) or "").startswith("54")


def _refusal(error: Exception) -> str:
    """What was refused, by the kind of error and the name of a constraint; never a value."""
    cause = getattr(error, "orig", None) or error
    kind = type(cause).__name__
    constraint = getattr(getattr(cause, "diag", None), "constraint_name", None)
    if constraint:
        kind = f"{kind}, {constraint}"
    elif getattr(cause, "sqlite_errorname", None):
        # SQLite names the constraint, or the limit, and nothing else.
        kind = f"{kind}, {first_line(error)}"
    return f"the database refuses it ({kind})"


def outside(engine: sa.Engine, statement: str) -> None:
    """Run one of SQLite's statements that must not be in a transaction."""
    pooled = engine.raw_connection()
    try:
        pooled.cursor().execute(statement)
    finally:
        pooled.close()


def _empty_log(engine: sa.Engine) -> bool:
    pooled = engine.raw_connection()
    try:
        cursor = pooled.cursor()
        # Writers wait meanwhile: not for as long as they would for each other.
        cursor.execute(f"PRAGMA busy_timeout={_LOG_PATIENCE * 1000}")
        busy, _frames, _moved = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        cursor.execute(f"PRAGMA busy_timeout={_PATIENCE * 1000}")
    finally:
        pooled.close()
    return not busy


def first_line(error: Exception) -> str:
    """What the driver says, without the statement and its values."""
    cause = getattr(error, "orig", None) or error
    return (str(cause).strip().splitlines() or [type(cause).__name__])[0]


def connect(url: str, *, foreign_keys: bool = True) -> sa.Engine:
    """An engine for `sqlite:///…` or `postgresql://…`; connects to nothing yet."""
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError) as error:
        # ValueError: a port that is no number.
        raise StoreError(
            "the database address is not a URL: use sqlite:////path/suivi.sqlite"
            " or postgresql://user@host:port/name"
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
        engine = sa.create_engine(
            url,
            hide_parameters=True,
            pool_pre_ping=True,
            pool_size=10,
            max_overflow=20,
            pool_timeout=_PATIENCE,
        )
    except ImportError as error:
        raise StoreError("PostgreSQL needs psycopg: install suivi[postgres]") from error

    @sa.event.listens_for(engine, "connect")
    def _opened(dbapi: Any, _record: object) -> None:
        # Beside the transaction that SQLAlchemy begins, so that no rollback undoes it.
        dbapi.autocommit = True
        for name, seconds in _LIMITS.items():
            dbapi.execute(_UNLESS_SET, (f"{seconds}s", name))
        dbapi.autocommit = False

    return engine


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
        # Read without a call and a copy for each page: histories stand scattered all over it.
        dbapi.execute(f"PRAGMA mmap_size={_MAPPED}")

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
    """The address without its password, wherever it stands, for messages."""
    parsed = sa.make_url(url)
    query = {k: "***" if "password" in k.lower() else v for k, v in parsed.query.items()}
    return parsed.set(query=query).render_as_string(hide_password=True)
