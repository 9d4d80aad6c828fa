"""Which reminders a follow-up should have, and what becomes of each (spec §8)."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import Enum

from rules.model.followups import Due, FollowUp, LedgerEntry, Reminder, State
from rules.model.people import User, UserId
from rules.model.sightings import When
from rules.model.wire import Outcome, SendResult
from rules.ruleset import RuleSet
from rules.schedule import backoff
from rules.zones import local_date, zone

DAY = timedelta(days=1)
EMAIL = "email"

# A tick, a restart, a slow server: nobody calls that late.
GRACE = timedelta(minutes=10)

# With the back-off of `rules.schedule`: about a day and a half.
MOST_ATTEMPTS = 12


class Late(Enum):
    """How late a reminder is."""

    NO = "on time"
    YES = "late, and says so"
    TOO_LATE = "of no use any more"


@dataclass(frozen=True, slots=True)
class Sent:
    """It has arrived at the server."""


@dataclass(frozen=True, slots=True)
class RetryAt:
    """It did not leave; to be sent again then."""

    at: datetime
    error: str


@dataclass(frozen=True, slots=True)
class CheckAt:
    """It may have arrived; the same bytes again then, which the recipient can tell by their
    Message-ID."""

    at: datetime
    error: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """It will not be sent; an admin is shown why."""

    error: str


Next = Sent | RetryAt | CheckAt | GiveUp


def plan(follow_up: FollowUp, users: Mapping[UserId, User], ruleset: RuleSet) -> tuple[Due, ...]:
    """The emails that a follow-up should have, soonest first; to its assignees and nobody else."""
    if not follow_up.live or follow_up.state is not State.TO_DO:
        return ()
    dues: dict[tuple[UserId, datetime], Due] = {}
    for user in _active(follow_up, users):
        home = zone(user.timezone)
        # Two offsets that come to one instant, as those of an all-day one do, are one email.
        for reminder in sorted(_by_email(follow_up), key=lambda r: r.before):
            at = _at(follow_up.when, reminder.before, home, ruleset.all_day_hour)
            if at is not None:
                dues.setdefault((user.id, at), _due(follow_up, reminder, user, at))
    return tuple(sorted(dues.values(), key=lambda d: (d.at, d.recipient)))


def _due(follow_up: FollowUp, reminder: Reminder, user: User, at: datetime) -> Due:
    return Due(
        follow_up=follow_up.id,
        occurrence="",
        before=reminder.before,
        recipient=user.id,
        schedule_version=follow_up.schedule_version,
        at=at,
        template=reminder.template,
    )


def _by_email(follow_up: FollowUp) -> list[Reminder]:
    return [r for r in follow_up.reminders if r.channel == EMAIL]


def _active(follow_up: FollowUp, users: Mapping[UserId, User]) -> Iterable[User]:
    assigned = dict.fromkeys(a.user for a in follow_up.assignees)
    return (users[u] for u in assigned if u in users and users[u].active)


def _at(when: When, before: timedelta, home: tzinfo, all_day_hour: int) -> datetime | None:
    """The instant, in UTC; None where the calendar ends.

    Whole days are days on the wall clock of the assignee, whatever the clocks do in between
    (RFC 5545 §3.8.6.3, §3.3.6); the rest is exact. An all-day one reminds at the set hour, that
    many whole days earlier.
    """
    try:
        # Toward zero: a negative one is after the start, and nine hours into a day is that day.
        days = before // DAY if before >= timedelta(0) else -(-before // DAY)
        rest = before - days * DAY
        if when.all_day:
            day = local_date(when) - days * DAY
            return datetime.combine(day, time(all_day_hour), home).astimezone(UTC)
        start = when.start.astimezone(home)
        # Subtracting from an aware datetime moves the wall clock, and forgets which of an hour
        # that comes twice is meant.
        wall = (start - days * DAY).replace(fold=start.fold)
        return wall.astimezone(UTC) - rest
    except OverflowError:
        return None


def is_late(due: Due, now: datetime, limit: timedelta) -> Late:
    """Whether a reminder is still on time, late, or later than `limit`."""
    delay = now - due.at
    if delay <= GRACE:
        return Late.NO
    return Late.YES if delay <= limit else Late.TOO_LATE


def obsolete(
    entry: LedgerEntry, follow_up: FollowUp | None, dues: Iterable[Due] | None = None
) -> str | None:
    """Why an entry is void, or None. `dues` is what `plan` says now: what it doesn't hold has
    lost its user or its offset."""
    if follow_up is None:
        return "deleted"
    if not follow_up.live:
        return "older than the installation went live"
    if follow_up.state is State.DONE:
        return "done"
    if follow_up.state is State.NOT_NEEDED:
        return "not needed"
    due = entry.due
    if due.schedule_version != follow_up.schedule_version:
        return "moved"
    if due.recipient not in {a.user for a in follow_up.assignees}:
        return "reassigned"
    if due.before not in {r.before for r in _by_email(follow_up)}:
        return "reminder removed"
    if dues is not None and _identity(due) not in _identities(dues):
        return "recipient is not active"
    return None


def void_before_sending(
    entry: LedgerEntry, follow_up: FollowUp | None, now: datetime, ruleset: RuleSet
) -> str | None:
    """The last look before a mail leaves: is it still wanted, and still of use?"""
    why = obsolete(entry, follow_up)
    if why is not None:
        return why
    if is_late(entry.due, now, ruleset.late_limit) is Late.TOO_LATE:
        return "too late"
    return None


def after(result: SendResult, attempts: int, now: datetime, jitter: float) -> Next:
    """What follows from the server's answer to attempt number `attempts`; `jitter` in [0, 1)."""
    match result.outcome:
        case Outcome.SENT:
            return Sent()
        case Outcome.REFUSED:
            return GiveUp(result.detail)
        case _ if attempts >= MOST_ATTEMPTS:
            return GiveUp(f"given up after {attempts} attempts: {result.detail}")
        case Outcome.TRY_AGAIN:
            return RetryAt(now + backoff(attempts, jitter), result.detail)
        case Outcome.UNKNOWN:
            return CheckAt(now + backoff(attempts, jitter), result.detail)
        case _:
            raise ValueError(f"no such outcome: {result.outcome}")


def _identity(due: Due) -> tuple[object, ...]:
    return (due.follow_up, due.occurrence, due.before, due.recipient, due.schedule_version)


def _identities(dues: Iterable[Due]) -> Container[tuple[object, ...]]:
    return {_identity(due) for due in dues}
