"""Which rules had a part in a decision, as its trace tells."""

from collections.abc import Iterable
from dataclasses import dataclass

from daemon.store import Tx, decisions
from daemon.store.twin import Judged
from daemon.store.whole import Whole
from rules import identity
from rules.model.decisions import By, Step
from rules.model.exchanges import ExchangeId


@dataclass(frozen=True, slots=True)
class Cause:
    """The names of the rules that fired; those of them that `waited` for a reply; whether it was
    known by the thread that it continues."""

    rules: frozenset[str] = frozenset()
    waited: frozenset[str] = frozenset()
    by_thread: bool = False


def of_copy(judged: Judged | None) -> Cause:
    """What had a part in the decision about a copy."""
    return Cause() if judged is None else _of(judged.trace)


def of_exchange(tx: Tx, exchange: ExchangeId) -> Cause:
    """What had a part in recording an exchange: the last decision about each copy of it."""
    last = {one.spot: one for one in decisions.explain(tx, exchange=exchange)}
    found = [_of(one.trace) for one in last.values()]
    return Cause(
        rules=frozenset(name for cause in found for name in cause.rules),
        waited=frozenset(name for cause in found for name in cause.waited),
        by_thread=any(cause.by_thread for cause in found),
    )


def mark(secret: bytes, one: Whole) -> str | None:
    """The keyed hash by which decisions about a mail are found; None for what is no mail."""
    name = one.row["message_id"]
    return None if not name else identity.digest(secret, identity.normal_id(name))


def _of(trace: Iterable[Step]) -> Cause:
    steps = tuple(trace)
    fired = [step for step in steps if step.question == "rule"]
    waited = (step for step in fired if "open_when_no_reply" in step.evidence.split(", "))
    thread = any(step.question == "whose?" and f"by {By.THREAD}" in step.evidence for step in steps)
    return Cause(
        rules=frozenset(step.answer for step in fired),
        waited=frozenset(step.answer for step in waited),
        by_thread=thread,
    )
