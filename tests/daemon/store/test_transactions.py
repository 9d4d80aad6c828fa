"""Transactions: nothing is lost between writers, and readers see one moment."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from daemon.store import Store, Tx, Unavailable, Unstorable, alone, erasure, open_store
from daemon.store.rows import counted
from daemon.store.tables.installation import counter


def test_concurrent_read_modify_write_loses_nothing(url: str) -> None:
    """The trap of pysqlite's default transactions: 118 of 600 arrived, without an error."""

    def count() -> None:
        # A store each, as processes have: no lock of ours is shared.
        store = open_store(url)
        for _ in range(150):
            with store.write() as tx:
                value = counted(tx, "exchange", lock=True)
                this = counter.c.name == "exchange"
                tx.execute(sa.update(counter).where(this).values(value=value + 1))
        store.close()

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store = open_store(url)
    with store.read() as tx:
        assert counted(tx, "exchange") == 600
    store.close()


def test_whoever_is_suspended_in_a_transaction_holds_nobody_up_for_good(url: str) -> None:
    if not url.startswith("postgresql"):
        pytest.skip("SQLite's writer holds a lock on the file: nothing can take it away")
    this = sa.update(counter).where(counter.c.name == "exchange")
    limits = "-c idle_in_transaction_session_timeout=300ms -c lock_timeout=20s"
    # Each limit can be set otherwise, as here in the address.
    suspended, other = open_store(f"{url}?options={quote(limits)}"), open_store(url)
    with pytest.raises(Unavailable), suspended.write() as tx:
        tx.execute(this.values(value=7))
        with other.write() as theirs:
            theirs.execute(this.values(value=8))
        tx.execute(this.values(value=9))
    with suspended.write() as tx:
        assert counted(tx, "exchange") == 8
    for store in (suspended, other):
        store.close()


def test_a_lock_is_not_waited_for_without_an_end(url: str) -> None:
    if not url.startswith("postgresql"):
        pytest.skip("SQLite's busy_timeout; 30 seconds are too long for a test")
    this = sa.update(counter).where(counter.c.name == "exchange")
    patient, other = open_store(url), open_store(f"{url}?options={quote('-c lock_timeout=200ms')}")
    with patient.write() as tx:
        assert tx.execute(sa.text("SHOW lock_timeout")).scalar() == "30s"
        assert tx.execute(sa.text("SHOW idle_in_transaction_session_timeout")).scalar() == "1min"
        tx.execute(this.values(value=7))
        with pytest.raises(Unavailable), other.write() as theirs:
            theirs.execute(this.values(value=8))
    for store in (patient, other):
        store.close()


