"""Replies that rules wait for: put down with the exchange, gone once they came or are given up."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter

from daemon.store.database import Tx
from daemon.store.exchange_read import get as get_exchange
from daemon.store.exchange_read import related
from daemon.store.rows import chunks, inserting
from daemon.store.tables.exchanges import exchange as exchange_table
from daemon.store.tables.follow_ups import awaited_reply as table
from daemon.store.tables.follow_ups import follow_up
from rules import awaiting
from rules.model.decisions import AwaitReply
from rules.model.exchanges import Exchange, ExchangeId
from rules.model.followups import Awaited, FollowUpDraft, State
from rules.model.rules import Later

c = table.c

_LATER = TypeAdapter(Later)
_DRAFT = TypeAdapter(FollowUpDraft)


def put(tx: Tx, exchange: ExchangeId, effect: AwaitReply, look_at: datetime) -> None:
    """Wait for a reply to this exchange; asked again by the same rule, it waits once."""
    tx.execute(
        inserting(tx, table)
        .values(
            exchange_id=exchange,
            rule=effect.rule,
            within=effect.within,
            later=_LATER.dump_python(effect.later, mode="json"),
            draft=_DRAFT.dump_python(effect.draft, mode="json"),
            look_at=look_at,
        )
        .on_conflict_do_nothing(index_elements=["exchange_id", "rule"])
    )


def is_due(tx: Tx, now: datetime) -> bool:
    """Whether one is to be looked at now."""
    return tx.execute(sa.select(c.id).where(c.look_at <= now).limit(1)).first() is not None


def take(tx: Tx, now: datetime) -> int | None:
    """The number of the first that is to be looked at now; nobody else has it till the commit."""
    query = (
        sa.select(c.id)
        .where(c.look_at <= now)
        .order_by(c.look_at, c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    number: int | None = tx.execute(query).scalar()
    return number


def get(tx: Tx, number: int) -> Awaited:
    """One of them. Raises LookupError, or ValueError when it can't be understood any more."""
    found = tx.execute(sa.select(table).where(c.id == number)).first()
    if found is None:
        raise LookupError(f"awaited reply {number} is gone")
    return _awaited(found)


def retell(tx: Tx, exchange: ExchangeId, say: Callable[[FollowUpDraft], FollowUpDraft]) -> None:
    """What is waited for, of this exchange, opens what `say` makes of it. What can't be understood
    any more is gone: it may hold what must not be told."""
    for row in tx.execute(sa.select(table).where(c.exchange_id == exchange)).all():
        try:
            draft = _DRAFT.dump_python(say(_awaited(row).draft), mode="json")
        except ValueError:
            done(tx, row.id)
            continue
        tx.execute(sa.update(table).where(c.id == row.id).values(draft=draft))


def later(tx: Tx, number: int, at: datetime) -> None:
    """Look at it again then."""
    tx.execute(sa.update(table).where(c.id == number).values(look_at=at))


def done(tx: Tx, number: int) -> None:
    """It is waited for no more."""
    tx.execute(sa.delete(table).where(c.id == number))


def of(tx: Tx, exchange: ExchangeId) -> tuple[Awaited, ...]:
    """What is waited for, of one exchange."""
    query = sa.select(table).where(c.exchange_id == exchange).order_by(c.id)
    return tuple(map(_awaited, tx.execute(query)))


def among(tx: Tx, exchanges: Iterable[ExchangeId]) -> frozenset[ExchangeId]:
    """Those of these exchanges for which a reply is waited."""
    found: set[ExchangeId] = set()
    for some in chunks(exchanges):
        query = sa.select(c.exchange_id).where(c.exchange_id.in_(some))
        found |= {ExchangeId(n) for n in tx.execute(query).scalars()}
    return frozenset(found)


def carry(here: Tx, there: Tx, exchange: ExchangeId, other: ExchangeId, rules: set[str]) -> None:
    """Wait here for the replies that these rules wait for in another store."""
    query = sa.select(table).where(c.exchange_id == other, c.rule.in_(sorted(rules)))
    for row in there.execute(query.order_by(c.id)).mappings():
        values = {n: v for n, v in row.items() if n != "id"} | {"exchange_id": exchange}
        statement = inserting(here, table).values(values)
        here.execute(statement.on_conflict_do_nothing(index_elements=["exchange_id", "rule"]))


def forget(tx: Tx, exchange: ExchangeId, rules: set[str]) -> None:
    """These rules wait for no reply any more."""
    these = sa.and_(c.exchange_id == exchange, c.rule.in_(sorted(rules)))
    tx.execute(sa.delete(table).where(these))


def context(tx: Tx, awaited: Awaited) -> tuple[Exchange, tuple[Exchange, ...], tuple[Awaited, ...]]:
    """What was sent, what came of it in its thread or with its third parties, and what else is
    waited for in the thread. Raises LookupError when the exchange is gone."""
    sent = get_exchange(tx, awaited.exchange)
    if sent is None:
        raise LookupError(f"exchange {awaited.exchange} is gone")
    since = related(tx, sent)
    ids = [e.id for e in since]
    query = sa.select(table).where(c.exchange_id.in_(ids)).order_by(c.id)
    return sent, since, tuple(map(_awaited, tx.execute(query)))


def is_open(tx: Tx, awaited: Awaited, thread: str | None) -> bool:
    """Whether a follow-up that this rule opened is to be done in the thread already."""
    if thread is None:
        return False
    row = follow_up.c
    begins = awaiting.key(awaited.rule, "")
    in_thread = sa.select(exchange_table.c.id).where(exchange_table.c.thread == thread)
    query = sa.select(row.id).where(
        row.state == State.TO_DO,
        row.exchange_id.in_(in_thread),
        row.key.startswith(begins, autoescape=True),
    )
    return tx.execute(query.limit(1)).first() is not None


def _awaited(r: Any) -> Awaited:
    return Awaited(
        exchange=ExchangeId(r.exchange_id),
        rule=r.rule,
        within=r.within,
        later=_LATER.validate_python(r.later),
        draft=_DRAFT.validate_python(r.draft),
    )
