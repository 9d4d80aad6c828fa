"""Does an exchange answer a follow-up (spec §3)? A human reply or a held meeting does; a machine
never does, and neither does what is older than the installation went live."""

from collections.abc import Iterable
from datetime import datetime

from rules.model.decisions import CloseFollowUp, WithdrawFollowUp
from rules.model.exchanges import Direction, Exchange, Source
from rules.model.followups import FollowUp, Origin, State
from rules.model.people import ContactId
from rules.model.sightings import MailKind
from rules.ruleset import RuleSet

NO_ANSWER = "no-answer:"
"""How the key of a follow-up begins that only waits for a reply, and goes when it comes."""


def closes(
    ruleset: RuleSet,
    exchange: Exchange,
    open_follow_ups: Iterable[FollowUp],
    live_since: datetime | None,
) -> tuple[CloseFollowUp | WithdrawFollowUp, ...]:
    """What this exchange closes, and what it withdraws, each with its reason."""
    if not ruleset.answer_closes or not is_live(exchange.happened_at, live_since):
        return ()
    reason = _answer(exchange)
    if reason is None:
        return ()
    answered = {f.id: f for f in open_follow_ups if _is_answered(ruleset, exchange, f)}
    return tuple(
        WithdrawFollowUp(f.id, exchange.id, reason)
        if waits_for_answer(f)
        else CloseFollowUp(f.id, exchange.id, reason)
        for f in answered.values()
    )


def is_live(happened_at: datetime, live_since: datetime | None) -> bool:
    """Whether what happened then may close anything at all (schema 12): the past may not."""
    return live_since is not None and happened_at >= live_since


def waits_for_answer(follow_up: FollowUp) -> bool:
    """Opened by a rule because nobody had answered."""
    return follow_up.origin is Origin.RULE and follow_up.key.startswith(NO_ANSWER)


def _answer(exchange: Exchange) -> str | None:
    """In which way it is an answer; None: it is none."""
    if exchange.source is Source.CALENDAR:
        return f"{exchange.ref}: it was spoken about ({exchange.mode})"
    if exchange.source is not Source.MAIL or exchange.direction is not Direction.INBOUND:
        return None
    return f"{exchange.ref}: they answered" if exchange.kind is MailKind.HUMAN else None


def _is_answered(ruleset: RuleSet, exchange: Exchange, follow_up: FollowUp) -> bool:
    if follow_up.state is not State.TO_DO or not follow_up.live:
        return False
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
