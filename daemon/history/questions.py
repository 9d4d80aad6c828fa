"""Participants whom several third parties claim: what the other rules ask is asked, and what they
don't ask any more is not."""

from datetime import datetime

from daemon.history.compare import Both, was_judged
from daemon.store import ambiguities, spots, twin


def settle(both: Both, now: datetime) -> None:
    """Make the queue what the other rules make it. What a person has answered stays answered."""
    here = {_name(q): q for q in ambiguities.open_ones(both.here)}
    there = {_name(q): q for q in ambiguities.open_ones(both.there)}
    for name, question in there.items():
        if name not in here and was_judged(both, spots.columns(question.spot)):
            ambiguities.ask_at(both.here, question.spot, question.ambiguous, now)
    for name, question in here.items():
        if name not in there and twin.judged(both.there, spots.columns(question.spot)):
            ambiguities.drop(both.here, question.id)


def _name(question: ambiguities.Question) -> tuple[object, ...]:
    return (question.spot, question.ambiguous.by, question.ambiguous.candidates)
