"""The mail arrow: what a mailbox shows becomes exchanges, each message judged once.

    headers of a UID range → decide → text of what matched → rows, decisions and the judged
    range in one transaction

A range that was judged under another directory or other rules counts as unjudged, so that an
address added meanwhile is not missed (schema 4). Killed anywhere, the next run asks again for
what was not committed; the keys of exchanges make that harmless.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass

import structlog

from connectors.errors import Refused
from daemon.capture.judging import MailAccount
from daemon.capture.mailturn import Counts, MailCapture, Outgrown, Turn
from daemon.clock import now
from daemon.ports import Mailbox
from daemon.store import (
    Lease,
    accounts,
    alarms,
    folders,
    quarantine,
)
from rules import schedule
from rules.model.sightings import FolderRole, MailPlace
from rules.model.wire import FolderInfo, FolderState

__all__ = [
    "Counts",
    "MailCapture",
    "Progress",
    "Synced",
    "missing",
    "sync",
    "sync_inbox",
    "watched",
]

log = structlog.stdlib.get_logger(__name__)

WATCHED = frozenset({FolderRole.INBOX, FolderRole.SENT})

Progress = Callable[[str, int, int], bool]
"""Told after each batch: the folder's name, the UIDs judged so far, and how many there are to
judge. False ends the sync there, with all stored that was judged."""


@dataclass(frozen=True, slots=True)
class Synced:
    """What a sync judged, by reason, and the folders that can't be read: each a line that says
    why. All others were judged, unless `again`: the rules that came into force meanwhile ask for
    header fields that the mailbox was not opened for, and the rest waits for one that is."""

    counts: Counts
    troubles: tuple[str, ...] = ()
    again: bool = False


def sync(
    capture: MailCapture,
    account: MailAccount,
    mailbox: Mailbox,
    lease: Lease,
    progress: Progress,
    fields: frozenset[str] | None = None,
) -> Synced:
    """Judge all that is new in every watched folder. `fields` are the header fields that the
    mailbox shows beside those of the core, in lower case; None: all.

    Raises Unreachable from the mailbox, Refused when no folder can be read, LeaseLost when
    another daemon took over.
    """
    turn = Turn(capture, account, mailbox, lease, fields)
    try:
        return _sync(turn, progress)
    except Outgrown:
        return Synced(turn.counts, again=True)


def sync_inbox(
    capture: MailCapture,
    account: MailAccount,
    mailbox: Mailbox,
    lease: Lease,
    progress: Progress,
    fields: frozenset[str] | None = None,
) -> Synced:
    """Judge what came into the Inbox since a `sync`; `again` where only a sync will do. Raises
    like it."""
    with capture.store.read() as tx:
        known = folders.of(tx, account.id)
    inbox = next((one for one in known if one.role is FolderRole.INBOX), None)
    if inbox is None:
        return Synced(Counter(), again=True)
    turn = Turn(capture, account, mailbox, lease, fields)
    try:
        if _sync_folder(turn, FolderInfo(inbox.name, inbox.role), progress):
            turn.judge_again()
    except Outgrown:
        return Synced(turn.counts, again=True)
    return Synced(turn.counts)


def _sync(turn: Turn, progress: Progress) -> Synced:
    account = turn.account
    found = turn.mailbox.folders()
    troubles = missing(found, account.folders)
    todo = tuple(watched(found, account.folders))
    refused: list[Refused] = []
    goes_on = True
    for info in todo:
        try:
            goes_on = _sync_folder(turn, info, progress)
        except Refused as error:
            refused.append(error)
        if not goes_on:
            break
    if refused and len(refused) == len(todo):
        raise refused[0]
    if goes_on:
        # After what is new: a sync that is interrupted again and again still gets on.
        turn.judge_again()
    return Synced(turn.counts, (*troubles, *map(str, refused)))


def _sync_folder(turn: Turn, info: FolderInfo, progress: Progress) -> bool:
    """Judge what is new in one folder; False when `progress` wants no more."""
    capture, account = turn.capture, turn.account
    state = turn.mailbox.examine(info.name)
    with capture.store.write() as tx:
        accounts.fence(tx, turn.lease)
        folder = folders.seen(tx, account.id, info, state, now())
        alarms.arrived(tx, folder.id, now().astimezone(capture.zone).date(), folder.arrived)
        retries = quarantine.due(tx, account.id, folder.id, now())
    place = MailPlace(folder.id, info.role, info.name, state.uidvalidity, uid=0)
    for uid in retries:
        turn.judge(place, turn.mailbox.headers(uid, uid))
    done, todo = 0, _unjudged(capture, folder, state)
    total = sum(hi - lo + 1 for lo, hi in todo)
    # While one batch is judged, the next ones are on their way.
    with closing(turn.mailbox.sweep(todo)) as batches:
        for batch in batches:
            turn.judge(place, batch)
            done += batch.hi - batch.lo + 1
            if not progress(info.name, done, total):
                return False
    return True


def missing(found: Iterable[FolderInfo], extra: frozenset[str]) -> list[str]:
    """The folders that the configuration names and the mailbox has not, a line each."""
    there = {info.name for info in found if info.selectable}
    return [
        f"there is no folder {name!r}: correct `folders`, or make it again"
        for name in sorted(extra - there)
    ]


def watched(found: Iterable[FolderInfo], extra: frozenset[str]) -> Iterator[FolderInfo]:
    """The folders that are read: Inbox, Sent, and those named in the configuration."""
    for info in found:
        if info.selectable and (info.role in WATCHED or info.name in extra):
            yield info


def _unjudged(
    capture: MailCapture, folder: folders.Folder, state: FolderState
) -> tuple[tuple[int, int], ...]:
    book = capture.rulebook.in_force()
    with capture.store.read() as tx:
        judged = folders.judged(
            tx, folder.id, state.uidvalidity, book.directory.version, book.judged_as
        )
    # Oldest first: a reply finds the thread of its parent.
    return schedule.unjudged(judged, state.uidnext, capture.batch, newest_first=False)
