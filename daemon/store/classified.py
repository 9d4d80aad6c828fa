"""What rules say of an exchange: many-valued things add up over its copies, and of single-valued
ones the rule that stands last in its set decides, so that the order of copies changes nothing."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from daemon.store import elements, erasure, lists
from daemon.store.database import Tx
from daemon.store.rows import insert_new, inserting
from daemon.store.tables import exchanges as t
from daemon.store.text import indexable, words
from rules.model.exchanges import (
    ConfidentialComment,
    Draft,
    ExchangeId,
    LinkedElement,
    Role,
)
from rules.model.people import Level, UserId


def add(tx: Tx, exchange: ExchangeId, draft: Draft, now: datetime) -> None:
    """Add what a copy brings to its exchange; `draft` holds no more than that may show. Safe to
    repeat. Raises UnknownCode for what no list has."""
    _many(tx, exchange, draft)
    link(tx, exchange, draft.elements, Level.SUBJECT)
    link(tx, exchange, draft.elements_in_text, Level.EVERYTHING)
    if draft.confidential is not None:
        _hide_text(tx, exchange, draft.confidential, now)
    if _is_confidential(tx, exchange):
        # What only the text tells is as confidential as the text.
        _unlink(tx, exchange, Level.SUBJECT)
    if draft.elements or draft.elements_in_text or draft.confidential:
        _index(tx, exchange)
    _said(tx, exchange)


def add_first(tx: Tx, exchange: ExchangeId, draft: Draft, now: datetime) -> None:
    """The same for the first copy of a new exchange, which mostly brings nothing."""
    said_more = draft.products or draft.tags or draft.elements or draft.elements_in_text
    if said_more or draft.said or draft.confidential is not None:
        add(tx, exchange, draft, now)


def told(tx: Tx, exchange: ExchangeId, draft: Draft, now: datetime) -> None:
    """Add what a person or the API says of an exchange. Raises UnknownCode."""
    _many(tx, exchange, draft)
    link(tx, exchange, draft.elements, None)
    if draft.elements:
        _index(tx, exchange)
    if draft.confidential is not None:
        put_confidential(tx, exchange, draft.confidential, now)


def _many(tx: Tx, exchange: ExchangeId, draft: Draft) -> None:
    if draft.products and "products" not in edited(tx, exchange):
        for code in draft.products:
            item = lists.item_id(tx, "product", code)
            _append(tx, t.exchange_product, exchange, item_id=item)
    insert_new(tx, t.exchange_tag, [{"exchange_id": exchange, "tag": tag} for tag in draft.tags])


def link(tx: Tx, exchange: ExchangeId, found: Iterable[LinkedElement], level: Level | None) -> None:
    """Link elements that were found in what `level` shows; None: a person says so."""
    c = t.exchange_element.c
    found = tuple(found)
    if level is not None and found:
        refused = edited(tx, exchange)
        found = tuple(e for e in found if _refusal(e) not in refused)
    for element in found:
        number = elements.put(tx, element)
        row = {"exchange_id": exchange, "element_id": number, "level": level}
        statement = inserting(tx, t.exchange_element).values(
            **row, position=_next(t.exchange_element, exchange)
        )
        # What is seen in two places is shown as long as one of them is.
        less = sa.case(
            (sa.or_(c.level.is_(None), sa.literal(level, c.level.type).is_(None)), None),
            (c.level < statement.excluded.level, c.level),
            else_=statement.excluded.level,
        )
        keys = ["exchange_id", "element_id"]
        tx.execute(statement.on_conflict_do_update(index_elements=keys, set_={"level": less}))


def refuse(
    tx: Tx,
    exchange: ExchangeId,
    several: Iterable[LinkedElement],
    by: UserId | None,
    now: datetime,
) -> None:
    """A person says that the exchange is not about these: no rule links them again."""
    rows = [
        {"exchange_id": exchange, "field": _refusal(e), "by_id": by, "at": now} for e in several
    ]
    insert_new(tx, t.exchange_edit, rows)


def _refusal(element: LinkedElement) -> str:
    return indexable(f"element:{element.type}:{element.ref}")


def edited(tx: Tx, exchange: ExchangeId) -> frozenset[str]:
    """The fields that a person changed, named as in `Draft`: neither rules nor further copies
    overwrite them."""
    edit = t.exchange_edit.c
    names = sa.select(edit.field).where(edit.exchange_id == exchange)
    return frozenset(tx.execute(names).scalars())


def narrow(tx: Tx, exchange: ExchangeId, level: Level) -> None:
    """Take away what was made of more than `level` shows."""
    _unlink(tx, exchange, level)
    comment = t.confidential_comment.c
    gone = sa.delete(t.confidential_comment).where(comment.exchange_id == exchange)
    if level < Level.EVERYTHING and tx.execute(gone).rowcount:
        erasure.erased(tx)


def _unlink(tx: Tx, exchange: ExchangeId, level: Level) -> None:
    c = t.exchange_element.c
    tx.execute(sa.delete(t.exchange_element).where(c.exchange_id == exchange, c.level > level))


def said(draft: Draft) -> list[list[Any]] | None:
    """What rules said of a copy, as its row keeps it."""
    return [[one.field, one.rank, one.value] for one in draft.said] or None


def put_confidential(
    tx: Tx, exchange: ExchangeId, comment: ConfidentialComment, now: datetime
) -> None:
    """Write the confidential comment; it moves its own revision only, never the exchange's."""
    table, group = t.confidential_comment, t.confidential_group
    facts = {
        "text": comment.text,
        "html": comment.html,
        "words": words(comment.text),
        "author_id": comment.author,
        "written_at": now,
    }
    statement = inserting(tx, table).values(exchange_id=exchange, revision=1, **facts)
    statement = statement.on_conflict_do_update(
        index_elements=["exchange_id"], set_={**facts, "revision": table.c.revision + 1}
    )
    if tx.execute(statement.returning(table.c.revision)).scalar_one() > 1:
        erasure.erased(tx)
    tx.execute(sa.delete(group).where(group.c.exchange_id == exchange))
    _share(tx, exchange, comment)


