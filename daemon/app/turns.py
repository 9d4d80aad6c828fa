"""An account's turn: take its lease, log in, run its arrow, and note how it went."""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from connectors.errors import ConnectorError, Unreachable
from daemon.clock import now
from daemon.jobs import PATIENCE, Turn
from daemon.meter import UNMETERED, Meter
from daemon.store import Lease, Store, accounts, erasure
from daemon.store.errors import LeaseLost, StaleDirectory, Unavailable
from rules import schedule
from rules.model.sightings import AccountId

log = structlog.stdlib.get_logger(__name__)

TTL = timedelta(seconds=60)
"""How long a lease lasts unless configured; every commit under it makes it last that long again."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a turn did: counts by reason, and what an admin must look at though the rest of the
    account went well. Where it was not the `whole` account, nothing is said of the rest."""

    counts: Counter[str]
    trouble: str = ""
    whole: bool = True


Work = Callable[[Lease, Turn], Outcome]
"""What an account does in its turn."""


@dataclass(frozen=True, slots=True)
class Member:
    """A configured account: its name for the log, and its work, which stores something or ends
    within `patience` seconds; `inbox` is that part of it that new mail asks for."""

    id: AccountId
    name: str
    work: Work
    ttl: timedelta = TTL
    patience: float = PATIENCE
    inbox: Work | None = None

    def after_news(self) -> "Member":
        """Whose work is only what its server told of, where it does such work."""
        return replace(self, work=self.inbox) if self.inbox is not None else self


def take(
    store: Store, owner: str, member: Member, turn: Turn, meter: Meter = UNMETERED
) -> Counter[str] | None:
    """One turn of `member`; None when another daemon has it, or when it failed.

    A failure is noted on the account and shown by `suivi status`; it never leaves this function,
    so that an account in trouble slows no other.
    """
    with store.write() as tx:
        lease = accounts.lease(tx, member.id, owner, now(), member.ttl)
    if lease is None:
        return None
    turn.within(member.patience)
    began = time.monotonic()
    counts, trouble = _leased(store, member, lease, turn)
    meter.turn(member.name, time.monotonic() - began, trouble)
    if counts:
        meter.judged(member.name, counts)
    return counts


def _leased(
    store: Store, member: Member, lease: Lease, turn: Turn
) -> tuple[Counter[str] | None, str]:
    """The work itself; its counts, and the kind of what went wrong."""
    try:
        done = member.work(lease, turn)
    except LeaseLost:
        log.info("lease lost", account=member.name)
        return None, "lease-lost"
    except StaleDirectory:
        # The directory changed under the batch; the next turn judges it by the new one.
        log.info("directory changed", account=member.name)
        return None, ""
    except Unavailable as error:
        # The database was busy or gone: nothing was stored, the next turn does it.
        log.warning("database unavailable", account=member.name, error=str(error))
        return None, "database"
    except ConnectorError as error:
        return None, _note(store, member, error)
    else:
        if done.whole:
            with store.write() as tx:
                accounts.note_ok(tx, member.id, now(), but=done.trouble)
        if done.trouble:
            log.warning("refused", account=member.name, error=done.trouble)
        if done.counts:
            log.info("judged", account=member.name, **dict(done.counts))
        return done.counts, "folder" if done.trouble else ""
    finally:
        _give_back(store, member, lease)
        _erase(store, member)


def _give_back(store: Store, member: Member, lease: Lease) -> None:
    try:
        with store.write() as tx:
            accounts.release(tx, lease)
    except Unavailable as error:
        # It ends by itself, TTL after the last commit.
        log.warning("lease not given back", account=member.name, error=str(error))


def _erase(store: Store, member: Member) -> None:
    """What a stricter copy took away is gone for good before the next turn (spec §12)."""
    try:
        if erasure.forget(store):
            log.info("erased", account=member.name)
    except Unavailable as error:
        # The store remembers that it is to be done.
        log.warning("not erased yet", account=member.name, error=str(error))


def _note(store: Store, member: Member, error: ConnectorError) -> str:
    """The failure is kept on the account; its kind."""
    moment = now()
    kind = "unreachable" if isinstance(error, Unreachable) else "refused"
    with store.write() as tx:
        failures = next(s.failures for s in accounts.watched(tx) if s.id == member.id)
        then = schedule.next_try(failures + 1, moment, random.random())  # noqa: S311  no secret
        accounts.note_trouble(tx, member.id, str(error), moment, then)
    log.warning(kind, account=member.name, error=str(error))
    return kind
