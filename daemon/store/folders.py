"""Folders, and which of their messages were judged: the proof that nothing is missed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.errors import StaleDirectory
from daemon.store.people import directory_version as current_directory
from daemon.store.rows import inserting
from daemon.store.tables import places
from rules.model.decisions import Reason, Verdict
from rules.model.sightings import AccountId, FolderId, FolderRole
from rules.model.wire import FolderInfo, FolderState

Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder as last seen; `reset` is True when its UIDVALIDITY has just changed. `arrived`: so
    many UIDs were given out since it was seen before."""

    id: FolderId
    account: AccountId
    name: str
    role: FolderRole
    uidvalidity: int
    uidnext: int
    messages: int = 0
    modseq: int | None = None
    reset: bool = False
    arrived: int = 0


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of a place were judged so on a day; `place` is "folder" or "calendar"."""

    place: str
    place_id: int
    day: date
    verdict: Verdict
    reason: Reason
    count: int


def seen(tx: Tx, account: AccountId, info: FolderInfo, state: FolderState, now: datetime) -> Folder:
    """Note how a folder stands. What was judged under another UIDVALIDITY, or of UIDs that are
    not given out yet (an emptied mailbox that counts anew), counts no longer."""
    table = places.folder
    facts = {
        "role": info.role,
        "uidvalidity": state.uidvalidity,
        "uidnext": state.uidnext,
        "messages": state.exists,
        "modseq": state.modseq,
        "seen_at": now,
    }
    known = sa.and_(table.c.account_id == account, table.c.name == info.name)
    before = tx.execute(sa.select(table).where(known)).first()
    statement = (
        inserting(tx, table)
        .values(account_id=account, name=info.name, **facts)
        .on_conflict_do_update(index_elements=["account_id", "name"], set_=facts)
    )
    folder = FolderId(tx.execute(statement.returning(table.c.id)).scalar_one())
    _forget_other_uids(tx, folder, state, now)
    return Folder(
        id=folder,
        account=account,
        name=info.name,
        role=info.role,
        uidvalidity=state.uidvalidity,
        uidnext=state.uidnext,
        messages=state.exists,
        modseq=state.modseq,
        arrived=_arrived(before, state),
        reset=before is not None and before.uidvalidity != state.uidvalidity,
    )


def _arrived(before: sa.Row[Any] | None, state: FolderState) -> int:
    if before is None or before.uidvalidity != state.uidvalidity:
        return 0
    return max(0, state.uidnext - int(before.uidnext))


def _forget_other_uids(tx: Tx, folder: FolderId, state: FolderState, now: datetime) -> None:
    judged, hole, quarantine = places.judged_range, places.hole, places.quarantine
    for table, uid in ((judged, judged.c.lo), (hole, hole.c.uid)):
        gone = sa.or_(table.c.uidvalidity != state.uidvalidity, uid >= state.uidnext)
        tx.execute(sa.delete(table).where(table.c.folder_id == folder, gone))
    # What waits under a number that nothing has any more is asked for under its new one.
    tx.execute(
        sa.update(quarantine)
        .where(
            quarantine.c.folder_id == folder,
            quarantine.c.resolved_at.is_(None),
            sa.or_(
                quarantine.c.uidvalidity != state.uidvalidity, quarantine.c.uid >= state.uidnext
            ),
        )
        .values(resolved_at=now)
    )
    tx.execute(
        sa.update(judged)
        .where(judged.c.folder_id == folder, judged.c.hi >= state.uidnext)
        .values(hi=state.uidnext - 1)
    )


def of(tx: Tx, account: AccountId) -> tuple[Folder, ...]:
    """The folders of an account, by name."""
    table = places.folder
    rows = tx.execute(sa.select(table).where(table.c.account_id == account).order_by(table.c.name))
    return tuple(
        Folder(
            id=FolderId(r.id),
            account=account,
            name=r.name,
            role=FolderRole(r.role),
            uidvalidity=r.uidvalidity,
            uidnext=r.uidnext,
            messages=r.messages,
            modseq=r.modseq,
        )
        for r in rows
    )


def judged(
    tx: Tx, folder: FolderId, uidvalidity: int, directory_version: int, rules: str
) -> Ranges:
    """The UIDs judged with this directory under these rules: ascending, disjoint, merged."""
    table = places.judged_range
    rows = tx.execute(
        sa.select(table.c.lo, table.c.hi)
        .where(_judged_so(folder, uidvalidity, directory_version, rules))
        .order_by(table.c.lo)
    )
    return merged((r.lo, r.hi) for r in rows)


def judged_at_all(tx: Tx, folder: FolderId, uidvalidity: int) -> Ranges:
    """The UIDs judged with whatever directory under whatever rules, as far as that is known."""
    c = places.judged_range.c
    this = sa.and_(c.folder_id == folder, c.uidvalidity == uidvalidity)
    return merged((r.lo, r.hi) for r in tx.execute(sa.select(c.lo, c.hi).where(this)))


def unjudge(tx: Tx, folder: FolderId, uidvalidity: int, uid: int) -> None:
    """A UID counts as judged no more: the next sync judges it."""
    table = places.judged_range
    c = table.c
    here = sa.and_(c.folder_id == folder, c.uidvalidity == uidvalidity, c.lo <= uid, c.hi >= uid)
    rows = [dict(r) for r in tx.execute(sa.select(table).where(here)).mappings()]
    tx.execute(sa.delete(table).where(here))
    parts = [{**r, **part} for r in rows for part in ({"hi": uid - 1}, {"lo": uid + 1})]
    if parts := [p for p in parts if p["lo"] <= p["hi"]]:
        tx.execute(sa.insert(table), parts)


def past(tx: Tx) -> dict[tuple[FolderId, int], Ranges]:
    """All UIDs, by folder and UIDVALIDITY, that were judged with the present directory, under
    whatever rules."""
    c = places.judged_range.c
    query = sa.select(c.folder_id, c.uidvalidity, c.lo, c.hi).where(
        c.directory_version == current_directory(tx)
    )
    found: dict[tuple[FolderId, int], list[tuple[int, int]]] = {}
    for r in tx.execute(query):
        found.setdefault((FolderId(r.folder_id), r.uidvalidity), []).append((r.lo, r.hi))
    return {where: merged(ranges) for where, ranges in found.items()}


def judge(
    tx: Tx,
    folder: FolderId,
    uidvalidity: int,
    lo: int,
    hi: int,
    directory_version: int,
    rules: str,
) -> None:
    """UIDs `lo`…`hi` were judged; belongs in the transaction of what they yielded.

    Raises StaleDirectory when somebody was added meanwhile, who might be among them; version 0
    says that the directory does not matter.
    """
    if directory_version and directory_version != current_directory(tx):
        raise StaleDirectory("the directory changed while this range was judged")
    table = places.judged_range
    this = _judged_so(folder, uidvalidity, directory_version, rules)
    touching = sa.and_(this, table.c.lo <= hi + 1, table.c.hi >= lo - 1)
    rows = tx.execute(sa.select(table.c.lo, table.c.hi).where(touching)).all()
    ((low, high),) = merged([(lo, hi), *((r.lo, r.hi) for r in rows)])
    tx.execute(sa.delete(table).where(touching))
    tx.execute(
        sa.insert(table).values(
            folder_id=folder,
            uidvalidity=uidvalidity,
            directory_version=directory_version,
            rules=rules,
            lo=low,
            hi=high,
        )
    )
    # Of an older directory nothing is asked any more.
    older = sa.and_(table.c.folder_id == folder, table.c.directory_version < directory_version)
    tx.execute(sa.delete(table).where(older))


def _judged_so(
    folder: FolderId, uidvalidity: int, directory_version: int, rules: str
) -> sa.ColumnElement[bool]:
    c = places.judged_range.c
    return sa.and_(
        c.folder_id == folder,
        c.uidvalidity == uidvalidity,
        c.directory_version == directory_version,
        c.rules == rules,
    )


def merged(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Overlapping and adjacent ranges as one."""
    found: list[tuple[int, int]] = []
    for lo, hi in sorted(ranges):
        if found and lo <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], hi))
        else:
            found.append((lo, hi))
    return tuple(found)


