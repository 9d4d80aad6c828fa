"""Mail beside reminders: answers, notices, summaries. Each is written once, and sent once.

Whoever decides that somebody should be told puts the whole mail here, in the transaction of what
it tells of: so it is neither lost nor told twice, whatever crashes. The states are those of the
reminder ledger, and so is the promise: only after SENDING can a second copy arrive, and that one
has the same bytes.
"""

from collections.abc import Collection, Container
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.errors import ClaimLost
from daemon.store.rows import inserting
from daemon.store.tables.follow_ups import post as table
from daemon.store.text import indexable
from rules.model.followups import LedgerState

CLOSED, AWAY = "closed", "away"
"""Letters that tell of a follow-up and of an exchange: their keys begin with these two."""

WRITTEN = "exchange"
"""Letters that a person wrote, from an exchange; the key begins with that which records it."""

c = table.c
_WAITING = (LedgerState.DUE, LedgerState.RETRY, LedgerState.UNKNOWN)
_IN_HAND = (LedgerState.CLAIMED, LedgerState.SENDING)


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail for one recipient, unique by `kind` and `key`. After `useful_until` it is of no use
    any more and is not sent; what is on its way then is tried to its end."""

    kind: str
    key: str
    recipient: str
    message_id: str
    mail: bytes = field(repr=False)
    useful_until: datetime


@dataclass(frozen=True, slots=True)
class Posted:
    """A letter as it stands; `mail` is dropped when it is over."""

    id: int
    kind: str
    key: str
    recipient: str
    message_id: str
    mail: bytes | None = field(repr=False)
    state: LedgerState
    attempts: int
    useful_until: datetime
    handed_over: bool
    created_at: datetime
    last_error: str = ""


def put(tx: Tx, letter: Letter, now: datetime) -> bool:
    """Send it, as soon as suivi may send; False when one of this kind and key is there already,
    whatever became of that one."""
    statement = (
        inserting(tx, table)
        .values(
            kind=letter.kind,
            key=indexable(letter.key),
            recipient=letter.recipient,
            message_id=letter.message_id,
            mail=letter.mail,
            state=LedgerState.DUE,
            attempts=0,
            created_at=now,
            next_try_at=now,
            useful_until=letter.useful_until,
            handed_over=False,
            last_error="",
        )
        .on_conflict_do_nothing(index_elements=["kind", "key"])
    )
    return tx.execute(statement.returning(c.id)).first() is not None


def written(tx: Tx, kind: str, recipient: str, since: datetime) -> int:
    """How many of a kind were put for a recipient since then, for those who must not be flooded."""
    query = sa.select(sa.func.count()).where(
        c.kind == kind, c.recipient == recipient, c.created_at > since
    )
    return int(tx.execute(query).scalar_one())


def claim(tx: Tx, now: datetime, owner: str, until: datetime, limit: int) -> tuple[Posted, ...]:
    """Take what is to be sent now, oldest first; nobody else gets it before `until`."""
    expired = sa.or_(c.claimed_until.is_(None), c.claimed_until <= now)
    waiting = sa.or_(
        sa.and_(c.state.in_(_WAITING), c.next_try_at <= now),
        sa.and_(c.state.in_(_IN_HAND), expired),
    )
    # A query of its own: as a mere subquery PostgreSQL may run it more than once.
    chosen = (
        sa.select(c.id)
        .where(waiting)
        .order_by(c.next_try_at, c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("chosen")
    )
    unseen = c.state.in_((LedgerState.DUE, LedgerState.RETRY, LedgerState.CLAIMED))
    rows = tx.execute(
        sa.update(table)
        .where(c.id.in_(sa.select(chosen.c.id)))
        .values(
            state=sa.case((unseen, LedgerState.CLAIMED.value), else_=LedgerState.SENDING.value),
            claimed_by=owner,
            claimed_until=until,
            attempts=c.attempts + 1,
        )
        .returning(table)
    )
    return tuple(sorted(map(_posted, rows), key=lambda p: p.id))


def sending(tx: Tx, letter: int, owner: str, until: datetime) -> None:
    """Its bytes are about to be handed over: commit this first. The claim lasts `until` anew.

    Raises ClaimLost when another holds it meanwhile.
    """
    held = sa.and_(c.id == letter, c.claimed_by == owner, c.state.in_(_IN_HAND))
    values = {"state": LedgerState.SENDING, "handed_over": True, "claimed_until": until}
    if not tx.execute(sa.update(table).where(held).values(**values)).rowcount:
        raise ClaimLost(f"letter {letter} is not claimed by {owner} any more")


def sent(tx: Tx, letter: int, now: datetime) -> None:
    """The server took it."""
    _settle(tx, c.id == letter, state=LedgerState.SENT, mail=None, sent_at=now, last_error="")


def retry(tx: Tx, letter: int, error: str, at: datetime, owner: str) -> None:
    """The server did not take it; the same bytes again, not before `at`."""
    held = _held(letter, owner)
    _settle(tx, held, state=LedgerState.RETRY, last_error=error, next_try_at=at)


def unknown(tx: Tx, letter: int, error: str, at: datetime, owner: str) -> None:
    """Nobody knows whether the server took it; the same bytes again at `at`."""
    held = _held(letter, owner)
    _settle(tx, held, state=LedgerState.UNKNOWN, last_error=error, next_try_at=at)


def failed(tx: Tx, letter: int, error: str, owner: str) -> None:
    """The server refused it for good."""
    _settle(tx, _held(letter, owner), state=LedgerState.FAILED, mail=None, last_error=error)


def void(tx: Tx, letter: int, why: str, owner: str) -> None:
    """It is of no use any more."""
    _settle(tx, _held(letter, owner), state=LedgerState.VOID, mail=None, last_error=why)


def withhold(tx: Tx, told: Container[int], exchange: int, why: str) -> None:
    """What waits and tells of this exchange, or of one of these follow-ups, is not sent."""
    query = sa.select(c.id, c.key).where(
        c.kind.in_((CLOSED, AWAY)), c.state.in_((*_WAITING, *_IN_HAND))
    )
    for row in tx.execute(query).all():
        about = row.key.split(":")[:2]
        if int(about[0]) in told or int(about[1]) == exchange:
            _settle(tx, c.id == row.id, state=LedgerState.VOID, mail=None, last_error=why)


def get(tx: Tx, kind: str, key: str) -> Posted | None:
    """The letter of a kind and key."""
    found = tx.execute(sa.select(table).where(c.kind == kind, c.key == indexable(key))).first()
    return None if found is None else _posted(found)


def of_exchange(tx: Tx, exchange: int) -> tuple[Posted, ...]:
    """The letters that a person wrote and this exchange records, one a recipient."""
    mine = sa.and_(c.kind == WRITTEN, c.key.startswith(f"{exchange}:", autoescape=True))
    return tuple(map(_posted, tx.execute(sa.select(table).where(mine).order_by(c.id))))


def latest(tx: Tx, kinds: Collection[str]) -> Posted | None:
    """The one of these kinds that was put last, whatever became of it."""
    query = sa.select(table).where(c.kind.in_(kinds)).order_by(c.id.desc()).limit(1)
    found = tx.execute(query).first()
    return None if found is None else _posted(found)


def count(tx: Tx, kind: str) -> int:
    """How many of a kind were ever put."""
    return int(tx.execute(sa.select(sa.func.count()).where(c.kind == kind)).scalar_one())


def waiting(tx: Tx) -> tuple[Posted, ...]:
    """All that are not over, oldest first."""
    query = sa.select(table).where(c.state.in_((*_WAITING, *_IN_HAND))).order_by(c.id)
    return tuple(map(_posted, tx.execute(query)))


def troubles(tx: Tx, limit: int = 20) -> tuple[Posted, ...]:
    """Those that failed, or that wait after a failure, the latest first."""
    waits = sa.and_(c.state.in_((LedgerState.RETRY, LedgerState.UNKNOWN)), c.last_error != "")
    query = sa.select(table).where(sa.or_(c.state == LedgerState.FAILED, waits))
    return tuple(map(_posted, tx.execute(query.order_by(c.id.desc()).limit(limit))))


def _held(letter: int, owner: str) -> sa.ColumnElement[bool]:
    return sa.and_(c.id == letter, c.claimed_by == owner, c.state.in_(_IN_HAND))


def _settle(tx: Tx, which: sa.ColumnElement[bool], **values: Any) -> None:
    tx.execute(sa.update(table).where(which).values(claimed_by=None, claimed_until=None, **values))


def _posted(r: Any) -> Posted:
    return Posted(
        id=r.id,
        kind=r.kind,
        key=r.key,
        recipient=r.recipient,
        message_id=r.message_id,
        mail=None if r.mail is None else bytes(r.mail),
        state=LedgerState(r.state),
        attempts=r.attempts,
        useful_until=r.useful_until,
        handed_over=r.handed_over,
        created_at=r.created_at,
        last_error=r.last_error,
    )
