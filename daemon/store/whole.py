"""An exchange with all that hangs on it, as one value that can be held against another store's.

`rules diff` compares what stands here with what other rules make of the same mail, in a store of
its own; `rules apply` puts the one in the place of the other. Tables that hang on an exchange are
found by their foreign key, so that one which is added later is neither forgotten nor compared by
halves. What each store gives by itself (reference, times, revision, thread) tells no difference.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from daemon.store import classified, elements, erasure, references, spots
from daemon.store.database import Tx
from daemon.store.rows import chunks, count, insert_new, inserting, new_id
from daemon.store.tables import exchanges as t
from daemon.store.tables import metadata
from daemon.store.threads import thread_of
from rules.model.exchanges import ExchangeId, ExchangeKey, KeyKind, LinkedElement, Role

Row = Mapping[str, Any]

SOURCES = ("mail", "calendar")
"""What captures record, and rules decide."""

COLUMNS = (
    "entity_id",
    "direction",
    "mode_id",
    "purpose_id",
    "kind",
    "subject",
    "comment",
    "html",
    "quoted_from",
    "project",
    "answers",
    "level",
)
"""What deciding says of an exchange, in its own row."""

# Fields as edits name them, by the column or the tables that hold them; others have their name.
_EDITS: Mapping[str, tuple[str, ...]] = {
    "entity": ("entity_id",),
    "mode": ("mode_id",),
    "purpose": ("purpose_id",),
    "comment": ("comment", "html", "quoted_from"),
    "author": ("exchange_user",),
    "collaborators": ("exchange_user",),
    "third_parties": ("exchange_party",),
    "contacts": ("exchange_contact",),
    "products": ("exchange_product",),
    "tags": ("exchange_tag",),
    "elements": ("exchange_element",),
    "attachments": ("exchange_attachment",),
    "confidential": ("confidential_comment", "confidential_group"),
}

# Names by which a copy is found, and what a person did: not what rules say.
_APART = frozenset({"exchange_key", "exchange_parent", "exchange_edit", "exchange_address"})
# What no two stores have alike, or that says nothing.
_OWN = frozenset(
    {
        "exchange_id",
        "happened_at",
        "position",
        "revision",
        "written_at",
        "words",
        "element_id",
    }
)

# Of a copy: what each store gives by itself.
_APART_OF_COPY = frozenset({"id", "exchange_id", "seen_at"})

_GONE_WITH_THE_TEXT = frozenset({"subject", "comment", "html", "quoted_from"})


@dataclass(frozen=True, slots=True)
class Whole:
    """One exchange: its row, the rows that hang on it by table, its keys and parents, and the
    copies that were seen; `edited` names the columns and tables that a person changed."""

    id: ExchangeId
    row: Row
    hung: Mapping[str, tuple[Row, ...]]
    keys: tuple[ExchangeKey, ...]
    parents: tuple[str, ...]
    copies: tuple[Row, ...]
    edited: frozenset[str]

    @property
    def ref(self) -> str:
        """As people call it, `EXC-12`."""
        return str(self.row["own_ref"] or f"EXC-{self.row['number']}")


def hanging() -> tuple[sa.Table, ...]:
    """The tables whose rows belong to one exchange and are compared, owners first."""
    owned = [t.exchange]
    for table in metadata.sorted_tables:
        keys = [c for c in table.primary_key.columns if c.name == "exchange_id"]
        if any(f.column.table in owned for c in keys for f in c.foreign_keys):
            owned.append(table)
    return tuple(table for table in owned[1:] if table.name not in _APART)


def read(tx: Tx, ids: Iterable[ExchangeId]) -> dict[ExchangeId, Whole]:
    """These exchanges, as far as they are there."""
    found: dict[ExchangeId, Whole] = {}
    for some in chunks(ids):
        rows = _rows(tx, t.exchange, t.exchange.c.id, some)
        hung = {table.name: _hung(tx, table, some) for table in hanging()}
        keys = _hung(tx, t.exchange_key, some)
        parents = _hung(tx, t.exchange_parent, some)
        copies = _hung(tx, t.sighting, some)
        edits = _hung(tx, t.exchange_edit, some)
        for row in rows:
            number = ExchangeId(row["id"])
            found[number] = Whole(
                id=number,
                row=row,
                hung={name: tuple(by.get(number, ())) for name, by in hung.items()},
                keys=tuple(ExchangeKey(KeyKind(k["kind"]), k["key"]) for k in keys.get(number, ())),
                parents=tuple(p["message_id"] for p in parents.get(number, ())),
                copies=tuple(copies.get(number, ())),
                edited=frozenset(
                    held
                    for edit in edits.get(number, ())
                    for held in _EDITS.get(edit["field"], (edit["field"],))
                ),
            )
    return found


def captured(tx: Tx, after: ExchangeId, limit: int) -> tuple[ExchangeId, ...]:
    """The next exchanges that captures recorded, in the order of their ids."""
    c = t.exchange.c
    query = sa.select(c.id).where(c.id > after, c.source.in_(SOURCES)).order_by(c.id).limit(limit)
    return tuple(map(ExchangeId, tx.execute(query).scalars()))


def last(tx: Tx) -> ExchangeId:
    """The newest exchange; 0 where there is none."""
    return ExchangeId(tx.execute(sa.select(sa.func.max(t.exchange.c.id))).scalar() or 0)


def of_thread(
    tx: Tx, thread: str | None, but: ExchangeId, most: int = 200
) -> tuple[ExchangeId, ...]:
    """The other exchanges of a thread."""
    c = t.exchange.c
    these = sa.select(c.id).where(c.thread == thread, c.id != but).order_by(c.id).limit(most)
    return () if thread is None else tuple(map(ExchangeId, tx.execute(these).scalars()))


def by_keys(tx: Tx, wholes: Iterable[Whole]) -> dict[ExchangeId, ExchangeId]:
    """Which of them are known here: by their id there, the id here."""
    owners: dict[tuple[str, str], list[ExchangeId]] = {}
    for whole in wholes:
        for key in whole.keys:
            owners.setdefault((key.kind, key.key), []).append(whole.id)
    found: dict[ExchangeId, ExchangeId] = {}
    c = t.exchange_key.c
    for some in chunks(key for _, key in owners):
        for row in tx.execute(sa.select(c.kind, c.key, c.exchange_id).where(c.key.in_(some))):
            for owner in owners.get((row.kind, row.key), ()):
                found.setdefault(owner, ExchangeId(row.exchange_id))
    return found


def facts(whole: Whole) -> dict[str, Any]:
    """What is compared, by the name of its column or table."""
    told: dict[str, Any] = {name: whole.row[name] for name in COLUMNS}
    for name, rows in whole.hung.items():
        told[name] = frozenset(_plain(row) for row in rows)
    return told


def differing(one: Whole, other: Whole) -> frozenset[str]:
    """The names of what is not alike."""
    here, there = facts(one), facts(other)
    names = {name for name in here if here[name] != there.get(name)}
    if "exchange_user" in names and _people(one, other) == _people(other, one):
        names.remove("exchange_user")
    return frozenset(names)


def _people(one: Whole, other: Whole) -> frozenset[tuple[str, int]]:
    """Who takes part. Whose mailbox was read first had a mail that several got: that differs by
    chance, unless a rule names the author or one of the two has no copy there."""
    people = {(row["role"], row["user_id"]) for row in one.hung["exchange_user"]}
    owners = _owners(one) & _owners(other)
    by_rule = any("author" in str(copy.get("said")) for copy in (*one.copies, *other.copies))
    if by_rule:
        return frozenset(people)
    by_chance = {(role, user) for role, user in people if role == Role.AUTHOR and user in owners}
    return frozenset(people - by_chance)


def _owners(one: Whole) -> set[int]:
    rows = one.hung["exchange_user"]
    return {row["user_id"] for row in rows if row["role"] == Role.MAILBOX_OWNER}


def insert(tx: Tx, whole: Whole, rules: str, now: datetime) -> ExchangeId:
    """Record what the other store has: a new reference, all else alike."""
    own = {"id", "number", "own_ref", "recorded_at", "revision", "thread", "rules"}
    row = {name: value for name, value in whole.row.items() if name not in own}
    exchange = ExchangeId(
        new_id(
            tx,
            t.exchange,
            **row,
            number=count(tx, "exchange"),
            own_ref=references.own(tx, [row["entity_id"]])[0],
            recorded_at=now,
            thread=thread_of(tx, whole.row["message_id"], list(whole.parents)),
            revision=1,
            rules=rules,
        )
    )
    parents = [{"exchange_id": exchange, "message_id": p} for p in whole.parents]
    insert_new(tx, t.exchange_parent, parents)
    for table in hanging():
        _put_rows(tx, table, exchange, whole.row, whole.hung[table.name])
    _put_names(tx, exchange, whole)
    return exchange


def replace(tx: Tx, here: Whole, whole: Whole, fields: Collection[str], rules: str) -> None:
    """Make these fields of an exchange as the other store has them; its reference stays."""
    columns = {name: whole.row[name] for name in COLUMNS if name in fields}
    row = {**here.row, **columns}
    for table in hanging():
        if table.name in fields:
            owner = table.c.exchange_id == here.id
            tx.execute(sa.delete(table).where(owner))
            _put_rows(tx, table, here.id, here.row, whole.hung[table.name])
    said = (row["subject"], row["comment"], row["project"])
    tx.execute(
        sa.update(t.exchange)
        .where(t.exchange.c.id == here.id)
        .values(
            **columns,
            words=classified.words_of(tx, here.id, *said),
            revision=t.exchange.c.revision + 1,
            rules=rules,
        )
    )
    _put_names(tx, here.id, whole)
    if not _GONE_WITH_THE_TEXT.isdisjoint(fields):
        erasure.erased(tx)


def place(copy: Row) -> tuple[Any, ...]:
    """Where a copy was seen, comparable."""
    names = ("folder_id", "uidvalidity", "uid", "calendar_id", "href", "recurrence")
    return tuple(copy[name] for name in names)


def drop_copies(tx: Tx, here: Whole, whole: Whole, but: Collection[Row]) -> None:
    """Forget the copies that the other store leaves out."""
    kept = {place(copy) for copy in (*whole.copies, *but)}
    for copy in here.copies:
        if place(copy) not in kept:
            tx.execute(sa.delete(t.sighting).where(t.sighting.c.id == copy["id"]))


def refresh_copies(tx: Tx, pairs: Iterable[tuple[Whole, Whole]]) -> None:
    """What the other rules said of each copy that both have, where it is not the same: later
    copies are held against it."""
    for here, whole in pairs:
        known = {place(copy): _said(copy) for copy in here.copies}
        changed = [c for c in whole.copies if known.get(place(c), _said(c)) != _said(c)]
        _put_copies(tx, here.id, changed)


def _said(copy: Row) -> Row:
    return {name: value for name, value in copy.items() if name not in _APART_OF_COPY}


def add_rows(tx: Tx, here: Whole, whole: Whole, table: str) -> None:
    """What the other store has in this table and this one lacks; nothing is taken away."""
    known = {_plain(row) for row in here.hung[table]}
    more = [row for row in whole.hung[table] if _plain(row) not in known]
    start = len(here.hung[table])
    rows = [{**row, "position": start + n} for n, row in enumerate(more)]
    _put_rows(tx, metadata.tables[table], here.id, here.row, rows)


def remove(tx: Tx, here: Whole) -> None:
    """Take it away with all that hangs on it; nothing keeps it from being recorded again."""
    tx.execute(sa.delete(t.exchange).where(t.exchange.c.id == here.id))
    erasure.erased(tx)


def in_step(tx: Tx, ids: Iterable[ExchangeId], rules: str) -> None:
    """These stand as `rules` want them."""
    for some in chunks(ids):
        these = sa.and_(t.exchange.c.id.in_(some), t.exchange.c.rules != rules)
        tx.execute(sa.update(t.exchange).where(these).values(rules=rules))


def of_earlier_rules(tx: Tx, rules: str) -> int:
    """How many exchanges stand as other rules than these wanted them."""
    c = t.exchange.c
    query = sa.select(sa.func.count()).where(c.rules.is_not(None), c.rules != rules)
    return int(tx.execute(query).scalar_one())


def note_edit(
    tx: Tx, exchange: ExchangeId, fields: Iterable[str], by: int | None, now: datetime
) -> None:
    """A person changed these fields, named as in `Draft`: no rule overwrites them from now on."""
    rows = [{"exchange_id": exchange, "field": f, "by_id": by, "at": now} for f in sorted(fields)]
    insert_new(tx, t.exchange_edit, rows)


def _rows(tx: Tx, table: sa.Table, owner: sa.ColumnElement[int], ids: list[Any]) -> list[Row]:
    query = sa.select(table).where(owner.in_(ids)).order_by(*table.primary_key.columns)
    return [dict(row) for row in tx.execute(query).mappings()]


def _hung(tx: Tx, table: sa.Table, ids: list[Any]) -> dict[int, list[Row]]:
    query = sa.select(table)
    if table is t.exchange_element:
        # An element has another number in each store: it is told by type and reference.
        e = t.element.c
        query = query.add_columns(e.type, e.ref, e.date, e.amount, e.state).join(t.element)
    query = query.where(table.c.exchange_id.in_(ids))
    order = [table.c.position] if "position" in table.c else list(table.primary_key.columns)
    found: dict[int, list[Row]] = {}
    for row in tx.execute(query.order_by(*order)).mappings():
        found.setdefault(row["exchange_id"], []).append(dict(row))
    return found


def _plain(row: Row) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted((n, v) for n, v in row.items() if n not in _OWN))


def _put_rows(
    tx: Tx, table: sa.Table, exchange: ExchangeId, owner: Row, rows: Iterable[Row]
) -> None:
    made = []
    for row in rows:
        values = {**row, "exchange_id": exchange, "happened_at": owner["happened_at"]}
        if table is t.exchange_element:
            known = LinkedElement(*(row[n] for n in ("type", "ref", "date", "amount", "state")))
            values["element_id"] = elements.put(tx, known)
        made.append({c.name: values[c.name] for c in table.columns})
    insert_new(tx, table, made)


def _put_names(tx: Tx, exchange: ExchangeId, whole: Whole) -> None:
    """Its keys and copies, beside those that are known."""
    keys = [{"exchange_id": exchange, "kind": k.kind, "key": k.key} for k in whole.keys]
    insert_new(tx, t.exchange_key, keys)
    _put_copies(tx, exchange, whole.copies)


def _put_copies(tx: Tx, exchange: ExchangeId, copies: Iterable[Row]) -> None:
    for row in copies:
        values = {n: v for n, v in row.items() if n != "id"} | {"exchange_id": exchange}
        facts = {n: v for n, v in values.items() if n != "seen_at"}
        statement = inserting(tx, t.sighting).values(values)
        unique = spots.unique(spots.read(SimpleNamespace(**row)))
        tx.execute(statement.on_conflict_do_update(index_elements=unique, set_=facts))
