"""Days and hours on which people work, and the moments that are counted in them (spec §3, §8)."""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from rules.model.rules import DayKind, Later

DAY = timedelta(days=1)

# A company that is closed for longer has no last working moment that would still remind anybody.
_LOOK_BACK = 31

NO_HOLIDAYS: frozenset[date] = frozenset()

Span = tuple[time, time]


@dataclass(frozen=True, slots=True)
class Hours:
    """When people work, on their wall clock: for each day of the week, Monday first, its spans,
    both ends included. A lunch break lies between two; a day without any is no working day."""

    week: tuple[tuple[Span, ...], ...]


def each_day(*spans: Span, days: Iterable[int] = range(5)) -> Hours:
    """The same spans on each of these days; Monday is 0."""
    chosen = frozenset(days)
    return Hours(tuple(spans if day in chosen else () for day in range(7)))


OFFICE = each_day((time(8, 30), time(18, 30)))


def is_working_day(day: date, holidays: Container[date], hours: Hours = OFFICE) -> bool:
    """Whether people work on that day."""
    return bool(hours.week[day.weekday()]) and day not in holidays


def is_working(
    moment: datetime, where: tzinfo, holidays: Container[date], hours: Hours = OFFICE
) -> bool:
    """Whether people work at that moment, there."""
    local = moment.astimezone(where)
    if local.date() in holidays:
        return False
    return any(start <= local.time() <= end for start, end in hours.week[local.weekday()])


def working_day_after(
    day: date, number: int, holidays: Container[date], hours: Hours = OFFICE
) -> date:
    """The working day of that number after `day`; with 0, `day` itself, or the first working day
    after it when nobody works then.

    Raises OverflowError where the calendar ends, which is also where a week without working days
    leads.
    """
    counted = number
    while counted or not is_working_day(day, holidays, hours):
        day += DAY
        counted -= counted > 0 and is_working_day(day, holidays, hours)
    return day


def later(
    moment: datetime,
    by: Later,
    where: tzinfo,
    holidays: Container[date] = NO_HOLIDAYS,
    hours: Hours = OFFICE,
) -> datetime:
    """The instant, in UTC, that `by` counts from `moment`; never before it.

    Days are those on the wall clock there, whatever the clocks do in between; `at` sets the hour
    of the day that was reached, `rest` is exact and comes last. From a Saturday, one working day
    on is Monday, and so is none. An hour that has passed today (`+0 days at 09:00` at noon) is
    that of the next day of its kind.

    Raises OverflowError where the calendar ends, ValueError when `by` counts backwards.
    """
    if by.days < 0 or by.rest < timedelta(0):
        raise ValueError("a later time is not counted backwards")
    local = moment.astimezone(where)
    reached = _on_day(local, by, _counted(local.date(), by.days, by.kind, holidays, hours))
    if reached.astimezone(UTC) < moment:
        reached = _on_day(local, by, _counted(local.date(), by.days + 1, by.kind, holidays, hours))
    return reached.astimezone(UTC) + by.rest


def _counted(
    day: date, number: int, kind: DayKind, holidays: Container[date], hours: Hours
) -> date:
    if kind is DayKind.WORKING_DAYS:
        return working_day_after(day, number, holidays, hours)
    return day + number * DAY


def _on_day(local: datetime, by: Later, day: date) -> datetime:
    if by.at is not None:
        return datetime.combine(day, by.at, local.tzinfo)
    # The day is set, not counted from: which of an hour that comes twice is meant stays.
    return local.replace(year=day.year, month=day.month, day=day.day)


def last_working(
    moment: datetime, where: tzinfo, holidays: Container[date], hours: Hours = OFFICE
) -> datetime | None:
    """The last working moment that is not after `moment`, in UTC: itself when people work then,
    else the end of the last span before. None when there was none for a month."""
    moment = moment.astimezone(UTC)
    if is_working(moment, where, holidays, hours):
        return moment
    for end in _ends(moment.astimezone(where).date(), where, hours):
        # An end that the clocks leap over, or that comes twice, shows as another wall time or as
        # two instants: what counts is that people work then, and that it is not after.
        if end <= moment and is_working(end, where, holidays, hours):
            return end
    return None


def _ends(day: date, where: tzinfo, hours: Hours) -> Iterator[datetime]:
    """The ends of spans, in UTC, from that day backwards."""
    for back in range(min(_LOOK_BACK, day.toordinal() - date.min.toordinal())):
        that_day = day - back * DAY
        walls = [
            datetime.combine(that_day, end, where) for _, end in hours.week[that_day.weekday()]
        ]
        both = {w.replace(fold=fold).astimezone(UTC) for w in walls for fold in (0, 1)}
        yield from sorted(both, reverse=True)
