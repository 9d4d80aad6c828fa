"""The mail arrow: what a mailbox shows becomes exchanges, each message judged once.

    headers of a UID range → decide → text of what matched → rows, decisions and the judged
    range in one transaction

A range that was judged under another directory or other rules counts as unjudged, so that an
address added meanwhile is not missed (schema 4). Killed anywhere, the next run asks again for
what was not committed; the keys of exchanges make that harmless.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from connectors import mime
from connectors.errors import Unreadable
from daemon.capture import record
from daemon.capture.orphans import Orphans
from daemon.clock import now
from daemon.ports import Mailbox
from daemon.rulebook import Book, Rulebook
from daemon.steps import reached
from daemon.store import Lease, Store, accounts, decisions, exchanges, folders, quarantine, vetoes
from rules import decide, schedule
from rules.model.decisions import Decision, Reason, Verdict
from rules.model.people import Level, UserId
from rules.model.sightings import AccountId, FolderRole, MailPlace, Message, Sighting
from rules.model.wire import FolderInfo, FolderState, HeaderBatch, HeaderRow

WATCHED = frozenset({FolderRole.INBOX, FolderRole.SENT})

Counts = Counter[tuple[Verdict, Reason]]
"""How many were judged how."""

Progress = Callable[[str, int, int], bool]
"""Told after each batch: the folder's name, the UIDs judged so far, and how many there are to
judge. False ends the sync there, with all stored that was judged."""


@dataclass(frozen=True, slots=True)
class MailAccount:
    """A mailbox to read. `folders` are watched besides Inbox and Sent; mail received before
    `since` is counted, not captured."""

    id: AccountId
    name: str
    owner: UserId | None
    level: Level = Level.EVERYTHING
    folders: frozenset[str] = frozenset()
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class MailCapture:
    """What the arrow works with. `secret` keys the hashes of what is not stored."""

    store: Store
    rulebook: Rulebook
    secret: bytes
    batch: int = 500
    log_for: timedelta = timedelta(days=14)


def sync(
    capture: MailCapture,
    account: MailAccount,
    mailbox: Mailbox,
    lease: Lease,
    progress: Progress,
) -> Counts:
    """Judge all that is new in every watched folder; returns counts by reason.

    Raises Unreachable or Refused from the mailbox, LeaseLost when another daemon took over.
    """
    turn = _Turn(capture, account, mailbox, lease)
    for info in watched(mailbox.folders(), account.folders):
        state = mailbox.examine(info.name)
        with capture.store.write() as tx:
            accounts.fence(tx, lease)
            folder = folders.seen(tx, account.id, info, state, now())
            retries = quarantine.due(tx, account.id, folder.id, now())
        place = MailPlace(folder.id, info.role, info.name, state.uidvalidity, uid=0)
        for uid in retries:
            turn.judge(place, uid, uid)
        done, todo = 0, _unjudged(capture, folder, state)
        total = sum(hi - lo + 1 for lo, hi in todo)
        for lo, hi in todo:
            turn.judge(place, lo, hi)
            done += hi - lo + 1
            if not progress(info.name, done, total):
                return turn.counts
    turn.judge_orphans()
    return turn.counts


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


@dataclass(slots=True)
class _Turn:
    """One account's sync in progress."""

    capture: MailCapture
    account: MailAccount
    mailbox: Mailbox
    lease: Lease
    counts: Counts = field(default_factory=Counter)
    orphans: Orphans = field(default_factory=Orphans)

    def judge(self, place: MailPlace, lo: int, hi: int) -> None:
        """One batch of the examined folder, from headers to commit."""
        capture = self.capture
        book = capture.rulebook.in_force()
        batch = self.mailbox.headers(lo, hi)
        reached("mail.headers-fetched")
        sightings, unreadable = _read(batch, self.account, place)
        decided = _decide(capture, book, self.account, sightings)
        reached("mail.decided")
        if not book.observing:
            decided = _with_text(self.mailbox, decided)
        reached("mail.text-fetched")
        counts = Counter((d.verdict, d.reason) for _, d in decided)
        moment = now()
        with capture.store.write() as tx:
            accounts.fence(tx, self.lease, moment)
            kept = [
                record.keep(tx, book, capture.secret, capture.log_for, sighting, decision, moment)
                for sighting, decision in decided
            ]
            decisions.append_all(tx, (entry for entry in kept if entry is not None), moment)
            for uid, reason in unreadable.items():
                quarantine.put(tx, self.account.id, replace(place, uid=uid), reason, moment)
            for uid in batch.holes:
                folders.hole(tx, place.folder, place.uidvalidity, uid, moment)
            folders.tally(tx, place.folder, moment.date(), counts)
            quarantine.settle(tx, place.folder, place.uidvalidity, lo, hi, moment)
            folders.judge(
                tx, place.folder, place.uidvalidity, lo, hi, book.directory.version, book.judged_as
            )
            reached("mail.recorded")
        reached("mail.committed")
        self.orphans.note(decided)
        self.counts += counts

    def judge_orphans(self) -> None:
        """Judge again the replies whose parent has been read since, to a fixpoint."""
        while parents := self.orphans.parents():
            with self.capture.store.read() as tx:
                known = exchanges.threads(tx, parents).keys()
            found = self.orphans.adopted(known)
            if not found:
                return
            for place in sorted(found, key=lambda p: (p.name, p.uid)):
                if self.mailbox.examine(place.name).uidvalidity == place.uidvalidity:
                    self.judge(replace(place, keywords=frozenset()), place.uid, place.uid)


