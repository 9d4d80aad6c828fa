"""Which reminders a follow-up should have, and what becomes of each (spec §8)."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, tzinfo

from rules.model.followups import Due, FollowUp, LedgerEntry, LedgerState, Reminder, State
from rules.model.people import User, UserId
from rules.model.reasons import Why
from rules.model.sightings import When
from rules.model.wire import Outcome, SendResult
from rules.options import Wishes
from rules.schedule import backoff
from rules.workdays import last_working
from rules.zones import local_date, zone

DAY = timedelta(days=1)
EMAIL = "email"

# A tick, a restart, a slow server: nobody calls that late.
GRACE = timedelta(minutes=10)

# With the back-off of `rules.schedule`: about a day and a half.
MOST_ATTEMPTS = 12


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


def plan(
    follow_up: FollowUp,
    users: Mapping[UserId, User],
    wishes: Callable[[User], Wishes],
    since: datetime,
) -> tuple[Due, ...]:
    """The emails that a follow-up should have, soonest first; to its assignees and nobody else.

    `wishes` tells how a user is reminded of this one; `since` is when it was given its time:
    nothing is moved to a working moment before that, for nobody could have sent it then.
    """
    if not follow_up.live or follow_up.state is not State.TO_DO:
        return ()
    dues: dict[tuple[UserId, datetime], Due] = {}
    for user in _active(follow_up, users):
        wish = wishes(user)
        if not wish.on:
            continue
        # Two offsets that come to one instant, as those of an all-day one do, are one email.
        for before, template in sorted(_offsets(follow_up, wish), key=lambda o: o[0]):
            at = _at(follow_up.when, before, zone(user.timezone), wish, since)
            if at is not None:
                dues.setdefault((user.id, at), _due(follow_up, before, template, user, at))
    return tuple(sorted(dues.values(), key=lambda d: (d.at, d.recipient)))


def _due(
    follow_up: FollowUp, before: timedelta, template: str | None, user: User, at: datetime
) -> Due:
    return Due(
        follow_up=follow_up.id,
        occurrence="",
        before=before,
        recipient=user.id,
        schedule_version=follow_up.schedule_version,
        at=at,
        template=template,
    )


def _offsets(follow_up: FollowUp, wish: Wishes) -> list[tuple[timedelta, str | None]]:
    """What each reminder states, and for what it leaves open the user's wish."""
    return [
        (wish.before if lead is None else lead, r.template or wish.template)
        for r in _by_email(follow_up)
        for lead in (r.lead(follow_up.when),)
    ]


def _by_email(follow_up: FollowUp) -> list[Reminder]:
    return [r for r in follow_up.reminders if r.channel == EMAIL]


def _active(follow_up: FollowUp, users: Mapping[UserId, User]) -> Iterable[User]:
    assigned = dict.fromkeys(a.user for a in follow_up.assignees)
    return (users[u] for u in assigned if u in users and users[u].active)


def _at(
    when: When, before: timedelta, home: tzinfo, wish: Wishes, since: datetime
) -> datetime | None:
    """The instant, in UTC; None where the calendar ends.

    One outside working hours comes at the last working moment before, unless that was before
    `since`: then it stays where it is, for it is better at an odd hour than at none.
    """
    try:
        at = _exact(when, before, home, wish.all_day_at)
        if wish.hours is None:
            return at
        moved = last_working(at, home, wish.holidays, wish.hours)
    except OverflowError:
        return None
    return at if moved is None or moved < since else moved


def _exact(when: When, before: timedelta, home: tzinfo, all_day_at: time) -> datetime:
    """So long before, in UTC, at whatever hour that is.

    Whole days are days on the wall clock of the assignee, whatever the clocks do in between
    (RFC 5545 §3.8.6.3, §3.3.6); the rest is exact. An all-day one reminds at the set hour, that
    many whole days earlier.
    """
    # Toward zero: a negative one is after the start, and nine hours into a day is that day.
    days = before // DAY if before >= timedelta(0) else -(-before // DAY)
    rest = before - days * DAY
    if when.all_day:
        day = local_date(when) - days * DAY
        return datetime.combine(day, all_day_at, home).astimezone(UTC)
    start = when.start.astimezone(home)
    # Subtracting from an aware datetime moves the wall clock, and forgets which of an hour that
    # comes twice is meant.
    wall = (start - days * DAY).replace(fold=start.fold)
    return wall.astimezone(UTC) - rest


