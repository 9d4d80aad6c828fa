"""Answers that matched nobody, by keyed hashes of what they answer: whoever captures that later, in
whatever mailbox, finds them (spec §4). Part of the log of recent decisions, and as short-lived."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from daemon.store.database import Tx
from daemon.store.rows import chunks, insert_new
from daemon.store.tables.places import folder
from daemon.store.tables.places import orphan as table
from rules.model.sightings import AccountId, FolderId

c = table.c


@dataclass(frozen=True, slots=True)
class Orphan:
    """Where such an answer lies."""

    account: AccountId
    folder: FolderId
    uidvalidity: int
    uid: int


def wait(
    tx: Tx, folder: FolderId, uidvalidity: int, marks: Mapping[int, Iterable[int]], now: datetime
) -> None:
    """The messages of these UIDs wait for what these hashes stand for; safe to repeat."""
    rows = [
        {"mark": mark, "folder_id": folder, "uidvalidity": uidvalidity, "uid": uid, "at": now}
        for uid, some in marks.items()
        for mark in some
    ]
    insert_new(tx, table, rows)


def adopt(tx: Tx, marks: Iterable[int]) -> tuple[Orphan, ...]:
    """Those that wait for one of these; they wait for it no more."""
    found: dict[Orphan, None] = {}
    for some in chunks(marks):
        waiting = c.mark.in_(some)
        where = sa.select(folder.c.account_id, c.folder_id, c.uidvalidity, c.uid)
        query = where.join_from(table, folder, folder.c.id == c.folder_id).where(waiting)
        rows = tx.execute(query.order_by(c.folder_id, c.uid)).all()
        if rows:
            tx.execute(sa.delete(table).where(waiting))
        for account, of, uidvalidity, uid in rows:
            found[Orphan(AccountId(account), FolderId(of), uidvalidity, uid)] = None
    return tuple(found)


def forget(tx: Tx, before: datetime) -> None:
    """What has waited since before then is told by nothing any more but `suivi reconcile`."""
    tx.execute(sa.delete(table).where(c.at < before))
