"""One account's sync in progress: from the headers of a batch to its commit, and the replies whose
parents come later."""

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

import structlog

from connectors.errors import Refused
from daemon.capture import orphans, record, telling, unfinished
from daemon.capture.aside import Aside
from daemon.capture.glancing import Glancing
from daemon.capture.judging import Decided, Judging, MailAccount, aside_of
from daemon.capture.unfinished import Unfinished
from daemon.clock import now
from daemon.ports import Mailbox
from daemon.rulebook import Book, Rulebook
from daemon.steps import reached
from daemon.store import (
    Lease,
    Store,
    Tx,
    Unstorable,
    accounts,
    alone,
    ambiguities,
    decisions,
    folders,
    quarantine,
)
from rules.model.decisions import Reason, Verdict
from rules.model.sightings import MailPlace
from rules.model.wire import HeaderBatch

log = structlog.stdlib.get_logger(__name__)

Counts = Counter[tuple[Verdict, Reason]]
"""How many were judged how."""


@dataclass(frozen=True, slots=True)
class MailCapture:
    """What the arrow works with. `secret` keys the hashes of what is not stored; days of arrivals
    are those of `zone`."""

    store: Store
    rulebook: Rulebook
    secret: bytes
    batch: int = 500
    log_for: timedelta = timedelta(days=14)
    zone: tzinfo = UTC


class Outgrown(Exception):
    """The rules in force ask for header fields that this mailbox doesn't show."""


