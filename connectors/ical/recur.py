"""Series (RFC 5545 §3.8.5), bounded: a rule is counted before it is followed.

dateutil follows a rule that never matches to the year 9999, and a rule by the second for ever.
So each rule is first walked on a copy moved by whole Gregorian cycles (400 years, after which
weekdays and leap years repeat) close to that end, where running idle is short; what it yields up
to the horizon becomes its COUNT.
"""

from datetime import date, datetime, timedelta
from itertools import islice
from typing import Final

from dateutil.rrule import rrulestr  # type: ignore[import-untyped]  # no type information upstream
from icalendar import Component, vRecur

from connectors.errors import Unreadable

MAX_OCCURRENCES: Final = 1_000
MAX_STEPS: Final = 50_000
MAX_RULE: Final = 500
_CYCLE: Final = 400
_LAST_YEAR: Final = 9_990
_SLOW: Final = frozenset({"HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"})


def bound(
    component: Component, start: date, since: datetime, until: datetime, margin: timedelta
) -> None:
    """Replace the rules of a master by ones that end `margin` after `until`.

    Raises Unreadable for a rule that gives more than it may between `since` and `until`, which are
    wall-clock times in the zone of `start`.
    """
    rules = component.pop("RRULE", None)
    if rules is None:
        return
    counted = [
        _counted(rule, start, (since, until), margin)
        for rule in (rules if isinstance(rules, list) else [rules])
    ]
    kept = [rule for rule in counted if rule is not None]
    if kept:
        component["RRULE"] = kept if len(kept) > 1 else kept[0]


def _counted(
    rule: object, start: date, horizon: tuple[datetime, datetime], margin: timedelta
) -> vRecur | None:
    if not isinstance(rule, vRecur):
        raise Unreadable("a recurrence rule that can't be read")
    parts = _parts(rule)
    if parts.get("FREQ") not in _SLOW:
        raise Unreadable("a series that repeats by the minute or faster")
    last = _last(parts.pop("UNTIL", ""), start, horizon[1] + margin)
    steps, inside = _walk(parts, start, last, horizon)
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
    return {name: value for name, _, value in pairs if not name.startswith("X-")}


def _text(parts: dict[str, str]) -> str:
    return ";".join(f"{name}={value}" for name, value in parts.items())


def _last(text: str, start: date, until: datetime) -> datetime:
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


def _walk(
    parts: dict[str, str], start: date, last: datetime, horizon: tuple[datetime, datetime]
) -> tuple[int, int]:
    """How often the rule yields up to `last`, and how often of these within the horizon."""
    first = wall(start)
    shift = _CYCLE * max(0, (_LAST_YEAR - max(first.year, last.year)) // _CYCLE)
    try:
        rule = rrulestr(_text(parts), dtstart=first.replace(year=first.year + shift))
        end, begin, until = (_moved(at, shift) for at in (last, *horizon))
        steps = inside = 0
        for at in islice(rule, MAX_STEPS + 1):
            if at > end:
                break
            steps += 1
            inside += begin <= at <= until
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, ArithmeticError) as error:
        raise Unreadable("a recurrence rule that can't be followed") from error
    if steps > MAX_STEPS:
        raise Unreadable(f"a series with more than {MAX_STEPS} occurrences")
    return steps, inside


def wall(moment: date) -> datetime:
    """The wall-clock time of a date or of a time in any zone."""
    if isinstance(moment, datetime):
        return moment.replace(tzinfo=None)
    return datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001  wall-clock time


def _moved(moment: datetime, years: int) -> datetime:
    return moment.replace(year=moment.year + years)