def _share(tx: Tx, exchange: ExchangeId, comment: ConfidentialComment) -> None:
    rows = [{"exchange_id": exchange, "group_id": g} for g in sorted(comment.groups)]
    insert_new(tx, t.confidential_group, rows)


def _hide_text(tx: Tx, exchange: ExchangeId, comment: ConfidentialComment, now: datetime) -> None:
    """A copy whose text is confidential makes that of all copies so; groups add up."""
    if _is_confidential(tx, exchange):
        _share(tx, exchange, comment)
    else:
        put_confidential(tx, exchange, comment, now)
    row = t.exchange
    plain = sa.and_(row.c.id == exchange, row.c.comment != "")
    changes = {"comment": "", "html": None, "quoted_from": None, "revision": row.c.revision + 1}
    if tx.execute(sa.update(row).where(plain).values(changes)).rowcount:
        erasure.erased(tx)


def _is_confidential(tx: Tx, exchange: ExchangeId) -> bool:
    c = t.confidential_comment.c
    there = sa.select(c.exchange_id).where(c.exchange_id == exchange)
    return tx.execute(there).first() is not None


def _index(tx: Tx, exchange: ExchangeId) -> None:
    """Make it found by the words that it has now."""
    row = t.exchange
    query = sa.select(row.c.subject, row.c.comment, row.c.project).where(row.c.id == exchange)
    found_by = words_of(tx, exchange, *tx.execute(query).one())
    tx.execute(sa.update(row).where(row.c.id == exchange).values(words=found_by))


def words_of(tx: Tx, exchange: ExchangeId, subject: str, comment: str, project: str | None) -> str:
    """The words that an exchange is found by, its links among them."""
    c = t.exchange_element.c
    linked = sa.select(t.element.c.ref).join(t.exchange_element)
    refs = tx.execute(linked.where(c.exchange_id == exchange).order_by(c.position)).scalars()
    return words(subject, comment, project or "", *refs)


def time_of(exchange: ExchangeId) -> sa.ScalarSelect[datetime]:
    """When it happened, for a row of whom takes part."""
    row = t.exchange.c
    return sa.select(row.happened_at).where(row.id == exchange).scalar_subquery()


def _said(tx: Tx, exchange: ExchangeId) -> None:
    """Give each single-valued field the last word of all copies, but for what a person changed."""
    c = t.sighting.c
    told = tx.execute(sa.select(c.said).where(c.exchange_id == exchange, c.said.is_not(None)))
    words_by_field: dict[str, list[tuple[int, str, Any]]] = {}
    for copy in told.scalars():
        for name, rank, value in copy or ():
            words_by_field.setdefault(name, []).append((rank, str(value), value))
    if not words_by_field:
        return
    for name in sorted(words_by_field.keys() - edited(tx, exchange)):
        _SET[name](tx, exchange, max(words_by_field[name])[2])


def _set(column: str, of: Callable[[Tx, Any], Any]) -> Callable[[Tx, ExchangeId, Any], None]:
    def put(tx: Tx, exchange: ExchangeId, value: Any) -> None:
        row = t.exchange
        new = of(tx, value)
        differs = row.c[column].is_distinct_from(new)
        statement = sa.update(row).where(row.c.id == exchange, differs)
        tx.execute(statement.values({column: new, "revision": row.c.revision + 1}))

    return put


def _set_author(tx: Tx, exchange: ExchangeId, user: int) -> None:
    """Who was author before stays with it only in another role; one who helped too keeps that
    row, for another copy may name another author yet: it is not shown beside the author's."""
    c = t.exchange_user.c
    mine = sa.and_(c.exchange_id == exchange, c.role == Role.AUTHOR)
    if list(tx.execute(sa.select(c.user_id).where(mine)).scalars()) == [user]:
        return
    tx.execute(sa.delete(t.exchange_user).where(mine))
    at = time_of(exchange)
    _append(tx, t.exchange_user, exchange, happened_at=at, role=Role.AUTHOR, user_id=user)
    row = t.exchange
    bump = sa.update(row).where(row.c.id == exchange)
    tx.execute(bump.values(revision=row.c.revision + 1))


_SET: Mapping[str, Callable[[Tx, ExchangeId, Any], None]] = {
    "mode": _set("mode_id", lambda tx, code: lists.item_id(tx, "mode", code)),
    "purpose": _set("purpose_id", lambda tx, code: lists.item_id(tx, "purpose", code)),
    "answers": _set("answers", lambda _tx, value: value),
    "author": _set_author,
}


def _append(tx: Tx, table: sa.Table, exchange: ExchangeId, **row: Any) -> None:
    """A row after those that hang on the exchange, unless it is there."""
    values = {"exchange_id": exchange, "position": _next(table, exchange), **row}
    tx.execute(inserting(tx, table).values(values).on_conflict_do_nothing())


def _next(table: sa.Table, exchange: ExchangeId) -> sa.ScalarSelect[Any]:
    after = sa.func.coalesce(sa.func.max(table.c.position) + 1, 0)
    return sa.select(after).where(table.c.exchange_id == exchange).scalar_subquery()
