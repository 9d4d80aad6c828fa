"""What is known of a message or event when the rules of files are asked about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from rules.model.decisions import Match
from rules.model.exchanges import Direction
from rules.model.people import Directory
from rules.model.quick import quick
from rules.model.sightings import AccountId, Sighting


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What decides besides rules and directory. `zone` is the company's (IANA name), `holidays`
    its public holidays; `accounts` names the accounts. What happened before `live_since` opens no
    follow-up; None: nothing does."""

    zone: str = "UTC"
    holidays: frozenset[date] = frozenset()
    accounts: Mapping[AccountId, str] = field(default_factory=dict)
    live_since: datetime | None = None


NOWHERE = Surroundings()


@quick
@dataclass(frozen=True, slots=True)
class Facts:
    """One item as rules see it: what passed the gates, with what the core found out about it.

    `direction` is None for an event that may still become a follow-up; `matches` are those that
    addresses, thread and names yield, without what rules assign; `happened_at` is aware.
    """

    sighting: Sighting
    directory: Directory
    around: Surroundings
    direction: Direction | None
    matches: tuple[Match, ...]
    happened_at: datetime
    now: datetime
    video_signs: tuple[str, ...] = ()
