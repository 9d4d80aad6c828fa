"""A company's memory of many exchanges, written fast: by COPY into PostgreSQL, by one statement
and a rebuilt index into SQLite."""

import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from daemon.store import installation, open_store, people, upgrade
from daemon.store.database import sqlite_path
from daemon.store.tables import metadata
from daemon.store.text import words
from rules.model.people import EntityId, Right, ThirdParty, ThirdPartyId, UserId

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
COMMON, RARE = "commande", "xylophone"
SHARE = 1_000
"""Who sees least sees one of so many."""
_RARE_TEXTS = 40
_USERS = 200
_SYLLABLES = [
    "ba",
    "be",
    "bi",
    "bo",
    "bu",
    "da",
    "de",
    "di",
    "do",
    "du",
    "fa",
    "fe",
    "fi",
    "fo",
    "fu",
    "la",
    "le",
    "li",
    "lo",
    "lu",
    "ma",
    "me",
    "mi",
    "mo",
    "mu",
]


@dataclass(frozen=True, slots=True)
class Company:
    """Who is in it: `own` sees only what they had, `branch` all of a small entity; each of the two
    a thousandth of everything."""

    parties: list[ThirdPartyId]
    own: UserId
    branch: UserId
    everybody: UserId


def fill(url: str, number: int, parties: int) -> Company:
    """A migrated database with so many exchanges of so many third parties."""
    upgrade(url)
    store = open_store(url)
    sees = [Right.SEE_EXCHANGES, Right.SEE_FOLLOW_UPS]
    sees_all = [*sees, Right.SEE_ALL_EXCHANGES, Right.SEE_ALL_FOLLOW_UPS]
    with store.write() as tx:
        installation.ensure(tx, NOW, None)
        main = people.put_entity(tx, "main", "Main")
        branch = people.put_entity(tx, "branch", "Branch")
        users = [
            people.put_user(
                tx, name=f"User {n}", email=f"user{n}@we.example", entities=[main], rights=sees
            )
            for n in range(_USERS)
        ]
        own = people.put_user(tx, name="Own", email="own@we.example", entities=[main], rights=sees)
        small = people.put_user(
            tx, name="Branch", email="branch@we.example", entities=[branch], rights=sees_all
        )
        everybody = people.put_user(tx, name="All", email="all@we.example", rights=[*Right])
        first = people.put_third_party(tx, ThirdParty(ThirdPartyId(0), "P0", "Party 0"))
        more = [
            {
                "code": f"P{n}",
                "name": f"Party {n}",
                "folded": f"party {n}",
                "entity_id": None,
                "active": True,
                "revision": 1,
            }
            for n in range(1, parties)
        ]
        tx.execute(sa.insert(metadata.tables["third_party"]), more)
        ids = [ThirdPartyId(first + n) for n in range(parties)]
        mode = tx.exec_driver_sql("SELECT min(id) FROM list_item WHERE list = 'mode'").scalar()
    store.close()
    rows = _Rows(number, ids, users, own, main, branch, int(mode or 0))
    if sqlite_path(url) is not None:
        _into_sqlite(str(sqlite_path(url)), rows)
    else:
        _into_postgresql(url, rows)
    return Company(ids, own, small, everybody)


