"""Writing decisions down, with all that they bring, inside the caller's transaction."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from daemon.rulebook import Book
from daemon.store import (
    Tx,
    ambiguities,
    awaited,
    decisions,
    exchanges,
    follow_ups,
    hushed,
    ledger,
    met,
    people,
    vetoes,
    work,
)
from rules import closing, identity
from rules.model.decisions import (
    AskPerson,
    AwaitReply,
    Decision,
    OpenFollowUp,
    Reason,
    RecordExchange,
    RememberAddress,
    Verdict,
    Wish,
)
from rules.model.exchanges import ExchangeId
from rules.model.people import Level
from rules.model.sightings import Event, MailPlace, Message, Sighting

ANSWER = "answer"
"""The kind of work that looks whether a new exchange answers a follow-up."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """What decisions are written down with. `secret` keys the hashes of what is not stored, and of
    that the log keeps what was received in the last `log_for`."""

    book: Book
    secret: bytes = field(repr=False)
    log_for: timedelta
    now: datetime


def keep(
    tx: Tx, keeping: Keeping, decided: Iterable[tuple[Sighting, Decision]]
) -> list[decisions.Entry]:
    """Store what each decision says about its sighting; safe to repeat.

    Returns the entries that the caller adds to the log of decisions.
    """
    book, now = keeping.book, keeping.now
    records: list[tuple[Sighting, Decision]] = []
    entries: list[decisions.Entry] = []
    for sighting, decision in decided:
        _ask(tx, keeping, sighting, decision)
        if decision.verdict is Verdict.RECORD and not book.observing:
            records.append((sighting, decision))
        elif entry := _pass_over(tx, keeping, sighting, decision):
            entries.append(entry)
    made = exchanges.record_all(tx, records, now)
    for (sighting, decision), recorded in zip(records, made, strict=True):
        _bring(tx, book, recorded, decision, now)
        mark = key_hash(keeping.secret, sighting.what)
        entries.append(decisions.Entry(sighting, decision, recorded.exchange, mark))
    return entries


def _ask(tx: Tx, keeping: Keeping, sighting: Sighting, decision: Decision) -> None:
    if keeping.book.observing:
        return
    for effect in decision.effects:
        if isinstance(effect, AskPerson):
            mark = key_hash(keeping.secret, sighting.what)
            ambiguities.ask(tx, sighting, effect.ambiguous, keeping.now, mark)


def asked(decided: Iterable[tuple[Sighting, Decision]]) -> Iterator[tuple[Sighting, str]]:
    """Which questions are asked about which copies."""
    for sighting, decision in decided:
        for effect in decision.effects:
            if isinstance(effect, AskPerson):
                yield (
                    sighting,
                    ambiguities.name(effect.ambiguous.by, effect.ambiguous.candidates),
                )


def remember(
    tx: Tx,
    book: Book,
    secret: bytes,
    decided: Iterable[tuple[Sighting, Decision]],
    now: datetime,
) -> None:
    """Whose addresses are by what persons decided, once: what was taken back stays so. It changes
    the directory, so it comes after what was judged by that is committed to as such."""
    if book.observing:
        return
    for sighting, decision in decided:
        for effect in decision.effects:
            if isinstance(effect, RememberAddress):
                people.put_identity(tx, effect.key, effect.third_party, effect.user, now)
                ambiguities.remembered(tx, key_hash(secret, sighting.what))


def _pass_over(
    tx: Tx, keeping: Keeping, sighting: Sighting, decision: Decision
) -> decisions.Entry | None:
    """What records nothing; None: nothing of it is logged either."""
    book, now = keeping.book, keeping.now
    if decision.reason is Reason.OWN_MAIL and not book.observing:
        _arrived(tx, book, keeping.secret, sighting.what, now)
    is_vetoed = decision.reason is Reason.VETOED and not book.observing
    is_logged = decision.verdict is Verdict.RECORD or _is_recent(sighting, now - keeping.log_for)
    if not (is_vetoed or is_logged):
        return None
    mark = key_hash(keeping.secret, sighting.what)
    if is_vetoed:
        _veto(tx, mark, sighting, decision, now)
    return decisions.Entry(sighting, decision, None, mark) if is_logged else None


def _bring(
    tx: Tx, book: Book, recorded: exchanges.Recorded, decision: Decision, now: datetime
) -> None:
    """What a recorded copy brings beside its exchange."""
    if recorded.exchange is None:
        return
    if recorded.new and _may_answer(decision, book):
        work.put(tx, ANSWER, str(recorded.exchange), now)
    # A copy that is judged again opens nothing: what was judged under other rules stays as it is.
    if recorded.first:
        _follow_up(tx, book, recorded.exchange, decision, now)


def _arrived(tx: Tx, book: Book, secret: bytes, what: Message | Event, now: datetime) -> None:
    """A reminder of ours lies in a mailbox: if nobody knew whether it left, it did. Anybody can
    write its Message-ID; the mark beside it only we can."""
    if isinstance(what, Message) and what.message_id:
        name = identity.normal_id(what.message_id)
        mark = identity.own_mark(secret, "reminder", name)
        if what.headers.get(book.ruleset.own_marker.lower(), "").strip() != mark:
            return
        if not ledger.seen(tx, name, now) and book.recalls(now):
            met.note(tx, name, now)


def _follow_up(tx: Tx, book: Book, exchange: ExchangeId, decision: Decision, now: datetime) -> None:
    for effect in decision.effects:
        if isinstance(effect, AwaitReply):
            awaited.put(tx, exchange, effect, now)
        elif isinstance(effect, OpenFollowUp):
            draft = replace(effect.draft, exchange=exchange)
            follow_ups.open(tx, draft, now, book.live_since)
    if decision.level > Level.HAPPENED and len(decision.effects) > 1:
        # Another copy may show less than this one.
        hushed.hush(tx, exchange, now)


def key_hash(secret: bytes, what: Message | Event) -> str:
    """The keyed hash under which decisions and vetoes of a message or event are found (spec §12):
    of the bare Message-ID, or of the UID of an event."""
    if isinstance(what, Event):
        return identity.digest(secret, what.uid)
    name = what.message_id or identity.message_key(what).key
    return identity.digest(secret, identity.normal_id(name))


_OWN = frozenset({Wish.ACCOUNT, Wish.CONTACT})


def _veto(tx: Tx, mark: str, sighting: Sighting, decision: Decision, now: datetime) -> None:
    # An account's or contact's own "nothing", or else a rule's. One that comes from an older veto
    # is there already, and stays whose it is.
    if not _OWN.isdisjoint(decision.level_by):
        vetoes.put(tx, mark, Level.NOTHING)
    elif Wish.RULE in decision.level_by:
        vetoes.put(tx, mark, Level.NOTHING, by_rule=True)
    what = sighting.what
    keys = (
        identity.occurrence_keys(what) if isinstance(what, Event) else (identity.message_key(what),)
    )
    of_rule = mark if vetoes.is_rules_own(tx, mark) else None
    exchanges.restrict(tx, keys, Level.NOTHING, now, of_rule)


def _may_answer(decision: Decision, book: Book) -> bool:
    drafts = (e.draft for e in decision.effects if isinstance(e, RecordExchange))
    return any(closing.is_live(draft.happened_at, book.live_since) for draft in drafts)


def _is_recent(sighting: Sighting, since: datetime) -> bool:
    if not isinstance(sighting.place, MailPlace):
        return True
    received = sighting.place.received
    return received is None or received >= since
