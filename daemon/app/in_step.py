"""`rules apply`: the chosen part of what other rules change is carried out (spec §7).

A few exchanges at a time, each such part in one transaction that is fenced by the leases of the
accounts, so that no daemon judges beside it. Killed anywhere, the next run finds the rest.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from daemon.app.past import Past
from daemon.clock import now
from daemon.history import questions
from daemon.history.carry import carry, settle_veto
from daemon.history.compare import Both, chosen, parts
from daemon.history.findings import Change, Finding, InStep
from daemon.store import Lease, Store, accounts, erasure, installation, twin, vetoes, whole
from rules.model.sightings import AccountId

PATIENCE = 60.0
"""Seconds to wait for a daemon that is reading an account."""

_LEASE = timedelta(minutes=2)
_PAUSE = 0.2
_VETOES = 200


class Busy(Exception):
    """Another suivi reads an account and does not come to an end; one line that says which."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which differences are carried out; nothing chosen means all."""

    only: frozenset[Change] = frozenset()
    items: frozenset[str] = frozenset()

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return not self.only and not self.items


@dataclass(frozen=True, slots=True)
class Applied:
    """How many exchanges were changed how."""

    counts: Counter[Change]


def apply(past: Past, choice: Choice, owner: str, patience: float = PATIENCE) -> Applied:
    """Bring what was chosen in step with the other rules; safe to repeat.

    Raises Busy, with nothing changed, and LeaseLost when another daemon took an account over.
    """
    counts: Counter[Change] = Counter()
    with past.store.read() as tx:
        ids = [status.id for status in accounts.watched(tx)]
    with _held(past.store, ids, owner, patience) as leases:
        for find, several in parts(past.store, past.other, past.scope):
            with _fenced(past, leases) as both:
                counts += _carry(past, both, find(both, several), choice)
        # What was recorded by neither store has no time by which it could be left out.
        if choice.is_all and past.scope.since is None:
            _wishes(past, leases)
            with _fenced(past, leases) as both:
                questions.settle(both, now())
    erasure.forget(past.store)
    return Applied(counts)


@contextmanager
def _fenced(past: Past, leases: Iterable[Lease]) -> Iterator[Both]:
    """One transaction of the store, beside a look into the other, under the leases."""
    with past.store.write() as here, past.other.read() as there:
        for lease in leases:
            accounts.fence(here, lease, now())
        yield Both(here, there, past.scope)


def _carry(past: Past, both: Both, found: Iterable[Finding], choice: Choice) -> Counter[Change]:
    counts: Counter[Change] = Counter()
    live_since = installation.get(both.here).live_since
    in_step: list[InStep] = []
    # A list, for what is found must not follow what is changed.
    for finding in list(found):
        if isinstance(finding, InStep):
            in_step.append(finding)
        elif (difference := chosen(finding, choice.only, choice.items)) is not None:
            carry(both, difference, past.rules, live_since, now())
            counts[difference.change] += 1
    _confirm(both, in_step, past.rules)
    return counts


def _confirm(both: Both, alike: Iterable[InStep], rules: str) -> None:
    """These stand as the other rules want them."""
    pairs = [(one.here, one.there) for one in alike]
    ours = whole.read(both.here, (here for here, _ in pairs))
    theirs = whole.read(both.there, (there for _, there in pairs))
    whole.refresh_copies(both.here, ((ours[here], theirs[there]) for here, there in pairs))
    whole.in_step(both.here, ours, rules)


def _wishes(past: Past, leases: Iterable[Lease]) -> None:
    """What rules alone hide of messages that neither store has recorded: later copies of them
    are judged by it."""
    for source in (past.store, past.other):
        after = ""
        while True:
            with source.read() as tx:
                several = twin.rule_vetoes(tx, after, _VETOES)
            if not several:
                break
            with _fenced(past, leases) as both:
                for mark, _ in several:
                    if twin.judged_by_hash(both.there, mark) is not None:
                        wanted = vetoes.of_rules(both.there, [mark]).get(mark)
                        settle_veto(both, mark, wanted)
            after = several[-1][0]


@contextmanager
def _held(
    store: Store, ids: Iterable[AccountId], owner: str, patience: float
) -> Iterator[tuple[Lease, ...]]:
    """The leases of these accounts, taken one after the other and given back at the end."""
    held: list[Lease] = []
    try:
        until = time.monotonic() + patience
        held.extend(_take(store, account, owner, until) for account in ids)
        yield tuple(held)
    finally:
        with store.write() as tx:
            for lease in held:
                accounts.release(tx, lease)


def _take(store: Store, account: AccountId, owner: str, until: float) -> Lease:
    while True:
        with store.write() as tx:
            lease = accounts.lease(tx, account, owner, now(), _LEASE)
        if lease is not None:
            return lease
        if time.monotonic() > until:
            with store.read() as tx:
                name = next(s.name for s in accounts.statuses(tx) if s.id == account)
            raise Busy(f"{name}: another suivi is reading it: try again in a while")
        time.sleep(_PAUSE)