@dataclass(frozen=True, slots=True)
class Step:
    """What brings the ledger in step: `enter` these, and `void` those, each with the reason."""

    enter: tuple[Due, ...]
    void: tuple[tuple[LedgerEntry, str], ...]


def step(
    follow_up: FollowUp,
    dues: Sequence[Due],
    entries: Sequence[LedgerEntry],
    now: datetime,
    *,
    only_wishes: bool = False,
) -> Step:
    """What the ledger lacks of `dues`, and what of `entries` is not wanted any more.

    Of several whose time has passed, one recipient gets the last only, and none when one of this
    schedule has reached them. With `only_wishes`, a user's zone or option changed and nothing
    else: then nothing becomes due in the past; what has waited keeps its instant.
    """
    known = {_identity(e.due): e for e in entries}
    enter = [d for d in dues if d.at > now and _is_news(d, known.get(_identity(d)))]
    for recipient in dict.fromkeys(d.recipient for d in dues):
        past = [d for d in dues if d.recipient == recipient and d.at <= now]
        theirs = [
            e
            for e in entries
            if e.due.recipient == recipient and e.due.schedule_version == follow_up.schedule_version
        ]
        # The last is the one that is due, the others it has overtaken.
        for due in past[-1:]:
            entered = _overdue(due, theirs, dues, now, only_wishes=only_wishes)
            if entered is not None:
                enter.append(entered)
    why = ((e, obsolete(e, follow_up, dues)) for e in entries if e.state not in _OVER)
    return Step(tuple(enter), tuple((e, reason) for e, reason in why if reason is not None))


_OVER = frozenset({LedgerState.SENT, LedgerState.FAILED, LedgerState.VOID})


def _is_news(due: Due, entry: LedgerEntry | None) -> bool:
    """Whether the ledger does not say so already."""
    if entry is None:
        return True
    if entry.state is LedgerState.VOID:
        return not entry.handed_over
    return entry.state is LedgerState.DUE and entry.due != due


def _overdue(
    due: Due,
    theirs: Sequence[LedgerEntry],
    dues: Sequence[Due],
    now: datetime,
    *,
    only_wishes: bool,
) -> Due | None:
    """What is entered of the one due whose time has passed: itself, or with another instant."""
    if any(_identity(e.due) == _identity(due) for e in theirs):
        # Sent, on its way, or waiting for its old instant, which is still to come.
        return None
    if any(e.state not in (LedgerState.DUE, LedgerState.VOID) or e.handed_over for e in theirs):
        return None
    if not only_wishes:
        return due
    wanted = {_identity(d) for d in dues}
    replaced = [
        e.due.at
        for e in theirs
        if e.state is LedgerState.DUE and e.due.at > now and _identity(e.due) not in wanted
    ]
    return replace(due, at=min(replaced)) if replaced else None


def is_late(due: Due, now: datetime) -> bool:
    """Whether a reminder is late, and has to say so."""
    return now - due.at > GRACE


def obsolete(
    entry: LedgerEntry, follow_up: FollowUp | None, dues: Iterable[Due] | None = None
) -> Why | None:
    """Why an entry is void, or None. `dues` is what `plan` says now: what it doesn't hold has
    lost its user or its offset."""
    if follow_up is None:
        return Why.DELETED
    if not follow_up.live:
        return Why.BEFORE_LIVE
    if follow_up.state is State.DONE:
        return Why.DONE
    if follow_up.state is State.NOT_NEEDED:
        return Why.NOT_NEEDED
    due = entry.due
    if due.schedule_version != follow_up.schedule_version:
        return Why.MOVED
    if due.recipient not in {a.user for a in follow_up.assignees}:
        return Why.REASSIGNED
    stated = {r.lead(follow_up.when) for r in _by_email(follow_up)}
    if due.before not in stated and None not in stated:
        return Why.REMINDER_REMOVED
    if dues is not None and _identity(due) not in _identities(dues):
        return Why.NOT_WANTED
    return None


def in_doubt(
    due: Due,
    scheduled_at: datetime | None,
    restored_at: datetime | None,
    released_at: datetime | None,
) -> bool:
    """Whether it may have been sent by what was lost before a backup was restored: it was due
    before that, and its follow-up was given its time before the release, up to which suivi only
    takes in what has happened meanwhile."""
    if restored_at is None or due.at > restored_at:
        return False
    return released_at is None or scheduled_at is None or scheduled_at <= released_at


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