def hole(tx: Tx, folder: FolderId, uidvalidity: int, uid: int, now: datetime) -> int:
    """The server has this message but does not answer for it; how often it was asked by now."""
    table = places.hole
    statement = (
        inserting(tx, table)
        .values(
            folder_id=folder,
            uidvalidity=uidvalidity,
            uid=uid,
            attempts=1,
            first_at=now,
            last_at=now,
        )
        .on_conflict_do_update(
            index_elements=["folder_id", "uidvalidity", "uid"],
            set_={"attempts": table.c.attempts + 1, "last_at": now},
        )
    )
    attempts: int = tx.execute(statement.returning(table.c.attempts)).scalar_one()
    return attempts


def holes(tx: Tx, folder: FolderId, uidvalidity: int) -> tuple[int, ...]:
    """The UIDs that the server still owes."""
    c = places.hole.c
    this = sa.and_(c.folder_id == folder, c.uidvalidity == uidvalidity)
    return tuple(tx.execute(sa.select(c.uid).where(this).order_by(c.uid)).scalars())


def fill(tx: Tx, folder: FolderId, uidvalidity: int, uid: int) -> None:
    """The server did answer for this one."""
    table = places.hole
    c = table.c
    tx.execute(
        sa.delete(table).where(c.folder_id == folder, c.uidvalidity == uidvalidity, c.uid == uid)
    )


def tally(
    tx: Tx, folder: FolderId, day: date, counts: Mapping[tuple[Verdict, Reason], int]
) -> None:
    """Add what was judged how in a folder on a day."""
    add_tally(tx, "folder", folder, day, counts)


def add_tally(
    tx: Tx,
    place: str,
    place_id: int,
    day: date,
    counts: Mapping[tuple[Verdict, Reason], int],
) -> None:
    """Add to the counts of a folder or calendar."""
    table = places.tally
    # In one order, for two at a time must not wait for each other.
    for (verdict, reason), number in sorted(counts.items()):
        statement = inserting(tx, table).values(
            place=place,
            place_id=place_id,
            day=day,
            verdict=verdict,
            reason=reason,
            count=number,
        )
        tx.execute(
            statement.on_conflict_do_update(
                index_elements=["place", "place_id", "day", "verdict", "reason"],
                set_={"count": table.c.count + number},
            )
        )


def totals(tx: Tx) -> dict[str, int]:
    """How many were judged how, of all places and days, by "verdict:reason"."""
    table = places.tally
    number = sa.func.sum(table.c.count)
    rows = tx.execute(
        sa.select(table.c.verdict, table.c.reason, number)
        .group_by(table.c.verdict, table.c.reason)
        .order_by(table.c.verdict, table.c.reason)
    )
    return {f"{verdict}:{reason}": int(total) for verdict, reason, total in rows}


def tallies(tx: Tx, since: date | None = None) -> tuple[Tally, ...]:
    """The counts of every place, for reports."""
    table = places.tally
    number = table.c.count.label("number")
    query = sa.select(table, number).order_by(*table.primary_key.columns)
    if since is not None:
        query = query.where(table.c.day >= since)
    return tuple(
        Tally(r.place, r.place_id, r.day, Verdict(r.verdict), Reason(r.reason), r.number)
        for r in tx.execute(query)
    )