@dataclass(frozen=True, slots=True)
class _Rows:
    number: int
    parties: list[ThirdPartyId]
    users: list[UserId]
    own: UserId
    main: EntityId
    branch: EntityId
    mode: int

    def each(self) -> Iterator[tuple[str, list[Any]]]:
        """(table, row), exchange by exchange; times fall, ids don't follow them."""
        chance = random.Random(7)
        vocabulary = [
            "".join(chance.choice(_SYLLABLES) for _ in range(chance.randint(2, 5)))
            for _ in range(20_000)
        ]
        every = max(self.number // _RARE_TEXTS, 1)
        span = timedelta(days=3650) / self.number
        order = list(range(self.number))
        chance.shuffle(order)
        for number, place in enumerate(order, 1):
            at = NOW - span * place
            said = [vocabulary[int(20_000 * chance.random() ** 3)] for _ in range(14)]
            if chance.random() < 1 / 3:
                said.append(COMMON)
            if place % every == every // 2:
                said.append(RARE)
            subject, comment = " ".join(said[:4]), " ".join(said[4:])
            is_own = place % SHARE == SHARE // 3
            in_branch = place % SHARE == SHARE // 2
            entity = self.branch if in_branch else self.main
            index = words(subject, comment)
            yield "exchange", [number, number, entity, self.mode, at, subject, comment, index]
            # The largest third party has some seven in a thousand.
            party = self.parties[int(len(self.parties) * chance.random() ** 2)]
            yield "exchange_party", [number, at, party, 0]
            user = self.own if is_own else chance.choice(self.users)
            yield "exchange_user", [number, at, user, "author", 0]
            yield "exchange_user", [number, at, user, "mailbox_owner", 1]


_COLUMNS = {
    "exchange": [
        "id",
        "number",
        "entity_id",
        "mode_id",
        "happened_at",
        "subject",
        "comment",
        "words",
    ],
    "exchange_party": ["exchange_id", "happened_at", "third_party_id", "position"],
    "exchange_user": ["exchange_id", "happened_at", "user_id", "role", "position"],
}
_SAME = {
    "direction": "inbound",
    "source": "mail",
    "status": "active",
    "level": 3,
    "revision": 1,
    "recorded_at": NOW,
}


def _columns(table: str) -> list[str]:
    return [*_COLUMNS[table], *(_SAME if table == "exchange" else ())]


def _into_sqlite(path: str, rows: _Rows) -> None:
    db = sqlite3.connect(path, isolation_level=None)
    triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    db.execute("PRAGMA synchronous=OFF")
    db.execute("PRAGMA cache_size=-400000")
    db.execute("BEGIN")
    for name, _ in triggers:
        db.execute(f"DROP TRIGGER {name}")
    batches: dict[str, list[list[Any]]] = {table: [] for table in _COLUMNS}

    def flush(table: str) -> None:
        names = _columns(table)
        marks = ", ".join("?" * len(names))
        statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"
        db.executemany(statement, batches[table])
        batches[table].clear()

    same = [_sqlite(value) for value in _SAME.values()]
    for table, row in rows.each():
        values = [_sqlite(value) for value in row]
        batches[table].append([*values, *(same if table == "exchange" else ())])
        if len(batches[table]) == 20_000:
            flush(table)
    for table in batches:
        flush(table)
    for _, sql in triggers:
        db.execute(sql)
    db.execute("INSERT INTO exchange_search(exchange_search) VALUES('rebuild')")
    db.execute("COMMIT")
    db.close()


def _sqlite(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ", "microseconds")
    return value


def _into_postgresql(url: str, rows: _Rows) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=False) as db:
        # All rows are known to be in order; their owners need not be looked up.
        db.execute("SET session_replication_role = replica")
        db.execute("SET maintenance_work_mem = '512MB'")
        kept = list(
            db.execute(
                "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s)"
                " AND indexname LIKE 'ix\\_%%'",
                [list(_COLUMNS)],
            )
        )
        for name, _ in kept:
            db.execute(f"DROP INDEX {name} CASCADE") if "happened" not in name else None
        held: dict[str, list[list[Any]]] = {table: [] for table in _COLUMNS}

        def flush(table: str) -> None:
            names = ", ".join(_columns(table))
            with db.cursor().copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in held[table]:
                    copy.write_row(row)
            held[table].clear()

        same = list(_SAME.values())
        for table, row in rows.each():
            held[table].append([*row, *(same if table == "exchange" else ())])
            if len(held[table]) == 20_000:
                flush(table)
        for table in held:
            flush(table)
        for name, definition in kept:
            if "happened" not in name:
                db.execute(definition)
        db.execute("SELECT setval('exchange_id_seq', (SELECT max(id) FROM exchange))")
        db.commit()
        db.autocommit = True
        db.execute("VACUUM ANALYZE")
