"""The reminder ledger: each reminder is planned once, claimed by one, and sent (schema 9)."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.base import Executable

from daemon.store.database import Tx
from daemon.store.errors import ClaimLost
from daemon.store.rows import chunks, insert_into
from daemon.store.tables.follow_ups import ledger as table
from rules.model.followups import Due, FollowUpId, LedgerEntry, LedgerId, LedgerState
from rules.model.people import UserId

c = table.c

FEW = 10
"""So many are taken together of which one may have killed a daemon."""

_UNIQUE = ["follow_up_id", "occurrence", "before_seconds", "recipient_id", "schedule_version"]
_OVER = (LedgerState.SENT, LedgerState.FAILED, LedgerState.VOID)
_IN_HAND = (LedgerState.CLAIMED, LedgerState.SENDING, LedgerState.UNKNOWN)


def _in(*states: LedgerState) -> sa.ColumnElement[bool]:
    # Spelled out in the statement: a partial index is not found by a parameter.
    values = [state.value for state in states]
    stands: sa.ColumnElement[bool] = c.state.in_(
        sa.bindparam(None, values, expanding=True, literal_execute=True)
    )
    return stands


_due = _in(LedgerState.DUE)
_waiting = _in(LedgerState.RETRY, LedgerState.UNKNOWN)
_left = _in(LedgerState.CLAIMED, LedgerState.SENDING)

# What every mail goes through, built once: building costs as much as running.
_this = c.id == sa.bindparam("which")
# Not IN (…): that would not do for several at once.
_held_now = sa.and_(_this, sa.or_(*(c.state == state.value for state in _IN_HAND)))
_RENDERED = (
    sa.update(table)
    .where(_held_now, c.claimed_by == sa.bindparam("owner"), c.mail.is_(None))
    .values(message_id=sa.bindparam("name"), mail=sa.bindparam("bytes"))
)
_SENDING = (
    sa.update(table)
    .where(_held_now, c.claimed_by == sa.bindparam("owner"))
    .values(
        state=LedgerState.SENDING.value,
        handed_over=True,
        claimed_until=sa.func.coalesce(
            sa.bindparam("until", type_=c.claimed_until.type), c.claimed_until
        ),
    )
)
_SENT = (
    sa.update(table)
    .where(_this)
    .values(
        state=LedgerState.SENT.value,
        mail=None,
        last_error="",
        sent_at=sa.bindparam("now"),
        claimed_by=None,
        claimed_until=None,
    )
)
# Those least tried come first: one that never gets away delays nobody.
_tried = sa.select(c.id).order_by(c.attempts, c.at, c.id)


def plan(tx: Tx, dues: Iterable[Due], now: datetime) -> int:
    """Enter what is due; returns how many entries that made, moved or revived.

    One that stands in the ledger stays, with two exceptions: a waiting one takes the new instant
    and template (the zone or an option of its recipient changed), and a void one that was never
    handed over is due again (its follow-up came back to the same assignee).
    """
    statement = _entering(tx.dialect.name)
    changed = 0
    for due in dues:
        row = {
            "follow_up_id": due.follow_up,
            "occurrence": due.occurrence,
            "before_seconds": int(due.before.total_seconds()),
            "recipient_id": due.recipient,
            "schedule_version": due.schedule_version,
            "at": due.at,
            "template": due.template,
            "now": now,
        }
        changed += tx.execute(statement, row).first() is not None
    return changed


@cache
def _entering(dialect: str) -> Executable:
    row = ("follow_up_id", "occurrence", "before_seconds", "recipient_id", "schedule_version")
    statement = insert_into(dialect, table).values(
        **{name: sa.bindparam(name) for name in (*row, "at", "template")},
        state=LedgerState.DUE.value,
        attempts=0,
        message_id="",
        handed_over=False,
        last_error="",
        void_reason="",
    )
    wanted = statement.excluded
    other = sa.or_(c.at != wanted.at, c.template.is_distinct_from(wanted.template))
    moved = sa.and_(c.state == LedgerState.DUE.value, other)
    dropped = sa.and_(c.state == LedgerState.VOID.value, c.handed_over.is_(False))
    to_come = wanted.at > sa.bindparam("now", type_=c.at.type)
    anew = {"at": wanted.at, "template": wanted.template, "state": wanted.state}
    return statement.on_conflict_do_update(
        index_elements=_UNIQUE,
        set_={**anew, "attempts": 0, "void_reason": ""},
        where=sa.or_(moved, sa.and_(dropped, to_come)),
    ).returning(c.id)


def claim(
    tx: Tx, now: datetime, owner: str, until: datetime, limit: int
) -> tuple[LedgerEntry, ...]:
    """Take what is to be sent now, first what was never tried; nobody else gets it before `until`.

    They become CLAIMED, also those that stood at SENDING when the claim of a dead owner ran out:
    of them a second copy can arrive, with the same bytes. Those whose owner died before they were
    written come when there is nothing else, for one of them may have been the death of it: a few
    at a time, and alone after a second death.
    """
    ids: list[int] = []
    for query in _claimable(now):
        if len(ids) < limit:
            found = query.limit(limit - len(ids)).with_for_update(skip_locked=True)
            ids += tx.execute(found).scalars()
    if not ids:
        for query, most in ((_unwritten(now, 1), FEW), (_unwritten(now), 1)):
            if not ids:
                some = query.limit(min(most, limit)).with_for_update(skip_locked=True)
                ids += tx.execute(some).scalars()
    if not ids:
        return ()
    rows = tx.execute(
        sa.update(table)
        .where(c.id.in_(ids))
        .values(
            state=LedgerState.CLAIMED,
            claimed_by=owner,
            claimed_until=until,
            attempts=c.attempts + 1,
        )
        .returning(table)
    )
    order = {id_: position for position, id_ in enumerate(ids)}
    return tuple(sorted(map(_entry, rows), key=lambda e: order[e.id]))


def _claimable(now: datetime) -> tuple[sa.Select[int], ...]:
    free = sa.or_(c.claimed_until.is_(None), c.claimed_until <= now)
    return (
        sa.select(c.id).where(_due, c.at <= now).order_by(c.at, c.id),
        _tried.where(_waiting, c.next_try_at <= now, free),
        _tried.where(_left, c.mail.is_not(None), c.claimed_until <= now),
    )


def _unwritten(now: datetime, attempts: int | None = None) -> sa.Select[int]:
    query = _tried.where(_left, c.mail.is_(None), c.claimed_until <= now)
    return query if attempts is None else query.where(c.attempts == attempts)


def overdue_for(tx: Tx, before: datetime, now: datetime) -> tuple[UserId, ...]:
    """For whom something is not over that was due before then, and that nobody has in hand."""
    found: set[int] = set()
    for these in _overdue(before, now):
        found |= set(tx.execute(sa.select(c.recipient_id).distinct().where(*these)).scalars())
    return tuple(map(UserId, sorted(found)))


def overdue_of(
    tx: Tx, recipient: UserId, before: datetime, now: datetime
) -> tuple[LedgerEntry, ...]:
    """Those of one recipient, soonest due first; nobody else gets them before the commit."""
    found = [
        _entry(r)
        for these in _overdue(before, now)
        for r in tx.execute(
            sa.select(table).where(c.recipient_id == recipient, *these).with_for_update()
        )
    ]
    return tuple(sorted(found, key=lambda e: (e.due.at, e.id)))


def _overdue(before: datetime, now: datetime) -> tuple[tuple[sa.ColumnElement[bool], ...], ...]:
    # One by one, for each has an index of its own.
    free = sa.or_(c.claimed_until.is_(None), c.claimed_until <= now)
    return (
        (_due, c.at < before),
        (_waiting, c.at < before, free),
        (_left, c.at < before, c.claimed_until <= now),
    )


def rendered(
    tx: Tx, written: Sequence[tuple[LedgerId, str, bytes]], owner: str
) -> frozenset[LedgerId]:
    """Keep Message-IDs and bytes of mails; those kept first stay, so that every try sends the
    same. Returns those that `owner` still holds."""
    if not written:
        return frozenset()
    tx.execute(
        _RENDERED, [{"which": i, "owner": owner, "name": n, "bytes": b} for i, n, b in written]
    )
    ids = [i for i, _, _ in written]
    kept = sa.select(c.id).where(c.id.in_(ids), c.claimed_by == owner, c.mail.is_not(None))
    return frozenset(map(LedgerId, tx.execute(kept).scalars()))


def sending(
    tx: Tx, entry: LedgerId, owner: str | None = None, until: datetime | None = None
) -> None:
    """Its bytes are about to be handed over: commit this first. The claim lasts `until` anew.

    Raises ClaimLost, with nothing changed, when `owner` is told and does not hold it any more.
    """
    if owner is None:
        held = sa.and_(c.id == entry, c.state.in_(_IN_HAND))
        values = {"state": LedgerState.SENDING, "handed_over": True}
        tx.execute(sa.update(table).where(held).values(values))
    elif not tx.execute(_SENDING, {"which": entry, "owner": owner, "until": until}).rowcount:
        raise ClaimLost(f"reminder {entry} is not claimed by {owner} any more")


def sent(tx: Tx, entry: LedgerId, now: datetime) -> None:
    """The server took it, whatever was decided meanwhile; the bytes are dropped."""
    tx.execute(_SENT, {"which": entry, "now": now})


def seen(tx: Tx, message_id: str, now: datetime) -> bool:
    """It was met in a mailbox: what became of it is known, whatever the server said or did not
    say. False when there was no doubt."""
    doubtful = (*_IN_HAND, LedgerState.RETRY)
    this = sa.and_(c.message_id == message_id, c.handed_over.is_(True), c.state.in_(doubtful))
    values = {"state": LedgerState.SENT, "mail": None, "sent_at": now, "last_error": ""}
    free = {"claimed_by": None, "claimed_until": None}
    return bool(tx.execute(sa.update(table).where(this).values(**values, **free)).rowcount)


# What follows from an answer is for whoever holds the claim: one that was paused until another
# took over must not take it from them.


def retry(tx: Tx, entry: LedgerId, error: str, at: datetime, owner: str | None = None) -> None:
    """The server did not take it; the same bytes again, not before `at`."""
    _settle(tx, _held(entry, owner), state=LedgerState.RETRY, last_error=error, next_try_at=at)


def unknown(tx: Tx, entry: LedgerId, error: str, at: datetime, owner: str | None = None) -> None:
    """Nobody knows whether the server took it; look again at `at`."""
    _settle(tx, _held(entry, owner), state=LedgerState.UNKNOWN, last_error=error, next_try_at=at)


def failed(tx: Tx, entry: LedgerId, error: str, owner: str | None = None) -> None:
    """The server refused it for good, or it can't be written."""
    held = _held(entry, owner)
    _settle(tx, held, state=LedgerState.FAILED, mail=None, last_error=error, told_at=None)


