"""What comes with an exchange by rules: follow-ups that they opened, replies that they wait for.

One that a person, or its calendar, changed stays as it is; so does one that was reminded of.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime

from daemon.history.causes import Cause
from daemon.store import Tx, awaited, follow_ups, ledger
from rules import merge
from rules.model.exchanges import ExchangeId
from rules.model.followups import Awaited, FollowUp, FollowUpDraft, State
from rules.model.reasons import Why

"""Why rules withdrew a follow-up: it comes back when rules want it."""

FOLLOW_UPS = "follow_up"
"""The name under which they are told, beside columns and tables."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What is to be done about them. `stays` are those that no rule wants, or otherwise, and
    that are left alone."""

    opens: tuple[FollowUp, ...] = ()
    withdraws: tuple[FollowUp, ...] = ()
    changes: tuple[tuple[FollowUp, FollowUp], ...] = ()
    stays: tuple[FollowUp, ...] = ()
    awaits: frozenset[str] = frozenset()
    forgets: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        moves = (self.opens, self.withdraws, self.changes, self.awaits, self.forgets)
        return any(map(bool, moves))


def concerned(tx: Tx, ids: Iterable[ExchangeId]) -> frozenset[ExchangeId]:
    """Those of these exchanges with which rules opened something, or wait for a reply."""
    several = tuple(ids)
    return follow_ups.with_rules_own(tx, several) | awaited.among(tx, several)


def was_reminded(here: Tx, mine: ExchangeId) -> bool:
    """Whether somebody was reminded of something that rules opened with this exchange."""
    return any(ledger.was_reminded_of(here, f.id) for f in follow_ups.opened_with(here, mine))


def differing(here: Tx, there: Tx, mine: ExchangeId, other: ExchangeId, old: Cause) -> Brought:
    """What the other rules bring otherwise, of an exchange that stands in both stores."""
    ours = {f.key: f for f in follow_ups.opened_with(here, mine)}
    theirs = {f.key: f for f in follow_ups.opened_with(there, other)}
    replies = awaited.of(there, other)
    opens = [
        f
        for key, f in theirs.items()
        if key not in ours or follow_ups.was_withdrawn(here, ours[key])
    ]
    # In the other store nothing is opened for want of a reply: there it is waited for.
    wished = theirs.keys() | {one.draft.key for one in replies}
    gone = [f for key, f in ours.items() if key not in wished and f.state is State.TO_DO]
    both = [(ours[k], f) for k, f in theirs.items() if k in ours and f not in opens]
    changes = [(a, b) for a, b in both if _plan(a) != _plan(b) and is_untouched(here, a)]
    waiting = {one.rule: _wait(one) for one in awaited.of(here, mine)}
    wanted = {one.rule: _wait(one) for one in replies}
    otherwise = {name for name in waiting.keys() & wanted.keys() if waiting[name] != wanted[name]}
    return Brought(
        opens=tuple(opens),
        withdraws=tuple(f for f in gone if is_untouched(here, f)),
        changes=tuple(changes),
        stays=tuple(f for f in gone if not is_untouched(here, f)),
        # A reply that came, or a time that is up, has ended the waiting of before.
        awaits=frozenset(wanted.keys() - waiting.keys() - old.waited) | otherwise,
        forgets=frozenset(waiting.keys() - wanted.keys()) | otherwise,
    )


def is_untouched(here: Tx, follow_up: FollowUp) -> bool:
    """Whether nothing but rules has changed it, and nobody was reminded."""
    if any(change.by != follow_ups.RULES for change in follow_ups.history(here, follow_up.id)):
        return False
    return not ledger.was_reminded_of(here, follow_up.id)


def in_step(here: Tx, there: Tx, mine: ExchangeId, other: ExchangeId) -> frozenset[str]:
    """The keys of what both have, and nobody has touched here: `carry` makes them alike."""
    theirs = {one.key for one in follow_ups.opened_with(there, other)}
    ours = follow_ups.opened_with(here, mine)
    return frozenset(one.key for one in ours if one.key in theirs and is_untouched(here, one))


def carry(
    here: Tx,
    there: Tx,
    mine: ExchangeId,
    other: ExchangeId,
    found: Brought,
    live_since: datetime | None,
    now: datetime,
) -> None:
    """Do it."""
    for theirs in found.opens:
        _open(here, theirs, mine, live_since, now)
    for ours in found.withdraws:
        withdraw(here, ours, now)
    for ours, theirs in found.changes:
        planned = {name: getattr(theirs, name) for name in follow_ups.PLANNED}
        after = merge.apply(ours, merge.Changes(when=theirs.when))
        _change(here, ours, replace(after, **planned), Why.OTHER_RULES, now)
    awaited.forget(here, mine, set(found.forgets))
    awaited.carry(here, there, mine, other, set(found.awaits))


def opened(
    here: Tx,
    there: Tx,
    mine: ExchangeId,
    other: ExchangeId,
    live_since: datetime | None,
    now: datetime,
) -> None:
    """All that comes with an exchange that is recorded now."""
    for theirs in follow_ups.opened_with(there, other):
        _open(here, theirs, mine, live_since, now)
    awaited.carry(here, there, mine, other, {one.rule for one in awaited.of(there, other)})


def withdraw(here: Tx, one: FollowUp, now: datetime) -> None:
    """Not needed, for no rule opens it any more."""
    after = merge.apply(one, merge.Changes(state=State.NOT_NEEDED))
    _change(here, one, after, Why.NO_RULE, now)


def _open(
    here: Tx, theirs: FollowUp, mine: ExchangeId, live_since: datetime | None, now: datetime
) -> None:
    values = {f.name: getattr(theirs, f.name) for f in fields(FollowUpDraft)}
    draft = FollowUpDraft(**values | {"exchange": mine})
    stored, new = follow_ups.open(here, draft, now, live_since)
    if new:
        return
    if follow_ups.was_withdrawn(here, stored):
        follow_ups.open_again(here, stored, theirs, mine, now)
    else:
        _change(here, stored, replace(stored, exchange=mine), Why.RULE_AGAIN, now)


def _change(here: Tx, before: FollowUp, after: FollowUp, why: str, now: datetime) -> None:
    follow_ups.change(here, after, follow_ups.RULES, why, now, before.revision)


def _wait(one: Awaited) -> tuple[object, ...]:
    return (one.within, one.later, one.draft)


def _plan(one: FollowUp) -> tuple[object, ...]:
    return tuple(getattr(one, name) for name in follow_ups.PLANNED)
