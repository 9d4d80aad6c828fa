"""What people change in an exchange: fields, links, its confidential comment. No rule and no other
copy overwrites it afterwards (`exchange_edit`); `daemon.store.exchanges` is the door."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from daemon.store import classified, elements, erasure, lists, whole
from daemon.store.database import Tx
from daemon.store.errors import Stale
from daemon.store.exchange_read import confidential, get
from daemon.store.rows import counted, insert_new, replace_rows
from daemon.store.tables import exchanges as t
from rules.model.exchanges import (
    ConfidentialComment,
    Exchange,
    ExchangeId,
    LinkedElement,
    Role,
)
from rules.model.people import UserId

_COLUMNS: Mapping[str, tuple[str, Callable[[Tx, Any], Any]]] = {
    "entity": ("entity_id", lambda _tx, value: value),
    "direction": ("direction", lambda _tx, value: value),
    "mode": ("mode_id", lambda tx, code: lists.item_id(tx, "mode", code)),
    "purpose": (
        "purpose_id",
        lambda tx, code: None if code is None else lists.item_id(tx, "purpose", code),
    ),
    "happened_at": ("happened_at", lambda _tx, value: value),
    "subject": ("subject", lambda _tx, value: value),
    "comment": ("comment", lambda _tx, value: value),
    "html": ("html", lambda _tx, value: value),
    "quoted_from": ("quoted_from", lambda _tx, value: value),
    "project": ("project", lambda _tx, value: value),
    "status": ("status", lambda _tx, value: value),
}
"""Fields that are columns, and how a value gets there."""

_WITH_COMMENT = frozenset({"html", "quoted_from"})
_WORDS = frozenset({"subject", "comment", "project", "elements"})

EDITABLE = frozenset(
    {
        *_COLUMNS,
        "third_parties",
        "contacts",
        "author",
        "collaborators",
        "products",
        "elements",
    }
)
"""What a person may change, named as in `Exchange`."""


def edit(
    tx: Tx, after: Exchange, expected_revision: int, by: UserId | None, now: datetime
) -> tuple[Exchange, frozenset[str]]:
    """Make it this value, and which fields that changed; the same value changes nothing.

    Raises Stale when it is gone or has another revision than expected, UnknownCode for what no
    list has, ValueError for a change of what is not EDITABLE.
    """
    stored = locked(tx, after.id, expected_revision)
    changed = {
        f.name for f in fields(Exchange) if getattr(stored, f.name) != getattr(after, f.name)
    }
    changed -= {"revision"}
    if not changed:
        return stored, frozenset()
    if not changed <= EDITABLE:
        raise ValueError(f"can't be changed: {', '.join(sorted(changed - EDITABLE))}")
    # The rows of who takes part name the time that stands; a new one reaches them afterwards.
    _put(tx, replace(after, happened_at=stored.happened_at), changed)
    if "elements" in changed:
        _link(tx, stored, after, by, now)
    edited = {"comment" if name in _WITH_COMMENT else name for name in changed}
    whole.note_edit(tx, after.id, edited, by, now)
    columns = {
        column: of(tx, getattr(after, name))
        for name, (column, of) in _COLUMNS.items()
        if name in changed
    }
    if changed & _WORDS:
        columns["words"] = classified.words_of(
            tx, after.id, after.subject, after.comment, after.project
        )
    row = t.exchange
    statement = sa.update(row).where(row.c.id == after.id)
    tx.execute(statement.values(**columns, revision=expected_revision + 1))
    return _there(tx, after.id), frozenset(edited)


def locked(tx: Tx, exchange: ExchangeId, expected_revision: int) -> Exchange:
    """The exchange as it stays until the commit. Raises Stale where it is gone, or another than
    expected."""
    # Captures write to it too, and take this lock first.
    counted(tx, "exchange", lock=True)
    stored = _there(tx, exchange)
    if stored.id != exchange or stored.revision != expected_revision:
        raise Stale(f"{stored.ref} changed meanwhile")
    return stored


def _there(tx: Tx, exchange: ExchangeId) -> Exchange:
    stored = get(tx, exchange)
    if stored is None:
        raise Stale("this exchange was deleted")
    return stored


def _put(tx: Tx, after: Exchange, changed: Iterable[str]) -> None:
    for name in changed:
        if name in _ROWS:
            _ROWS[name](tx, after)


def _put_parties(tx: Tx, after: Exchange) -> None:
    rows = [{"happened_at": after.happened_at, "third_party_id": p} for p in after.third_parties]
    _replace(tx, t.exchange_party, after.id, rows)


def _put_contacts(tx: Tx, after: Exchange) -> None:
    rows = [{"happened_at": after.happened_at, "contact_id": c} for c in after.contacts]
    _replace(tx, t.exchange_contact, after.id, rows)


def _put_products(tx: Tx, after: Exchange) -> None:
    items = [lists.item_id(tx, "product", code) for code in after.products]
    _replace(tx, t.exchange_product, after.id, [{"item_id": item} for item in items])


def _put_author(tx: Tx, after: Exchange) -> None:
    _put_role(tx, after, Role.AUTHOR, [] if after.author is None else [after.author])


def _put_collaborators(tx: Tx, after: Exchange) -> None:
    _put_role(tx, after, Role.COLLABORATOR, after.collaborators)


def _put_role(tx: Tx, after: Exchange, role: Role, users: Iterable[UserId]) -> None:
    c = t.exchange_user.c
    same = {"exchange_id": after.id, "happened_at": after.happened_at, "role": role}
    rows = [{**same, "user_id": user, "position": n} for n, user in enumerate(dict.fromkeys(users))]
    replace_rows(tx, sa.and_(c.exchange_id == after.id, c.role == role), t.exchange_user, rows)


def _replace(tx: Tx, table: sa.Table, exchange: ExchangeId, rows: list[dict[str, Any]]) -> None:
    distinct = {tuple(row.values()): row for row in rows}.values()
    placed = [{"exchange_id": exchange, "position": n, **row} for n, row in enumerate(distinct)]
    replace_rows(tx, table.c.exchange_id == exchange, table, placed)


_ROWS: Mapping[str, Callable[[Tx, Exchange], None]] = {
    "third_parties": _put_parties,
    "contacts": _put_contacts,
    "products": _put_products,
    "author": _put_author,
    "collaborators": _put_collaborators,
}


def _link(tx: Tx, stored: Exchange, after: Exchange, by: UserId | None, now: datetime) -> None:
    """Links that a person made show as they say; what they took away no rule links again."""
    before = {(e.type, e.ref): e for e in stored.elements}
    wanted = {(e.type, e.ref): e for e in after.elements}
    unlinked = [e for name, e in before.items() if name not in wanted]
    for element in unlinked:
        number = elements.put(tx, LinkedElement(element.type, element.ref))
        c = t.exchange_element.c
        tx.execute(
            sa.delete(t.exchange_element).where(c.exchange_id == stored.id, c.element_id == number)
        )
    classified.refuse(tx, stored.id, unlinked, by, now)
    new = [LinkedElement(e.type, e.ref) for name, e in wanted.items() if name not in before]
    classified.link(tx, stored.id, new, None)


def came_back(tx: Tx, exchange: ExchangeId, recipient: str, status: str) -> None:
    """A mail that this exchange records did not reach somebody."""
    back, row = t.exchange_undelivered, t.exchange.c
    sent = tx.execute(sa.select(row.message_id).where(row.id == exchange)).scalar()
    if sent is None:
        # Deleted meanwhile, or no mail.
        return
    after = sa.select(sa.func.count()).where(back.c.exchange_id == exchange)
    facts = {"message_id": sent, "recipient": recipient, "status": status}
    position = tx.execute(after).scalar_one()
    insert_new(tx, back, [{"exchange_id": exchange, "position": position, **facts}])


def write_confidential(
    tx: Tx,
    exchange: ExchangeId,
    comment: ConfidentialComment | None,
    expected_revision: int,
    now: datetime,
) -> ConfidentialComment | None:
    """Write the confidential comment, or take it away with None; revision 0 expects that there is
    none. The exchange's own revision does not move. Raises Stale."""
    counted(tx, "exchange", lock=True)
    _there(tx, exchange)
    standing = confidential(tx, exchange)
    if (standing.revision if standing else 0) != expected_revision:
        raise Stale("the confidential comment changed meanwhile")
    if comment is not None:
        classified.put_confidential(tx, exchange, comment, now)
    elif standing is not None:
        c = t.confidential_comment.c
        tx.execute(sa.delete(t.confidential_comment).where(c.exchange_id == exchange))
        erasure.erased(tx)
    return confidential(tx, exchange)
