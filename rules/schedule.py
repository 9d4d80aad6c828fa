"""When is it looked at (again): ranges of a mailbox, an account in trouble, a meeting to come."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from rules.model.sightings import Event, When

BACKOFF = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=60),
    timedelta(hours=4),
)

Range = tuple[int, int]

_TIDY = timedelta(days=31)


def unjudged(
    judged: Iterable[Range],
    uidnext: int,
    batch: int,
    newest_first: bool,
    limit: int = 10_000,
) -> tuple[Range, ...]:
    """The UIDs 1…uidnext-1 that no judged range covers, in ranges of at most `batch`.

    `limit` bounds the answer, for a UIDNEXT may be any 32-bit number (RFC 9051 §2.3.1.1); what is
    beyond it comes at the next call.
    """
    if batch < 1:
        raise ValueError("a batch holds at least one UID")
    gaps = _gaps(judged, uidnext - 1)
    if newest_first:
        pieces = (r for lo, hi in reversed(gaps) for r in _downwards(lo, hi, batch))
    else:
        pieces = (r for lo, hi in gaps for r in _upwards(lo, hi, batch))
    return tuple(islice(pieces, limit))


def _gaps(judged: Iterable[Range], last: int) -> list[Range]:
    gaps: list[Range] = []
    following = 1
    for lo, hi in sorted(judged):
        if lo > following:
            gaps.append((following, min(lo - 1, last)))
        following = max(following, hi + 1)
    gaps.append((following, last))
    return [(lo, hi) for lo, hi in gaps if lo <= hi]


def _upwards(lo: int, hi: int, batch: int) -> Iterator[Range]:
    for start in range(lo, hi + 1, batch):
        yield start, min(start + batch - 1, hi)


def _downwards(lo: int, hi: int, batch: int) -> Iterator[Range]:
    for end in range(hi, lo - 1, -batch):
        yield max(end - batch + 1, lo), end


def backoff(attempts: int, jitter: float) -> timedelta:
    """How long to wait after that many attempts: 1, 5, 15, 60 minutes, then 4 hours; `jitter`,
    in [0, 1), adds up to a fifth, so that accounts of one server don't come back together."""
    step = BACKOFF[min(max(attempts, 1), len(BACKOFF)) - 1]
    return step * (1 + jitter / 5)


def next_try(attempts: int, now: datetime, jitter: float) -> datetime:
    """When an account is asked again after that many failures in a row."""
    return now + backoff(attempts, jitter)


def looks_emptied(known: int, removed: int) -> bool:
    """Whether a calendar seems to have been lost rather than tidied: all of several objects are
    gone at once. A server that lost one must not close every follow-up in it."""
    return known >= 5 and removed >= known


def over_at(when: When) -> datetime:
    """When it is over, in UTC: its end, or the end of its day (RFC 5545 §3.6.1)."""
    start = when.start.astimezone(UTC)
    if when.end is not None:
        return max(start, when.end.astimezone(UTC))
    return start + timedelta(days=1) if when.all_day else start


def is_tidied(held_at: datetime, now: datetime) -> bool:
    """Whether who deletes a meeting that was this long ago tidies up: that it did not take place
    is said sooner."""
    return now - held_at > _TIDY


def looks_again(event: Event, now: datetime) -> datetime | None:
    """When a meeting that is still to come is judged again; None: there is nothing to wait for."""
    if event.when is None or event.recurs:
        return None
    over = over_at(event.when)
    return over if over > now else None
