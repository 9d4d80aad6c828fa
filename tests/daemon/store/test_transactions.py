"""Transactions: nothing is lost between writers, and readers see one moment."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from daemon.store import Store, Unavailable, open_store
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
