"""Ranges that are judged, but hold answers whose parent may still be read in the same sync.

A sync that dies, stops or loses its server before its end leaves them here; the next one reads
their headers once more. Of the answers themselves nothing is stored (schema 4).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from daemon.store import Tx, work
from rules.model.sightings import AccountId, FolderId


@dataclass(frozen=True, slots=True)
class Unfinished:
    """UIDs lo…hi of a folder of an account."""

    account: AccountId
    folder: FolderId
    uidvalidity: int
    lo: int
    hi: int


def put(tx: Tx, one: Unfinished, now: datetime) -> None:
    """Say so in the transaction that judges the range."""
    work.put(tx, _kind(one.account), _key(one), now)


def left(tx: Tx, account: AccountId, now: datetime) -> tuple[Unfinished, ...]:
    """What earlier syncs of an account left."""
    return tuple(
        Unfinished(account, FolderId(folder), uidvalidity, lo, hi)
        for piece in work.due(tx, _kind(account), now)
        for folder, uidvalidity, lo, hi in [map(int, piece.key.split(":"))]
    )


def clear(tx: Tx, finished: Iterable[Unfinished]) -> None:
    """The sync came to its end."""
    for one in finished:
        work.clear(tx, _kind(one.account), _key(one))


def _kind(account: AccountId) -> str:
    # A kind for each account: what a thousand others left is not read at each turn.
    return f"orphans:{account}"


def _key(one: Unfinished) -> str:
    return f"{one.folder}:{one.uidvalidity}:{one.lo}:{one.hi}"
