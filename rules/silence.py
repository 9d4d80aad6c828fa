"""When a mailbox is quieter than its own past lets expect (spec §11).

Only working days count, and only those on which it was looked at: weekends, public holidays and
days on which suivi itself was down say nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from statistics import median

FEWEST_DAYS = 20
"""Working days that a mailbox must have been known for: four weeks."""

SURPRISE = 7
"""So many messages must have failed to come: were they independent of each other, that would
happen once in a thousand times (e⁻⁷)."""

USUAL_PAUSE = 1.5
"""A pause is no news before it is so many times as long as the longest one in the past."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing arrived on `days` working days, where about `usual` a day are the rule; `since` is
    the last day on which something did."""

    since: date
    days: int
    usual: float


def silence(
    arrived: Mapping[date, int], is_working: Callable[[date], bool], today: date
) -> Silence | None:
    """Whether a mailbox is silent. `arrived` has each day on which it was looked at, with how many
    came; today is not over, so it ends a silence and never makes one."""
    if arrived.get(today, 0):
        return None
    seen = sorted(day for day in arrived if day < today)
    # A message on a Sunday ends a silence too.
    last = next((day for day in reversed(seen) if arrived[day]), None)
    if last is None:
        return None
    quiet = sum(is_working(day) for day in seen if day > last)
    past = [arrived[day] for day in seen if day <= last and is_working(day)]
    if len(past) < FEWEST_DAYS:
        return None
    usual = median(past)
    if quiet * usual < SURPRISE or quiet <= USUAL_PAUSE * _longest_pause(past):
        return None
    return Silence(last, quiet, usual)


def _longest_pause(counts: list[int]) -> int:
    longest = pause = 0
    for count in counts:
        pause = 0 if count else pause + 1
        longest = max(longest, pause)
    return longest
