"""The answer arrow: an exchange was recorded; does it close or withdraw a follow-up?

work left by the recording → closing.closes → applied with its reason and told, in one transaction

An automatic reply that names a day of return closes nothing; it is proposed to put off what waits
for whoever is away.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from daemon.rulebook import Book, Rulebook
from daemon.steps import reached
from daemon.store import Store, Tx, Unstorable, alone, exchanges, follow_ups, work
from rules import away, closing
from rules.model.decisions import WithdrawFollowUp
from rules.model.exchanges import WITHDRAWN, Exchange, ExchangeId
from rules.model.followups import Away, Closed, FollowUp, FollowUpId

ANSWER = "answer"
LEASE = timedelta(minutes=5)
BATCH = 200

# What could not be looked at, for a fault of ours, is looked at again.
FAULT = timedelta(hours=6)

log = structlog.stdlib.get_logger(__name__)


class Teller(Protocol):
    """Lets assignees know, in the transaction of what it tells of."""

    def closed(self, tx: Tx, book: Book, closed: Closed, now: datetime) -> None: ...

    def away(self, tx: Tx, book: Book, away: Away, now: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Answering:
    """What the arrow works with; `owner` names this daemon. Without a teller nobody is told."""

    store: Store
    rulebook: Rulebook
    owner: str
    teller: Teller | None = None


def answers(answering: Answering, now: datetime) -> int:
    """Look at every newly recorded exchange once; returns how many follow-ups it closed.

    One that can't be looked at keeps no other from it.
    """
    book = answering.rulebook.in_force()
    closed = 0
    with answering.store.write() as tx:
        pieces = work.take(tx, ANSWER, now, answering.owner, now + LEASE, BATCH)
        if pieces:
            reached("answer.taken")
        for piece in pieces:
            try:
                with alone(tx):
                    closed += _look(answering, tx, book, ExchangeId(int(piece.key)), now)
                    work.done(tx, piece)
            except (Unstorable, LookupError, ValueError, OverflowError) as error:
                log.warning("answer: put off", exchange=piece.key, why=type(error).__name__)
                work.later(tx, piece, now + FAULT)
        if closed:
            reached("answer.closed")
    if pieces:
        reached("answer.committed")
    return closed


def _look(answering: Answering, tx: Tx, book: Book, number: ExchangeId, now: datetime) -> int:
    """How many follow-ups it closed. Raises LookupError, ValueError, OverflowError, Unstorable."""
    exchange = exchanges.get(tx, number)
    if exchange is None or exchange.status == WITHDRAWN:
        return 0
    return _answer(answering, tx, book, exchange, now)


def _answer(answering: Answering, tx: Tx, book: Book, exchange: Exchange, now: datetime) -> int:
    waiting = {f.id: f for f in _waiting(tx, exchange)}
    sources = _sources(tx, waiting.values())
    closed = _closed(tx, book, exchange, waiting, sources, now)
    teller = answering.teller
    if teller is None:
        return len(closed)
    for one in closed:
        teller.closed(tx, book, one, now)
    if closing.is_live(exchange.happened_at, book.live_since):
        free = book.holidays(exchange.entity)
        for away_ in away.proposals(exchange, waiting.values(), sources, free):
            teller.away(tx, book, away_, now)
    return len(closed)


def _closed(
    tx: Tx,
    book: Book,
    exchange: Exchange,
    waiting: Mapping[FollowUpId, FollowUp],
    sources: Mapping[FollowUpId, Exchange],
    now: datetime,
) -> list[Closed]:
    """What this exchange closes now."""
    undone = follow_ups.undone(tx, exchange.id)
    found = []
    for effect in closing.closes(
        book.ruleset, exchange, waiting.values(), book.live_since, sources, undone
    ):
        after = follow_ups.close(tx, effect, now)
        if after is not None:
            withdrawn = isinstance(effect, WithdrawFollowUp)
            found.append(Closed(after, exchange, withdrawn))
    return found


def _waiting(tx: Tx, exchange: Exchange) -> list[FollowUp]:
    return [
        f for party in exchange.third_parties for f in follow_ups.open_ones(tx, third_party=party)
    ]


def _sources(tx: Tx, waiting: Iterable[FollowUp]) -> dict[FollowUpId, Exchange]:
    """The exchanges that follow-ups follow from."""
    return {
        f.id: source
        for f in waiting
        if f.exchange is not None and (source := exchanges.get(tx, f.exchange)) is not None
    }
