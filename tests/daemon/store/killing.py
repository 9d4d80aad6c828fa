"""A database of an early version with many exchanges, whose upgrade is killed at one step after
the other. A process of its own, that forks: what is killed has loaded everything already.

    python -m tests.daemon.store.killing fill URL NUMBER
    python -m tests.daemon.store.killing steps URL      prints the steps of its upgrade
    python -m tests.daemon.store.killing kill URL STEP…  dies at each, then goes through
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from daemon.store import upgrade
from daemon.store.database import connect
from daemon.store.rows import sizes
from daemon.store.versions import MIGRATIONS, known, standing

EARLY = "0002"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
# What a generic row does not say: a reference, or a value of which there may be one only.
_SAID: dict[str, Callable[[int], Any]] = {
    "uid": lambda n: f"uid-{n}",
    "key": lambda n: f"key-{n}",
    "message_id": lambda n: f"{n}@mistral.example",
    "number": lambda n: n,
    "exchange_id": lambda n: n,
    "follow_up_id": lambda n: n,
    "reason": lambda n: f"EXC-{n}: they answered",
    "email": lambda n: f"user{n}@we.example",
    "code": lambda n: f"CU-{n}",
}
_ONE = ("staff", "third_party")
_MANY = (
    "exchange",
    "exchange_party",
    "follow_up",
    "follow_up_reminder",
    "follow_up_change",
    "follow_up_closing",
    "confidential_comment",
    "option_change",
    "audit",
)


def fill(url: str, number: int) -> None:
    """A database of the early version; so many rows in each table that migrations touch."""
    upgrade_to(url, EARLY)
    engine = connect(url, foreign_keys=False)
    tables = sa.MetaData()
    tables.reflect(engine)
    with engine.connect() as plain:
        connection = plain.execution_options(write=True)
        with connection.begin():
            for names, many in ((_ONE, 1), (_MANY, number)):
                for name in names:
                    table = tables.tables[name]
                    for start in range(1, many + 1, 5000):
                        end = min(start + 5000, many + 1)
                        rows = [_row(table, n) for n in range(start, end)]
                        connection.execute(table.insert(), rows)
    engine.dispose()


def upgrade_to(url: str, version: str) -> None:
    if url.startswith("sqlite"):
        from daemon.store.versions import _create, sqlite_path_of

        path = sqlite_path_of(url)
        assert path is not None
        _create(path)
    engine = connect(url, foreign_keys=False)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect() as plain:
        connection = plain.execution_options(write=True)
        with connection.begin():
            config.attributes["connection"] = connection
            command.upgrade(config, version)
    engine.dispose()


def _row(table: sa.Table, number: int) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for column in table.columns:
        if column.name == "id":
            row["id"] = number
        elif column.nullable or column.computed is not None:
            continue
        elif column.foreign_keys and column.name not in ("exchange_id", "follow_up_id"):
            # All of one person, third party, mode.
            row[column.name] = 1
        else:
            said = _SAID.get(column.name)
            row[column.name] = said(number) if said else _value(column.type, number)
    return row


def _value(kind: Any, number: int) -> Any:
    if isinstance(kind, sa.Boolean):
        return False
    if isinstance(kind, sa.DateTime):
        return NOW if getattr(kind, "timezone", False) else NOW.replace(tzinfo=None)
    if isinstance(kind, sa.JSON):
        return {}
    if isinstance(kind, sa.Integer):
        return number
    if isinstance(kind, sa.LargeBinary):
        return b""
    return "x"


def steps(url: str) -> list[tuple[int, str]]:
    """Every statement of the upgrade that changes something, by its number, rolled back."""
    found: list[tuple[int, str]] = []

    class Enough(Exception):
        pass

    def note(statement: str) -> None:
        found.append((len(found) + 1, " ".join(statement.split())[:60]))

    _on_change(note)
    upgrade_copy = connect(url, foreign_keys=False)
    from daemon.store.versions import _run

    with upgrade_copy.connect() as plain:
        connection = plain.execution_options(write=True)
        with connection.begin() as transaction:
            _run(connection)
            transaction.rollback()
    upgrade_copy.dispose()
    return found


def _on_change(then: Callable[[str], None]) -> None:
    @sa.event.listens_for(sa.Engine, "before_cursor_execute")
    def _count(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        words = statement.lstrip().upper()
        if words.startswith(("CREATE", "ALTER", "INSERT", "UPDATE", "DROP", "DELETE")):
            then(statement)


def die_at(url: str, step: int) -> None:
    """Upgrade in a child that kills itself there."""
    child = os.fork()
    if child == 0:
        seen = 0

        def count(_statement: str) -> None:
            nonlocal seen
            seen += 1
            if seen == step:
                os.kill(os.getpid(), signal.SIGKILL)

        _on_change(count)
        upgrade(url)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, (step, status)


def counts(url: str) -> dict[str, int]:
    engine = connect(url)
    with engine.connect() as connection:
        found = sizes(connection)
    engine.dispose()
    return found


def main(verb: str, url: str, *more: str) -> None:
    if verb == "fill":
        fill(url, int(more[0]))
    elif verb == "steps":
        print(json.dumps(steps(url)))
    else:
        before = counts(url)
        for step in map(int, more):
            die_at(url, step)
            assert standing(url) == EARLY, step
            assert counts(url) == before, step
        assert upgrade(url) == (EARLY, known()[-1])
        after = counts(url)
        # Migrations add counters.
        kept = before.keys() - {"counter"}
        assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
        print(json.dumps(after))


if __name__ == "__main__":
    main(*sys.argv[1:])
