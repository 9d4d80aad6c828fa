"""What was recorded of meetings and no longer stands: cancelled, declined, moved or deleted since.

Each copy that stands no more is written down with its reason; the store withdraws an exchange
with its last one, and brings it back with the first that stands again.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from daemon.capture import telling
from daemon.store import Tx, decisions, standing
from daemon.store.standing import Copy
from rules import identity, schedule
from rules.model.decisions import Decision, Reason, Step, Verdict
from rules.model.people import UserId
from rules.model.sightings import AccountId, Component, Event, EventPlace, Sighting

# Of these nothing is kept (spec §12), so what was recorded before goes for good.
_HIDDEN = frozenset({Reason.PRIVATE, Reason.KEPT_OUT, Reason.VETOED})
_TAKEN_BACK = _HIDDEN | {
    Reason.CANCELLED,
    Reason.DECLINED,
    Reason.FREE_BUSY,
    Reason.NOT_YET,
    Reason.NO_TIME,
}
DELETED = "deleted"

Mark = Callable[[Event], str]
"""The keyed hash by which the decisions about an event are found."""


def judged(
    tx: Tx,
    place: EventPlace,
    decided: Sequence[tuple[Sighting, Decision]],
    since: datetime,
    now: datetime,
) -> tuple[Copy, ...]:
    """An object was read again: take back what it says did not take place. Returns what it showed
    once, after `since`, and shows no more, for `deleted`."""
    shown: dict[str, Decision] = {
        event.recurrence_id or "": decision
        for sighting, decision in decided
        if isinstance(event := sighting.what, Event) and not event.recurs
    }
    copies = standing.of(tx, place.calendar, place.href)
    for copy in copies:
        decision = shown.get(copy.recurrence)
        if decision is not None and decision.reason in _TAKEN_BACK:
            _retire(tx, place, copy, decision.reason, now)
            if decision.reason in _HIDDEN:
                standing.forget(tx, copy.exchange, now)
    missing = (copy for copy in copies if copy.recurrence not in shown)
    return tuple(copy for copy in missing if copy.held_at > since)


def deleted(
    tx: Tx,
    account: tuple[AccountId, str, UserId | None],
    place: EventPlace,
    copies: Iterable[Copy],
    mark: Mark,
    rules: str,
    now: datetime,
) -> None:
    """These are in the calendar no more: they did not take place, unless somebody tidied up."""
    told = []
    for sighting, copy in _copies(account, place, copies):
        tidied = schedule.is_tidied(copy.held_at, now)
        if not tidied:
            _retire(tx, place, copy, DELETED, now)
        step = Step("still in the calendar?", "no", "tidied up" if tidied else DELETED)
        decision = Decision(Verdict.IGNORE, Reason.CANCELLED, rules, (step,))
        assert isinstance(sighting.what, Event)  # noqa: S101  made so below
        told.append(decisions.Entry(sighting, decision, copy.exchange, mark(sighting.what)))
        if not tidied:
            telling.told(account[1], [(sighting, decision)])
    decisions.append_all(tx, told, now)


def _retire(tx: Tx, place: EventPlace, copy: Copy, why: str, now: datetime) -> None:
    exchange = standing.retire(tx, place.calendar, place.href, copy.recurrence, why)
    if exchange is not None:
        standing.settle(tx, exchange, now)


def _copies(
    account: tuple[AccountId, str, UserId | None], place: EventPlace, copies: Iterable[Copy]
) -> Iterator[tuple[Sighting, Copy]]:
    number, _, owner = account
    for copy in copies:
        uid = identity.uid_of(copy.name)
        event = Event(uid, Component.VEVENT, "", None, copy.recurrence or None)
        yield Sighting(number, owner, place, event), copy
