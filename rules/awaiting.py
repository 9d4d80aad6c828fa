"""Nobody has answered: when does a message that we sent deserve a follow-up (spec §3)?

A rule asks for a reply within so many working days. They count from the last message that we sent
in the thread, so that a thread leads to one follow-up, not each message of it. What a reply is,
says `rules.closing.is_reply`.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo

from rules import closing, workdays
from rules.model.exchanges import Direction, Exchange, Source
from rules.model.followups import Awaited, FollowUpDraft, Origin
from rules.model.reasons import Why
from rules.model.rules import DayKind, Later
from rules.model.sightings import MailKind, When


@dataclass(frozen=True, slots=True)
class LookAgain:
    """The time is not up: it is then."""

    at: datetime


@dataclass(frozen=True, slots=True)
class NotNeeded:
    """No follow-up comes of it, and why."""

    why: str


def key(rule: str, exchange: str) -> str:
    """The key of the follow-up that this rule opens when the exchange of that key stays without a
    reply."""
    return f"{closing.NO_ANSWER}{rule}:{exchange}"


def time_is_up(
    sent_at: datetime, within: int, where: tzinfo, holidays: Container[date]
) -> datetime:
    """The end of so many working days, at the hour of the sending; in UTC.

    Raises OverflowError where the calendar ends.
    """
    return workdays.later(sent_at, Later(within, DayKind.WORKING_DAYS), where, holidays)


def look(
    awaited: Awaited,
    sent: Exchange,
    since: Iterable[Exchange],
    others: Iterable[Awaited],
    now: datetime,
    live_since: datetime | None,
    where: tzinfo,
    holidays: Container[date],
) -> FollowUpDraft | LookAgain | NotNeeded:
    """Whether the follow-up is to be opened now, in which form, or when to look again.

    `since` are exchanges with its third parties or in its thread, in any order, earlier ones too;
    `others` is what else is awaited in them. Raises OverflowError where the calendar ends.
    """
    if not closing.is_live(sent.happened_at, live_since):
        return NotNeeded(Why.BEFORE_LIVE)
    known = tuple(since)
    last = last_sent(sent, known)
    if last.id != sent.id and _asks_too(awaited, last, others):
        return NotNeeded(f"{last.ref} was sent since, and waits itself")
    replies = [e for e in known if closing.is_reply(e, last)]
    if replies:
        return NotNeeded(f"answered by {min(replies, key=_order).ref}")
    up = time_is_up(last.happened_at, awaited.within, where, holidays)
    if up > now:
        return LookAgain(up)
    start = workdays.later(max(up, now), awaited.later, where, holidays)
    zone = awaited.draft.when.zone
    return replace(awaited.draft, when=When(start, zone=zone), exchange=last.id, origin=Origin.RULE)


def last_sent(sent: Exchange, since: Iterable[Exchange]) -> Exchange:
    """The last message that a person of us wrote in the thread."""
    return max((e for e in (sent, *since) if e.id == sent.id or _goes_on(e, sent)), key=_order)


def _order(exchange: Exchange) -> tuple[datetime, int]:
    return exchange.happened_at, exchange.id


def _goes_on(exchange: Exchange, sent: Exchange) -> bool:
    if exchange.direction is not Direction.OUTBOUND or exchange.source is not Source.MAIL:
        return False
    human = exchange.kind in (None, MailKind.HUMAN)
    return human and closing.is_same_thread(exchange, sent)


def _asks_too(awaited: Awaited, last: Exchange, others: Iterable[Awaited]) -> bool:
    return any(o.exchange == last.id and o.rule == awaited.rule for o in others)
