"""Messages that are judged, and are to be judged once more: what they answer was recorded since.

Whoever records that, in whatever mailbox, leaves them here in its transaction; the next turn of
their account reads their headers again. Of the answers themselves nothing is stored (schema 4).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from daemon.store import Tx, work
from rules.model.sightings import AccountId, FolderId

_PREFIX = "orphans:"
_REST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """UIDs lo…hi of a folder of an account."""

    account: AccountId
    folder: FolderId
    uidvalidity: int
    lo: int
    hi: int


def put(tx: Tx, one: Unfinished, now: datetime) -> None:
    """Let it be judged again."""
    work.put(tx, _kind(one.account), _key(one), now)


def later(tx: Tx, one: Unfinished, now: datetime) -> None:
    """Its folder can't be read now: not before an hour has passed."""
    work.put(tx, _kind(one.account), _key(one), now + _REST)


def left(tx: Tx, account: AccountId, now: datetime) -> tuple[Unfinished, ...]:
    """What is to be judged again in an account by now."""
    return tuple(
        Unfinished(account, FolderId(folder), uidvalidity, lo, hi)
        for piece in work.due(tx, _kind(account), now)
        for folder, uidvalidity, lo, hi in [map(int, piece.key.split(":"))]
    )


def accounts(tx: Tx, now: datetime) -> frozenset[AccountId]:
    """Those in which something is to be judged again by now."""
    kinds = work.kinds_due(tx, _PREFIX, now)
    return frozenset(AccountId(int(kind.removeprefix(_PREFIX))) for kind in kinds)


def clear(tx: Tx, finished: Iterable[Unfinished]) -> None:
    """It was judged again."""
    for one in finished:
        work.clear(tx, _kind(one.account), _key(one))


def _kind(account: AccountId) -> str:
    # A kind for each account: what a thousand others left is not read at each turn.
    return f"{_PREFIX}{account}"


def _key(one: Unfinished) -> str:
    return f"{one.folder}:{one.uidvalidity}:{one.lo}:{one.hi}"
