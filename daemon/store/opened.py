"""Which follow-ups did rules open because of an exchange?

One that comes when nobody has answered waits for a reply to one message and follows from the last
of its thread: it tells of the first, and goes when the rule that waited on that one does.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.follow_up_read import history, several
from daemon.store.follow_up_write import RULES, change
from daemon.store.rows import chunks
from daemon.store.tables.exchanges import exchange as exchange_table
from daemon.store.tables.exchanges import exchange_key
from daemon.store.tables.follow_ups import follow_up
from rules import merge
from rules.closing import NO_ANSWER
from rules.model.exchanges import ExchangeId, KeyKind
from rules.model.followups import FollowUp, FollowUpDraft, FollowUpId, Origin, State
from rules.model.reasons import Why

row, e, k = follow_up.c, exchange_table.c, exchange_key.c

PLANNED = (
    "title",
    "when",
    "assignees",
    "third_party",
    "contact",
    "entity",
    "description",
    "place",
    "priority",
    "reminders",
    "element",
)
"""What rules plan of a follow-up."""

_by_rules = row.origin == Origin.RULE
_waits = row.key.startswith(NO_ANSWER, autoescape=True)


def opened_with(tx: Tx, exchange: ExchangeId) -> tuple[FollowUp, ...]:
    """The follow-ups that rules opened because of what this exchange says, in whatever state."""
    thread = sa.select(e.thread).where(e.id == exchange).scalar_subquery()
    in_thread = row.exchange_id.in_(sa.select(e.id).where(e.thread == thread))
    near = sa.or_(row.exchange_id == exchange, sa.and_(_waits, in_thread))
    found = tx.execute(sa.select(row.id, row.key, row.exchange_id).where(_by_rules, near)).all()
    if not found:
        return ()
    ids = [FollowUpId(r.id) for r in found if _source(tx, r.key, r.exchange_id) == exchange]
    return tuple(sorted(several(tx, ids).values(), key=lambda one: one.id))


def with_rules_own(tx: Tx, exchanges: Iterable[ExchangeId]) -> frozenset[ExchangeId]:
    """Those of these exchanges with which rules may have opened a follow-up."""
    found: set[ExchangeId] = set()
    last = exchange_table.alias().c
    for some in chunks(exchanges):
        own = sa.select(row.exchange_id).where(row.exchange_id.in_(some), _by_rules)
        of_thread = (
            sa.select(e.id)
            .join(last.id.table, last.thread == e.thread)
            .join(follow_up, row.exchange_id == last.id)
            .where(e.id.in_(some), _by_rules, _waits)
        )
        for query in (own, of_thread):
            found |= {ExchangeId(n) for n in tx.execute(query).scalars() if n is not None}
    return frozenset(found)


def let_go(tx: Tx, exchange: ExchangeId, now: datetime) -> None:
    """Before an exchange goes: what waits for a reply to another message of its thread follows
    from that one again."""
    these = sa.select(row.id).where(row.exchange_id == exchange, _by_rules, _waits)
    for one in several(tx, tx.execute(these).scalars()).values():
        source = _source(tx, one.key, exchange)
        if source != exchange:
            after = replace(one, exchange=source)
            change(tx, after, RULES, Why.FOLLOWS_ANOTHER, now, one.revision)


def was_withdrawn(tx: Tx, one: FollowUp) -> bool:
    """Whether rules withdrew it, and nobody has touched it since: it comes back when they do."""
    if one.state is not State.NOT_NEEDED:
        return False
    changes = history(tx, one.id)
    return bool(changes) and all(change.by == RULES for change in changes)


def open_again(
    tx: Tx, one: FollowUp, planned: FollowUp | FollowUpDraft, exchange: ExchangeId, now: datetime
) -> FollowUp:
    """What rules withdrew, as they plan it now."""
    fields = {name: getattr(planned, name) for name in PLANNED}
    after = replace(merge.reopen(one), **fields, exchange=exchange)
    return change(tx, after, RULES, Why.RULE_AGAIN, now, one.revision)


def _source(tx: Tx, key: str, follows_from: int | None) -> ExchangeId | None:
    """The exchange because of which the follow-up of this key was opened."""
    if key.startswith(NO_ANSWER):
        # The name of a rule, and that of a message, may hold colons.
        parts = key.removeprefix(NO_ANSWER).split(":")
        names = [":".join(parts[n:]) for n in range(1, len(parts))]
        for some in chunks(names):
            known = sa.and_(k.kind == KeyKind.MESSAGE, k.key.in_(some))
            longest = sa.func.length(k.key).desc()
            found = tx.execute(sa.select(k.exchange_id).where(known).order_by(longest)).scalar()
            if found is not None:
                return ExchangeId(found)
    return None if follows_from is None else ExchangeId(follows_from)