def untold(tx: Tx, limit: int) -> tuple[LedgerEntry, ...]:
    """Those that failed and that no admin was told of."""
    query = sa.select(table).where(_in(LedgerState.FAILED), c.told_at.is_(None))
    return tuple(map(_entry, tx.execute(query.order_by(c.id).limit(limit))))


def told(tx: Tx, entries: Iterable[LedgerId], now: datetime) -> None:
    """An admin is being told of these failures."""
    tx.execute(sa.update(table).where(c.id.in_(list(entries))).values(told_at=now))


def void(tx: Tx, entry: LedgerId, why: str) -> None:
    """It is not wanted any more; what is over stays as it is."""
    this = sa.and_(c.id == entry, c.state.not_in(_OVER))
    _settle(tx, this, state=LedgerState.VOID, mail=None, void_reason=why)


def _held(entry: LedgerId, owner: str | None) -> sa.ColumnElement[bool]:
    held = sa.and_(c.id == entry, c.state.in_(_IN_HAND))
    return held if owner is None else sa.and_(held, c.claimed_by == owner)


def _settle(tx: Tx, which: sa.ColumnElement[bool], **values: Any) -> None:
    tx.execute(sa.update(table).where(which).values(claimed_by=None, claimed_until=None, **values))


def get(tx: Tx, entry: LedgerId) -> LedgerEntry | None:
    """One entry."""
    found = tx.execute(sa.select(table).where(c.id == entry)).first()
    return None if found is None else _entry(found)


