"""What other rules change about the past, and what can't be judged again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from rules.model.decisions import Reason, Step
from rules.model.exchanges import ExchangeId, ExchangeKey
from rules.model.sightings import AccountId, CalendarId, FolderId


class Change(StrEnum):
    """RECORDED: it, or more of it, comes into the history; HIDDEN: it, or a part of it, goes."""

    RECORDED = "recorded"
    HIDDEN = "hidden"
    RECLASSIFIED = "re-classified"


class Why(StrEnum):
    """Why something of the past stays as it is, whatever the rules say."""

    EDITED = "edited"
    REMINDED = "reminded"
    GONE = "gone"
    UNREACHABLE = "unreachable"
    RETIRED = "retired"
    UNREADABLE = "unreadable"
    NOT_ANSWERED = "not-answered"
    TOO_OLD = "too-old"
    THREAD = "thread"
    DIRECTORY = "directory"
    PRESENT_TIME = "present-time"


@dataclass(frozen=True, slots=True)
class Known:
    """What an admin may see of an exchange at the command line: no subject, no text. `ref` is
    empty for one that is to be recorded; third parties are told by code and name."""

    ref: str
    happened_at: datetime
    source: str
    direction: str
    parties: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shift:
    """One thing that changes: what it is, and its value before and after, where that may be told
    ("" for what is not)."""

    what: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """Other rules want one exchange otherwise. `fired` and `fell_away` name the rules that fire
    now and did not, and the other way round; `reason` and `step` say what became of a copy that
    is not recorded any more."""

    change: Change
    known: Known
    shifts: tuple[Shift, ...] = ()
    fired: tuple[str, ...] = ()
    fell_away: tuple[str, ...] = ()
    reason: Reason | None = None
    step: Step | None = None
    here: ExchangeId | None = field(default=None, compare=False)
    there: ExchangeId | None = field(default=None, compare=False)
    fields: frozenset[str] = frozenset()
    keys: tuple[ExchangeKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Undecided:
    """One exchange stays as it is, in all or in these things."""

    why: Why
    known: Known
    what: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InStep:
    """One exchange stands as the other rules want it."""

    here: ExchangeId
    there: ExchangeId


Finding = Difference | Undecided | InStep


@dataclass(frozen=True, slots=True)
class Scope:
    """What the past is: what was judged when it was asked. `judged` are UIDs by folder and
    UIDVALIDITY; `pending` the calendar objects that wait to be looked at again; `last` the newest
    exchange. `unread` are the accounts that were not asked, with the reason; `silent` the
    messages whose text the server did not give; `timed` the rules that ask what time it is now;
    `since` leaves out what happened before."""

    secret: bytes = field(repr=False)
    judged: Mapping[tuple[FolderId, int], tuple[tuple[int, int], ...]]
    pending: frozenset[tuple[CalendarId, str]]
    last: ExchangeId
    unread: Mapping[AccountId, Why]
    silent: frozenset[tuple[FolderId, int]] = frozenset()
    timed: frozenset[str] = frozenset()
    since: datetime | None = None
