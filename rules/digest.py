"""The daily digest: whether it is time for it, and what follow-ups go into it (spec §8)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from rules.model.followups import FollowUp
from rules.options import DigestWishes
from rules.workdays import is_working_day
from rules.zones import local, local_date

# An answer is not missed on the day after; what is older than that is no dealing in progress.
WAITS_FOR = timedelta(days=2)
WAITS_AT_MOST = timedelta(days=30)

# Who was dealt with in the last three months, and not in the last two weeks, with nothing to come.
RESTS_FOR = timedelta(days=14)
RESTS_AT_MOST = timedelta(days=90)

DAY = timedelta(days=1)
# Whoever had no digest for longer has other things to read.
CLOSED_AT_MOST = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Agenda:
    """What a user has to do: from before today, and today."""

    overdue: tuple[FollowUp, ...]
    today: tuple[FollowUp, ...]


def day_of(wish: DigestWishes, home: tzinfo, now: datetime) -> date | None:
    """The day whose digest is due, on the user's clock and calendar; None when none is."""
    here = local(now, home)
    if not wish.on or here.time() < wish.at:
        return None
    works = wish.every_day or is_working_day(here.date(), wish.holidays, wish.hours)
    return here.date() if works else None


def since(wish: DigestWishes, home: tzinfo, last: date | None, now: datetime) -> datetime:
    """From when on a digest tells what was closed: the hour of the last day that was seen to; of
    the day before where there was none, and of no more than CLOSED_AT_MOST."""
    start = now - DAY if last is None else datetime.combine(last, wish.at, home)
    return max(start, now - CLOSED_AT_MOST).astimezone(UTC)


def agenda(open_ones: Iterable[FollowUp], home: tzinfo, today: date) -> Agenda:
    """Those of a user that are overdue or due today, each soonest first; later ones are not in
    it, nor is what is older than the installation went live."""
    dated = sorted(
        ((_day(f, home), f.when.start, f.id, f) for f in open_ones if f.live),
        key=lambda found: found[:3],
    )
    return Agenda(
        tuple(f for day, _, _, f in dated if day < today),
        tuple(f for day, _, _, f in dated if day == today),
    )


def _day(follow_up: FollowUp, home: tzinfo) -> date:
    when = follow_up.when
    return local_date(when) if when.all_day else local(when.start, home).date()