def of(tx: Tx, follow_up: FollowUpId) -> tuple[LedgerEntry, ...]:
    """Every entry of a follow-up, those that are over too."""
    query = sa.select(table).where(c.follow_up_id == follow_up).order_by(c.at, c.id)
    return tuple(map(_entry, tx.execute(query)))


def of_all(tx: Tx, several: Iterable[FollowUpId]) -> dict[FollowUpId, tuple[LedgerEntry, ...]]:
    """Every entry of each of these."""
    query = sa.select(table).order_by(c.at, c.id)
    found = {one: tuple[LedgerEntry, ...]() for one in several}
    for some in chunks(found):
        for r in tx.execute(query.where(c.follow_up_id.in_(some))):
            found[FollowUpId(r.follow_up_id)] += (_entry(r),)
    return found


_LEFT = (LedgerState.SENDING, LedgerState.SENT, LedgerState.UNKNOWN)


def was_reminded_of(tx: Tx, follow_up: FollowUpId) -> bool:
    """Whether a reminder of it has left, or may have."""
    sent = sa.select(c.id).where(c.follow_up_id == follow_up, c.state.in_(_LEFT))
    return tx.execute(sent.limit(1)).first() is not None


def all_open(tx: Tx) -> tuple[LedgerEntry, ...]:
    """Every entry that is not over, soonest first."""
    query = sa.select(table).where(c.state.not_in(_OVER)).order_by(c.at, c.id)
    return tuple(map(_entry, tx.execute(query)))


