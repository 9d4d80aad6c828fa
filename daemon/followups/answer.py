"""The answer arrow: an exchange was recorded; does it close or withdraw a follow-up?

work left by the recording → closing.closes → applied with its reason and told, in one transaction
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from daemon.rulebook import Book, Rulebook
from daemon.steps import reached
from daemon.store import Store, Tx, exchanges, follow_ups, work
from rules import closing
from rules.model.exchanges import Exchange, ExchangeId
from rules.model.followups import FollowUp, FollowUpId

log = structlog.stdlib.get_logger(__name__)

ANSWER = "answer"
LEASE = timedelta(minutes=5)
BATCH = 200


@dataclass(frozen=True, slots=True)
class Closed:
    """A follow-up that an exchange closed, or withdrew because it only waited for that."""

    follow_up: FollowUp
    exchange: Exchange
    withdrawn: bool


Tell = Callable[[Tx, Book, Closed, datetime], None]
"""Lets those know whose follow-up it was, in the transaction that closes it."""


def untold(tx: Tx, book: Book, closed: Closed, now: datetime) -> None:
    """For nobody to know."""


def answers(
    store: Store, rulebook: Rulebook, owner: str, now: datetime, tell: Tell = untold
) -> int:
    """Look at every newly recorded exchange once; returns how many follow-ups it closed."""
    book = rulebook.in_force()
    closed = 0
    with store.write() as tx:
        pieces = work.take(tx, ANSWER, now, owner, now + LEASE, BATCH)
        if pieces:
            reached("answer.taken")
        for piece in pieces:
            exchange = exchanges.get(tx, ExchangeId(int(piece.key)))
            if exchange is not None:
                for one in _closed(tx, book, exchange, now):
                    tell(tx, book, one, now)
                    closed += 1
            work.done(tx, piece)
        if closed:
            reached("answer.closed")
    if pieces:
        reached("answer.committed")
    return closed


def _closed(tx: Tx, book: Book, exchange: Exchange, now: datetime) -> list[Closed]:
    """What this exchange closes now."""
    waiting = {f.id: f for f in _waiting(tx, exchange)}
    effects = closing.closes(
        book.ruleset,
        exchange,
        waiting.values(),
        book.live_since,
        _sent(tx, waiting.values()),
        follow_ups.undone(tx, exchange.id),
    )
    found = []
    for effect in effects:
        after = follow_ups.close(tx, effect, now)
        if after is not None:
            withdrawn = closing.waits_for_answer(waiting[effect.follow_up])
            found.append(Closed(after, exchange, withdrawn))
    return found


def _waiting(tx: Tx, exchange: Exchange) -> list[FollowUp]:
    return [
        f for party in exchange.third_parties for f in follow_ups.open_ones(tx, third_party=party)
    ]


def _sent(tx: Tx, waiting: Iterable[FollowUp]) -> dict[FollowUpId, Exchange]:
    """The messages whose reply is waited for, by the follow-up that waits."""
    return {
        f.id: sent
        for f in waiting
        if closing.waits_for_answer(f) and f.exchange is not None
        if (sent := exchanges.get(tx, f.exchange)) is not None
    }