@dataclass(slots=True)
class Turn:
    """One account's sync in progress."""

    capture: MailCapture
    account: MailAccount
    mailbox: Mailbox
    lease: Lease
    fields: frozenset[str] | None = None
    glancing: Glancing | None = None
    counts: Counts = field(default_factory=Counter)

    def judge(self, place: MailPlace, batch: HeaderBatch) -> None:
        """One batch of the examined folder, from headers to commit."""
        reached("mail.headers-fetched")
        book = self.capture.rulebook.in_force()
        if self.fields is not None and not book.ruleset.compiled.headers <= self.fields:
            raise Outgrown
        if self.glancing is None or not self.glancing.fits(book, place):
            self.glancing = Glancing.of(book, place, self.account)
        ignored, rows = self.glancing.over(batch.rows, now() - self.capture.log_for)
        judging = Judging(self.capture.store, book, self.capture.secret, self.account)
        seen = judging.with_reports(judging.read(rows, place), self.mailbox)
        decided = judging.decide(seen)
        reached("mail.decided")
        if not book.observing:
            decided = judging.with_text(decided, self.mailbox)
        reached("mail.text-fetched")
        try:
            counts = self._store(book, place, batch, decided, judging.aside, ignored)
        except Unstorable as error:
            log.warning("a batch is stored one by one", account=self.account.name, why=str(error))
            counts = self._store(
                book, place, batch, decided, judging.aside, ignored, one_by_one=True
            )
        reached("mail.committed")
        telling.told(self.account.name, decided)
        self.counts += counts

    def _store(
        self,
        book: Book,
        place: MailPlace,
        batch: HeaderBatch,
        decided: Sequence[Decided],
        aside: Sequence[Aside],
        ignored: Counter[Reason],
        *,
        one_by_one: bool = False,
    ) -> Counts:
        """All of a batch in one transaction. Raises Unstorable, with nothing stored, when the
        database refuses a message; `one_by_one` puts that one aside, at the price of time."""
        capture = self.capture
        moment = now()
        keep = self._keep_spared if one_by_one else self._keep
        with capture.store.write() as tx:
            accounts.fence(tx, self.lease, moment)
            refused = keep(tx, book, decided, moment)
            for item in (*aside, *refused):
                quarantine.put(
                    tx,
                    self.account.id,
                    item.place,
                    item.reason,
                    moment,
                    key_hash=item.mark,
                    step=item.step,
                )
            for uid in batch.holes:
                folders.hole(tx, place.folder, place.uidvalidity, uid, moment)
            counts = _counted(decided, aside, refused, ignored)
            folders.tally(tx, place.folder, moment.date(), counts)
            quarantine.settle(tx, place.folder, place.uidvalidity, batch.lo, batch.hi, moment)
            version = book.directory.version
            range_ = (place.folder, place.uidvalidity, batch.lo, batch.hi)
            folders.judge(tx, *range_, version, book.judged_as)
            self._settle_questions(
                tx, book, place, batch, decided, {a.place.uid for a in (*aside, *refused)}
            )
            record.remember(tx, book, self.capture.secret, decided, moment)
            if not book.observing:
                orphans.settle(tx, capture.secret, self.account.id, decided, moment)
            reached("mail.recorded")
        return counts

    def _settle_questions(
        self,
        tx: Tx,
        book: Book,
        place: MailPlace,
        batch: HeaderBatch,
        decided: Sequence[Decided],
        aside: Set[int],
    ) -> None:
        """Of what was judged again, only what is asked still waits for a person."""
        if book.observing:
            return
        asked = {
            (sighting.place.uid, name)
            for sighting, name in record.asked(decided)
            if isinstance(sighting.place, MailPlace)
        }
        span = (batch.lo, batch.hi)
        unknown = aside | set(batch.holes)
        ambiguities.asked_still(tx, place.folder, place.uidvalidity, span, asked, unknown)

    def _keep(
        self, tx: Tx, book: Book, decided: Sequence[Decided], moment: datetime
    ) -> list[Aside]:
        capture = self.capture
        keeping = record.Keeping(book, capture.secret, capture.log_for, moment)
        decisions.append_all(tx, record.keep(tx, keeping, decided), moment)
        return []

    def _keep_spared(
        self, tx: Tx, book: Book, decided: Sequence[Decided], moment: datetime
    ) -> list[Aside]:
        refused: list[Aside] = []
        for one in decided:
            try:
                with alone(tx):
                    self._keep(tx, book, [one], moment)
            except Unstorable as error:
                refused.append(aside_of(self.capture.secret, one[0], "store", str(error)))
        return refused

    def judge_again(self) -> None:
        """What is to be judged once more, to a fixpoint: each may let others be."""
        tried: set[Unfinished] = set()
        while True:
            with self.capture.store.read() as tx:
                left = set(unfinished.left(tx, self.account.id, now())) - tried
                known = {folder.id: folder for folder in folders.of(tx, self.account.id)}
            if not left:
                return
            tried |= left
            for one in sorted(left, key=lambda one: (one.folder, one.lo)):
                self._judge_again(one, known.get(one.folder))

    def _judge_again(self, one: Unfinished, folder: folders.Folder | None) -> None:
        is_refused = False
        try:
            if folder is not None:
                self._judge_range(one, folder)
        except Refused as error:
            # Shown as a trouble by the sync of that folder, if it stays so.
            log.warning("refused", account=self.account.name, error=str(error))
            is_refused = True
        with self.capture.store.write() as tx:
            accounts.fence(tx, self.lease, now())
            unfinished.clear(tx, [one])
            if is_refused:
                unfinished.later(tx, one, now())

    def _judge_range(self, one: Unfinished, folder: folders.Folder) -> None:
        if self.mailbox.examine(folder.name).uidvalidity == one.uidvalidity:
            place = MailPlace(folder.id, folder.role, folder.name, one.uidvalidity, uid=0)
            self.judge(place, self.mailbox.headers(one.lo, one.hi))
        # Else its messages have other numbers now, and are judged anew under those.


def _counted(
    decided: Sequence[Decided],
    aside: Sequence[Aside],
    refused: Sequence[Aside],
    ignored: Counter[Reason],
) -> Counts:
    put_aside = {item.place.uid for item in refused}
    counts = Counter(
        (decision.verdict, decision.reason)
        for sighting, decision in decided
        if not isinstance(sighting.place, MailPlace) or sighting.place.uid not in put_aside
    )
    counts.update({(Verdict.IGNORE, reason): n for reason, n in ignored.items()})
    unreadable = len(aside) + len(refused)
    return counts + Counter({(Verdict.WAIT, Reason.UNREADABLE): unreadable})
