"""Writing one decision down, with all that it brings, inside the caller's transaction."""

from dataclasses import replace
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
    Verdict,
    Wish,
)
from rules.model.exchanges import ExchangeId
from rules.model.people import Level
from rules.model.sightings import Event, MailPlace, Message, Sighting

ANSWER = "answer"
"""The kind of work that looks whether a new exchange answers a follow-up."""


def keep(
    tx: Tx,
    book: Book,
    secret: bytes,
    log_for: timedelta,
    sighting: Sighting,
    decision: Decision,
    now: datetime,
) -> decisions.Entry | None:
    """Store what `decision` says about `sighting`; safe to repeat.

    Returns the entry that the caller adds to the log of decisions, a batch at a time.
    """
    mark = key_hash(secret, sighting.what)
    if not book.observing:
        for effect in decision.effects:
            if isinstance(effect, AskPerson):
                ambiguities.ask(tx, sighting, effect.ambiguous, now)
    if decision.reason is Reason.OWN_MAIL and not book.observing:
        _arrived(tx, book, secret, sighting.what, now)
    if decision.verdict is not Verdict.RECORD:
        if decision.reason is Reason.VETOED and not book.observing:
            _veto(tx, mark, sighting, decision, now)
        recent = _is_recent(sighting, now - log_for)
        return decisions.Entry(sighting, decision, None, mark) if recent else None
    if book.observing:
        return decisions.Entry(sighting, decision, None, mark)
    recorded = exchanges.record(tx, sighting, decision, now)
    if recorded.new and recorded.exchange is not None and _may_answer(decision, book):
        work.put(tx, ANSWER, str(recorded.exchange), now)
    # A copy that is judged again opens nothing: what was judged under other rules stays as it is.
    if recorded.exchange is not None and recorded.first:
        _follow_up(tx, book, recorded.exchange, decision, now)
    return decisions.Entry(sighting, decision, recorded.exchange, mark)


def _arrived(tx: Tx, book: Book, secret: bytes, what: Message | Event, now: datetime) -> None:
    """A reminder of ours lies in a mailbox: if nobody knew whether it left, it did. Anybody can
    write its Message-ID; the mark beside it only we can."""
    if isinstance(what, Message) and what.message_id:
        name = identity.normal_id(what.message_id)
        mark = identity.own_mark(secret, "reminder", name)
        if what.headers.get(book.ruleset.own_marker.lower(), "").strip() == mark:
            ledger.seen(tx, name, now)


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
        (identity.occurrence_key(what),)
        if isinstance(what, Event)
        else (identity.message_key(what),)
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
