"""What became of one message that lies in a mailbox: exactly one of six, with its reason.

The ledger is not believed about what it left out: that is decided again, by the same functions
that capture decides with, under the rules in force. What they would record and nobody did is
unexplained, unless something that has changed since explains it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cache

from daemon.capture import unfinished
from daemon.capture.judging import Decided, Judging, MailAccount, Seen
from daemon.clock import now
from daemon.ports import Mailbox
from daemon.rulebook import Book
from daemon.store import Store, accounted, decisions, exchanges
from rules.model.decisions import By, Decision, Reason, RecordExchange, Step, Verdict
from rules.model.sightings import MailPlace
from rules.model.wire import HeaderBatch, HeaderRow
from rules.ruleset import RuleSet


class Fate(StrEnum):
    """What became of a message."""

    CAPTURED = "captured"
    IGNORED = "ignored"
    QUARANTINED = "quarantined"
    HOLE = "hole"
    PENDING = "pending"
    UNEXPLAINED = "unexplained"


class Why(StrEnum):
    """Reasons beside those of a decision."""

    SEEN = "seen"
    EARLIER_RULES = "earlier-rules"
    DROPPED = "dropped"
    NOT_ANSWERED = "not-answered"
    # Pending.
    NEVER_READ = "never-read"
    RENUMBERED = "renumbered"
    NEW = "new"
    NOT_REACHED = "not-reached"
    JUDGED_OTHERWISE = "judged-otherwise"
    OBSERVING = "observing"
    SYNC_IN_HAND = "sync-in-hand"
    # Unexplained.
    NOT_RECORDED = "not-recorded"
    LATE_PARENT = "late-parent"
    NOT_ASKED = "not-asked"
    NOT_QUARANTINED = "not-quarantined"


Judged = tuple[Fate, str]
"""A fate and its reason: of Why, of the reasons of decisions, or of the quarantine."""

_SEEN: Judged = Fate.CAPTURED, Why.SEEN
_HOLE: Judged = Fate.HOLE, Why.NOT_ANSWERED
_EARLIER: Judged = Fate.IGNORED, Why.EARLIER_RULES

# What depends on keywords that a mail client sets and takes away.
_BY_KEYWORDS = frozenset({Reason.KEPT_OUT, Reason.DRAFT_OR_JUNK})


@dataclass(frozen=True, slots=True)
class EarlierRules:
    """A set of rules that was in force until then; None: it still is, perhaps elsewhere."""

    ruleset: RuleSet
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Looking:
    """What fates are told with; `earlier` gives the sets of rules that were in force once."""

    store: Store
    secret: bytes = field(repr=False)
    account: MailAccount
    earlier: Callable[[], Sequence[EarlierRules]] = tuple


def fates(
    looking: Looking, book: Book, mailbox: Mailbox, place: MailPlace, batch: HeaderBatch
) -> tuple[dict[int, Judged], accounted.Accounted]:
    """What became of each message that the mailbox shows in a range of a folder, and what is known
    of the range. What is known is read after the mailbox was, in one snapshot: what the daemon
    judges meanwhile is judged and recorded in it, or neither."""
    store, account = looking.store, looking.account
    with store.read() as tx:
        known = accounted.of(
            tx,
            place.folder,
            place.uidvalidity,
            (batch.lo, batch.hi),
            book.directory.version,
            book.judged_as,
        )
        in_hand = [
            (one.lo, one.hi)
            for one in unfinished.left(tx, account.id, now())
            if (one.folder, one.uidvalidity) == (place.folder, place.uidvalidity)
        ]
    told: dict[int, Judged] = {}
    left: list[HeaderRow] = []
    for row in batch.rows:
        fate = _by_ledger(known, row.uid)
        if fate is None:
            left.append(row)
        else:
            told[row.uid] = fate
    for uid in batch.holes:
        told[uid] = _by_ledger(known, uid) or _HOLE
    judging = Judging(looking.store, book, looking.secret, looking.account)
    seen = judging.with_reports(judging.read(left, place), mailbox)
    told |= _anew(looking, judging, seen, known, in_hand)
    unread = (row.uid for row in left if row.uid not in told)
    told |= dict.fromkeys(unread, (Fate.UNEXPLAINED, Why.NOT_QUARANTINED))
    return told, known


def _by_ledger(known: accounted.Accounted, uid: int) -> Judged | None:
    """What the ledger shows by a row of its own; None for what it says was left out."""
    if uid in known.captured:
        return _SEEN
    item = known.quarantined.get(uid)
    if item is not None and item.resolved_at is None:
        return Fate.QUARANTINED, item.reason
    if uid in known.holes:
        return _HOLE
    if not _within(known.judged, uid):
        return Fate.PENDING, _why_not_yet(known, uid)
    return None if item is None else (Fate.IGNORED, Why.DROPPED)


def _why_not_yet(known: accounted.Accounted, uid: int) -> Why:
    if _within(known.judged_otherwise, uid):
        return Why.JUDGED_OTHERWISE
    last = known.judged_otherwise[-1][1] if known.judged_otherwise else 0
    return Why.NEW if uid > last else Why.NOT_REACHED


def _anew(
    looking: Looking,
    judging: Judging,
    seen: Sequence[Seen],
    known: accounted.Accounted,
    in_hand: Sequence[tuple[int, int]],
) -> dict[int, Judged]:
    """What judging these anew says of each: nothing of them was stored."""
    # Read once for all of them, and only if there is one to explain.
    looking = replace(looking, earlier=cache(looking.earlier))
    book, by_uid = judging.book, {one.uid: one for one in seen}
    told: dict[int, Judged] = {}
    for one, decision in _by_uid(judging.decide(seen)):
        if decision.verdict is Verdict.IGNORE:
            told[one] = Fate.IGNORED, decision.reason
        elif book.observing:
            told[one] = Fate.PENDING, Why.OBSERVING
        elif decision.verdict is Verdict.WAIT and one in known.asked:
            told[one] = Fate.PENDING, decision.reason
        elif _within(in_hand, one):
            told[one] = Fate.PENDING, Why.SYNC_IN_HAND
        else:
            told[one] = _of_unrecorded(looking, book, by_uid[one], decision)
    return told


def _of_unrecorded(looking: Looking, book: Book, seen: Seen, decision: Decision) -> Judged:
    """It would be recorded now, or a person be asked, and neither was done: because it was deleted,
    because its keywords or the rules were others when it was judged, or for no reason."""
    place = _place(seen)
    keys = [k for e in decision.effects if isinstance(e, RecordExchange) for k in e.draft.keys]
    with looking.store.read() as tx:
        if exchanges.buried(tx, keys):
            return Fate.IGNORED, Reason.TOMBSTONE
        logged = [
            one
            for one in decisions.explain(tx, [seen.mark])
            if (one.spot.folder, one.spot.uid) == (place.folder, place.uid)
            and one.spot.uidvalidity == place.uidvalidity
        ]
    if logged and logged[-1].verdict is Verdict.IGNORE and logged[-1].reason in _BY_KEYWORDS:
        return Fate.IGNORED, logged[-1].reason
    if _was_left_out(looking, book, seen, decision):
        return _EARLIER
    if decision.verdict is Verdict.WAIT:
        return Fate.UNEXPLAINED, Why.NOT_ASKED
    return Fate.UNEXPLAINED, Why.LATE_PARENT if _by_thread(decision) else Why.NOT_RECORDED


def _was_left_out(looking: Looking, book: Book, seen: Seen, decision: Decision) -> bool:
    """Whether rules that were in force since it arrived left it out: those of files judge what
    comes from then on, and some ask for the time (docs/decisions/0003)."""
    moment = now()
    arrived = min(_place(seen).received or moment, moment)
    once = [
        earlier.ruleset
        for earlier in looking.earlier()
        if earlier.until is None or earlier.until > arrived
    ]
    for ruleset in (book.ruleset, *once):
        judging = Judging(
            looking.store, replace(book, ruleset=ruleset), looking.secret, looking.account
        )
        for at in (moment, arrived):
            found = judging.decide([seen], at)
            if found and found[0][1].verdict not in (decision.verdict, Verdict.RECORD):
                return True
    return False


def _by_thread(decision: Decision) -> bool:
    """Whether it is known by the thread alone that it continues."""

    def told(step: Step) -> bool:
        parties = [part for part in step.evidence.split("; ") if part.startswith("third party ")]
        return bool(parties) and all(part.endswith(f" by {By.THREAD}") for part in parties)

    return any(step.question == "whose?" and told(step) for step in decision.trace)


def _by_uid(decided: Iterable[Decided]) -> list[tuple[int, Decision]]:
    return [(s.place.uid, d) for s, d in decided if isinstance(s.place, MailPlace)]


def _place(seen: Seen) -> MailPlace:
    place = seen.sighting.place
    if not isinstance(place, MailPlace):
        raise TypeError("only mail lies in a mailbox")
    return place


def _within(ranges: Iterable[tuple[int, int]], uid: int) -> bool:
    return any(lo <= uid <= hi for lo, hi in ranges)
