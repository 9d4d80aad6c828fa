"""Does an exchange answer a follow-up (spec §3)? A human reply or a held meeting does; a machine
never does, and neither does what is older than the installation went live."""

from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType

from rules.model.decisions import CloseFollowUp, WithdrawFollowUp
from rules.model.exchanges import Direction, Exchange, Source
from rules.model.followups import Answered, FollowUp, FollowUpId, How, Origin, SeriesId, State
from rules.model.people import ContactId
from rules.model.sightings import MailKind
from rules.ruleset import RuleSet

NO_ANSWER = "no-answer:"
"""How the key of a follow-up begins that only waits for a reply, and goes when it comes."""

_NONE: Mapping[FollowUpId, Exchange] = MappingProxyType({})


def closes(
    ruleset: RuleSet,
    exchange: Exchange,
    open_follow_ups: Iterable[FollowUp],
    live_since: datetime | None,
    sent: Mapping[FollowUpId, Exchange] = _NONE,
    undone: Container[FollowUpId] = (),
) -> tuple[CloseFollowUp | WithdrawFollowUp, ...]:
    """What this exchange closes, and what it withdraws, each with its reason.

    `sent` is the message that a follow-up waits for a reply to, for those that do; `undone` are
    those that this exchange closed once, which somebody has taken back: they stay open.
    """
    if not may_close(ruleset, exchange) or not is_live(exchange.happened_at, live_since):
        return ()
    reason = answer(exchange)
    if reason is None:
        return ()
    answered = {
        f.id: f for f in open_follow_ups if _is_answered(ruleset, exchange, f, sent.get(f.id))
    }
    return tuple(
        WithdrawFollowUp(f.id, exchange.id, reason)
        if waits_for_answer(f)
        else CloseFollowUp(f.id, exchange.id, reason)
        for f in _one_of_each_series(answered.values())
        if f.id not in undone
    )


def _one_of_each_series(answered: Iterable[FollowUp]) -> Iterator[FollowUp]:
    """An answer closes an occurrence, the first that is to be done, and not the series."""
    seen: set[SeriesId] = set()
    for one in sorted(answered, key=lambda f: (f.when.start, f.id)):
        if one.series is None or one.series not in seen:
            yield one
        if one.series is not None:
            seen.add(one.series)


def may_close(ruleset: RuleSet, exchange: Exchange) -> bool:
    """Whether rules let it close anything: those that fired on it, else the rule set's default."""
    return ruleset.answer_closes if exchange.answers is None else exchange.answers


def is_live(happened_at: datetime, live_since: datetime | None) -> bool:
    """Whether what happened then may close anything at all (schema 12): the past may not."""
    return live_since is not None and happened_at >= live_since


def waits_for_answer(follow_up: FollowUp) -> bool:
    """Opened by a rule because nobody had answered."""
    return follow_up.origin is Origin.RULE and follow_up.key.startswith(NO_ANSWER)


def answer(exchange: Exchange) -> Answered | None:
    """In which way it is an answer; None: it is none."""
    if exchange.source is Source.CALENDAR:
        return Answered(How.SPOKEN, exchange.ref, exchange.mode)
    if exchange.source is not Source.MAIL or exchange.direction is not Direction.INBOUND:
        return None
    return Answered(How.ANSWERED, exchange.ref) if exchange.kind is MailKind.HUMAN else None


def is_reply(exchange: Exchange, sent: Exchange) -> bool:
    """Whether it answers a message that we sent: a human message from outside or a held meeting,
    after it; in its thread, or with one of those whom it was for. Where the message names no
    contact, anybody of its third parties may answer. Not one of which rules say that it closes
    nothing.
    """
    if exchange.id == sent.id or exchange.happened_at < sent.happened_at:
        return False
    if exchange.answers is False or answer(exchange) is None:
        return False
    if is_same_thread(exchange, sent):
        return True
    if set(exchange.third_parties).isdisjoint(sent.third_parties):
        return False
    if not sent.contacts:
        return True
    if not exchange.contacts:
        # A call or meeting may not tell who was there.
        return exchange.source is Source.CALENDAR
    return not set(exchange.contacts).isdisjoint(sent.contacts)


def is_same_thread(one: Exchange, other: Exchange) -> bool:
    """Whether both are known to be of one thread."""
    return one.thread is not None and one.thread == other.thread


def _is_answered(
    ruleset: RuleSet, exchange: Exchange, follow_up: FollowUp, sent: Exchange | None
) -> bool:
    if follow_up.state is not State.TO_DO or not follow_up.live:
        return False
    if waits_for_answer(follow_up) and sent is not None:
        # Whatever was read when: the reply may have lain there before the follow-up was opened.
        return is_reply(exchange, sent)
    if follow_up.third_party is None or follow_up.third_party not in exchange.third_parties:
        return False
    # The exchange that it follows from can't be its answer, nor can anything before it was opened.
    if follow_up.exchange == exchange.id:
        return False
    if follow_up.opened_at is not None and exchange.happened_at < follow_up.opened_at:
        return False
    if follow_up.contact is not None and _is_somebody_else(exchange, follow_up.contact):
        return False
    return follow_up.when.start - exchange.happened_at <= ruleset.closes_ahead


def _is_somebody_else(exchange: Exchange, contact: ContactId) -> bool:
    """A follow-up that names a person waits for that person; a call may not tell who was there."""
    if not exchange.contacts:
        return exchange.source is Source.MAIL
    return contact not in exchange.contacts