def test_an_error_takes_everything_back(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.write() as tx:
        tx.execute(sa.update(counter).values(value=7))
        _ = 1 / 0
    with store.read() as tx:
        assert counted(tx, "exchange") == 0


def test_a_reader_sees_one_moment(store: Store) -> None:
    with store.read() as tx:
        before = counted(tx, "exchange")
        with ThreadPoolExecutor(1) as pool:
            pool.submit(_raise_to, store, 5).result()
        assert counted(tx, "exchange") == before == 0
    with store.read() as tx:
        assert counted(tx, "exchange") == 5


def _raise_to(store: Store, value: int) -> None:
    with store.write() as tx:
        tx.execute(sa.update(counter).values(value=value))


def test_a_reader_can_change_nothing(store: Store) -> None:
    with pytest.raises((Unavailable, sa.exc.DBAPIError)), store.read() as tx:
        tx.execute(sa.update(counter).values(value=7))
    with store.write() as tx:
        tx.execute(sa.update(counter).values(value=8))
    with store.read() as tx:
        assert counted(tx, "exchange") == 8


def test_sqlite_keeps_what_it_promises(sqlite_url: str) -> None:
    store = open_store(sqlite_url)
    with store.read() as tx:
        for pragma, value in (
            ("journal_mode", "wal"),
            ("synchronous", 2),
            ("foreign_keys", 1),
            ("secure_delete", 1),
        ):
            assert tx.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value
    store.close()


def test_deadlocked_writers_are_told_to_do_it_again(postgres_url: str) -> None:
    store = open_store(postgres_url)
    both = threading.Barrier(2)

    def lock(first: str, second: str) -> bool:
        try:
            with store.write() as tx:
                counted(tx, first, lock=True)
                both.wait()
                counted(tx, second, lock=True)
        except Unavailable:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(lock, "exchange", "directory")
        two = pool.submit(lock, "directory", "exchange")
        assert sorted((one.result(), two.result())) == [False, True]
    store.close()


def _count_twice(tx: Tx) -> None:
    tx.execute(sa.insert(counter).values(name="exchange", value=1))


def _count_beyond_numbers(tx: Tx) -> None:
    tx.execute(sa.update(counter).values(value=2**70))


def _name_beyond_an_index(tx: Tx) -> None:
    # Incompressible, for PostgreSQL compresses what it indexes; SQLite takes it.
    name = "".join(map(chr, range(0x4E00, 0x4E00 + 9000)))
    tx.execute(sa.insert(counter).values(name=name, value=1))
    if tx.dialect.name == "sqlite":
        _count_twice(tx)


REFUSED = [_count_twice, _count_beyond_numbers, _name_beyond_an_index]


@pytest.mark.parametrize("refused", REFUSED)
def test_a_refused_value_is_undone_alone(store: Store, refused: Callable[[Tx], None]) -> None:
    with store.write() as tx:
        tx.execute(sa.insert(counter).values(name="before", value=1))
        with pytest.raises(Unstorable), alone(tx):
            tx.execute(sa.insert(counter).values(name="with it", value=1))
            refused(tx)
        tx.execute(sa.insert(counter).values(name="after", value=1))
    with store.read() as tx:
        names = set(tx.execute(sa.select(counter.c.name)).scalars())
    assert {"before", "after"} <= names
    assert "with it" not in names


@pytest.mark.parametrize("refused", REFUSED)
def test_outside_of_a_part_it_undoes_all_and_says_no_value(
    store: Store, refused: Callable[[Tx], None]
) -> None:
    with pytest.raises(Unstorable, match="the database refuses it") as told, store.write() as tx:
        tx.execute(sa.insert(counter).values(name="before", value=1))
        refused(tx)
    # PostgreSQL quotes the row in its details, and a log would show them.
    assert told.value.__suppress_context__
    assert "exchange" not in str(told.value)
    assert "\n" not in str(told.value)
    with store.read() as tx:
        assert "before" not in tx.execute(sa.select(counter.c.name)).scalars().all()


def test_a_mistake_of_ours_is_no_refusal(store: Store) -> None:
    # SQLite calls that an operational error.
    with pytest.raises((sa.exc.ProgrammingError, Unavailable)), store.write() as tx, alone(tx):
        tx.exec_driver_sql("SELECT 1 FROM no_such_table")


def test_an_erasure_that_readers_hold_up_is_finished_later(sqlite_url: str) -> None:
    store, other = open_store(sqlite_url), open_store(sqlite_url)
    with store.write() as tx:
        erasure.erased(tx)
    with other.read() as reader:
        # A snapshot of before the rebuilding keeps the write-ahead log from being cut.
        counted(reader, "exchange")
        assert not erasure.forget(store)
    assert erasure.forget(store)
    assert not erasure.forget(store)
    store.close()
    other.close()


def test_an_erasure_that_begins_meanwhile_is_not_lost(store: Store) -> None:
    with store.write() as tx:
        erasure.erased(tx)
    with store.write() as tx:
        number = erasure.rebuild(tx)
    with store.write() as tx:
        erasure.erased(tx)
    with store.write() as tx:
        erasure.finished(tx, number)
    assert erasure.forget(store)
    assert not erasure.forget(store)
