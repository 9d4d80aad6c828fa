"""Series (RFC 5545 §3.8.5), bounded: a rule is counted before it is followed.

dateutil follows a rule that never matches to the year 9999, and a rule by the second for ever.
So each rule is first walked on a copy moved by whole Gregorian cycles (400 years, after which
weekdays and leap years repeat) close to that end, where running idle is short; what it yields up
to the horizon becomes its COUNT. What the rules of one object may cost together is bounded.
"""

import math
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Final

from dateutil.rrule import rrulestr  # type: ignore[import-untyped]  # no type information upstream
from icalendar import Component, vRecur

from connectors.errors import Unreadable

MAX_OCCURRENCES: Final = 1_000
MAX_RULE: Final = 500
MAX_TIMES_A_DAY: Final = 1_440
_CYCLE: Final = 400
_LAST_YEAR: Final = 9_990
_EVER: Final = datetime.max  # noqa: DTZ901  wall-clock time
# What following a rule costs, in microseconds: for each period of so many days that it looks at,
# and for each time that it yields; measured, and rounded up.
_PERIOD: Final = {
    "HOURLY": (1, 3),
    "DAILY": (1, 2),
    "WEEKLY": (7, 4),
    "MONTHLY": (30, 15),
    "YEARLY": (365, 60),
}
_STEP: Final = 6
_RULE: Final = 500
BUDGET: Final = 600_000


class Budget:
    """What the rules of one object may still cost, in microseconds of a slow machine."""

    def __init__(self, left: int = BUDGET) -> None:
        self.left = left

    def spend(self, cost: int) -> None:
        """Raises Unreadable when nothing is left."""
        self.left -= cost
        if self.left < 0:
            raise Unreadable("series that take too long to follow")


def bound(
    component: Component,
    start: date,
    horizon: tuple[datetime, datetime],
    margin: timedelta,
    budget: Budget,
) -> None:
    """Replace the rules of a master by ones that end `margin` after the horizon.

    Raises Unreadable for a rule that gives more than it may within the horizon, whose ends are
    wall-clock times in the zone of `start`, and for rules that cost more than the budget.
    """
    rules = component.pop("RRULE", None)
    if rules is None:
        return
    counted = [
        _counted(rule, start, horizon, margin, budget)
        for rule in (rules if isinstance(rules, list) else [rules])
    ]
    kept = [rule for rule in counted if rule is not None]
    if kept:
        component["RRULE"] = kept if len(kept) > 1 else kept[0]


def _counted(
    rule: object,
    start: date,
    horizon: tuple[datetime, datetime],
    margin: timedelta,
    budget: Budget,
) -> vRecur | None:
    if not isinstance(rule, vRecur):
        raise Unreadable("a recurrence rule that can't be read")
    parts = _parts(rule)
    if parts.get("FREQ") not in _PERIOD or _times_a_day(parts) > MAX_TIMES_A_DAY:
        raise Unreadable("a series that repeats by the minute or faster")
    end = last(parts.pop("UNTIL", ""), start, horizon[1] + margin)
    steps, inside = walk(parts, start, end, horizon, budget)
    if inside > MAX_OCCURRENCES:
        raise Unreadable(f"a series with more than {MAX_OCCURRENCES} occurrences in the horizon")
    if steps == 0:
        return None
    parts["COUNT"] = str(steps)
    bounded: vRecur = vRecur.from_ical(_text(parts))
    return bounded


def _parts(rule: vRecur) -> dict[str, str]:
    text: str = rule.to_ical().decode()  # type: ignore[no-untyped-call]  # as above
    if len(text) > MAX_RULE:
        raise Unreadable("a recurrence rule of more than 500 characters")
    pairs = (part.partition("=") for part in text.upper().split(";"))
    parts = {name: value for name, _, value in pairs if not name.startswith("X-")}
    # RFC 7529: what has no other calendar and skips nothing is an ordinary rule.
    if parts.pop("RSCALE", "GREGORIAN") != "GREGORIAN" or parts.pop("SKIP", "OMIT") != "OMIT":
        raise Unreadable("a series by another calendar than the Gregorian (RSCALE or SKIP)")
    return parts


def _times_a_day(parts: dict[str, str]) -> int:
    lists = (parts.get(name, "") for name in ("BYHOUR", "BYMINUTE", "BYSECOND"))
    return math.prod(1 + text.count(",") for text in lists)


def _text(parts: dict[str, str]) -> str:
    return ";".join(f"{name}={value}" for name, value in parts.items())


def last(text: str, start: date, until: datetime) -> datetime:
    """The last wall-clock time of the rule or the horizon. UNTIL comes as a date, as local time
    and in UTC, whatever DTSTART is (RFC 5545 §3.3.10 wants the same kind)."""
    if not text:
        return until
    try:
        if len(text) == 8:
            told = datetime.strptime(text, "%Y%m%d") + timedelta(hours=23, minutes=59)  # noqa: DTZ007
        elif text.endswith("Z"):
            told = datetime.strptime(text + "+0000", "%Y%m%dT%H%M%SZ%z")
            told = _local(told, start)
        else:
            told = datetime.strptime(text, "%Y%m%dT%H%M%S")  # noqa: DTZ007  wall-clock time
    except (ValueError, OverflowError) as error:
        raise Unreadable("a recurrence rule with an end that can't be read") from error
    return min(told, until)


def _local(instant: datetime, start: date) -> datetime:
    zone = start.tzinfo if isinstance(start, datetime) else None
    return (instant if zone is None else instant.astimezone(zone)).replace(tzinfo=None)


def walk(
    parts: dict[str, str],
    start: date,
    last: datetime,
    horizon: tuple[datetime, datetime],
    budget: Budget,
) -> tuple[int, int]:
    """How often the rule yields up to `last`, and how often of these within the horizon."""
    first = wall(start)
    # Walked here, and once more by who expands it.
    budget.spend(_RULE + 2 * _idle(parts, last - first))
    most = budget.left // (2 * _STEP)
    shift = _CYCLE * max(0, (_LAST_YEAR - max(first.year, last.year)) // _CYCLE)
    try:
        rule = rrulestr(_text(parts), dtstart=first.replace(year=first.year + shift))
        end, begin, until = (_moved(at, shift) for at in (last, *horizon))
        steps = inside = 0
        at = end
        for at in islice(rule, most + 1):
            if at > end:
                break
            steps += 1
            inside += begin <= at <= until
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, ArithmeticError) as error:
        raise Unreadable("a recurrence rule that can't be followed") from error
    budget.spend(2 * _STEP * steps)
    if at <= end and steps < int(parts.get("COUNT", most)):
        # Nothing came any more: it was looked for until the end of time.
        budget.spend(_idle(parts, _EVER - end))
    return steps, inside


def _idle(parts: dict[str, str], length: timedelta) -> int:
    """What looking through so much time costs, whether or not anything is there."""
    days, cost = _PERIOD[parts["FREQ"]]
    # HOURLY leaves the rest of a day that doesn't match.
    every = 1 if parts["FREQ"] == "HOURLY" else max(1, int(parts.get("INTERVAL", "1")))
    return max(0, length.days) // days // every * cost


def wall(moment: date) -> datetime:
    """The wall-clock time of a date or of a time in any zone."""
    if isinstance(moment, datetime):
        return moment.replace(tzinfo=None)
    return datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001  wall-clock time


def _moved(moment: datetime, years: int) -> datetime:
    return moment.replace(year=moment.year + years)
