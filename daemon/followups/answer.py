"""The answer arrow: an exchange was recorded; does it close or withdraw a follow-up?

work left by the recording → closing.closes → applied with its reason, in one transaction
"""

from datetime import datetime, timedelta

from daemon.rulebook import Rulebook
from daemon.store import Store, exchanges, follow_ups, work
from rules import closing
from rules.model.exchanges import ExchangeId

ANSWER = "answer"
LEASE = timedelta(minutes=5)


def answers(store: Store, rulebook: Rulebook, owner: str, now: datetime) -> int:
    """Look at every newly recorded exchange once; returns how many follow-ups it closed."""
    book = rulebook.in_force()
    closed = 0
    with store.write() as tx:
        for piece in work.take(tx, ANSWER, now, owner, now + LEASE, limit=200):
            exchange = exchanges.get(tx, ExchangeId(int(piece.key)))
            if exchange is not None:
                waiting = [
                    f
                    for party in exchange.third_parties
                    for f in follow_ups.open_ones(tx, third_party=party)
                ]
                effects = closing.closes(book.ruleset, exchange, tuple(waiting), book.live_since)
                for effect in effects:
                    follow_ups.close(tx, effect, now)
                    closed += 1
            work.done(tx, piece)
    return closed