def counts(tx: Tx) -> dict[LedgerState, int]:
    """How many stand where."""
    found = dict.fromkeys(LedgerState, 0)
    for state, number in tx.execute(sa.select(c.state, sa.func.count()).group_by(c.state)):
        found[LedgerState(state)] = number
    return found


def troubles(tx: Tx, limit: int = 20) -> tuple[LedgerEntry, ...]:
    """Those that failed, or that wait after a failure, the latest due first."""
    waiting = sa.and_(c.state.in_((LedgerState.RETRY, LedgerState.UNKNOWN)), c.last_error != "")
    query = sa.select(table).where(sa.or_(c.state == LedgerState.FAILED, waiting))
    return tuple(map(_entry, tx.execute(query.order_by(c.at.desc(), c.id.desc()).limit(limit))))


def _entry(r: Any) -> LedgerEntry:
    return LedgerEntry(
        id=LedgerId(r.id),
        due=Due(
            follow_up=FollowUpId(r.follow_up_id),
            occurrence=r.occurrence,
            before=timedelta(seconds=r.before_seconds),
            recipient=UserId(r.recipient_id),
            schedule_version=r.schedule_version,
            at=r.at,
            template=r.template,
        ),
        state=LedgerState(r.state),
        attempts=r.attempts,
        message_id=r.message_id,
        mail=None if r.mail is None else bytes(r.mail),
        last_error=r.last_error,
        next_try=r.next_try_at,
        handed_over=r.handed_over,
    )