def _read(
    batch: HeaderBatch, account: MailAccount, place: MailPlace
) -> tuple[list[Sighting], dict[int, str]]:
    sightings: list[Sighting] = []
    unreadable: dict[int, str] = {}
    for row in batch.rows:
        try:
            message = mime.headers(row)
        except Unreadable as error:
            unreadable[row.uid] = str(error)
            continue
        here = _here(place, row)
        sightings.append(Sighting(account.id, account.owner, here, message, account.level))
    return sightings, unreadable


def _here(place: MailPlace, row: HeaderRow) -> MailPlace:
    return replace(
        place, uid=row.uid, keywords=row.flags, emailid=row.emailid, received=row.received
    )


def _decide(
    capture: MailCapture, book: Book, account: MailAccount, sightings: list[Sighting]
) -> list[tuple[Sighting, Decision]]:
    messages = [s.what for s in sightings if isinstance(s.what, Message)]
    marks = [record.key_hash(capture.secret, message) for message in messages]
    parents = {parent for message in messages for parent in decide.parents(message)}
    with capture.store.read() as tx:
        threads = exchanges.threads(tx, parents)
        levels = vetoes.level(tx, marks)
    decided = []
    for sighting, message, mark in zip(sightings, messages, marks, strict=True):
        thread = next((threads[p] for p in decide.parents(message) if p in threads), ())
        veto = levels.get(mark, Level.EVERYTHING)
        decision = decide.message(
            book.ruleset,
            book.directory,
            sighting,
            thread,
            now(),
            veto=veto,
            since=account.since,
        )
        decided.append((sighting, decision))
    return decided


def _with_text(
    mailbox: Mailbox, decided: list[tuple[Sighting, Decision]]
) -> list[tuple[Sighting, Decision]]:
    """Fetch the text of what matched, and put it into the decisions."""
    wanted = {s.place.uid for s, d in decided if d.wants_text and isinstance(s.place, MailPlace)}
    if not wanted:
        return decided
    texts = {fetched.uid: fetched for fetched in mailbox.texts(wanted)}
    complete = []
    for sighting, decision in decided:
        fetched = texts.get(sighting.place.uid) if isinstance(sighting.place, MailPlace) else None
        if fetched is None or not isinstance(sighting.what, Message):
            complete.append((sighting, decision))
            continue
        text = mime.text(fetched)
        message = replace(
            sighting.what, body=text.body, attachments=text.attachments, invites=text.invites
        )
        complete.append((replace(sighting, what=message), decide.text(decision, message)))
    return complete
