"""What decides about logins: how long who guesses has to wait, how long a session lasts, and what a
token lets its user do."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from rules.model.people import Right

ADMIN_RIGHTS = frozenset({Right.CONFIGURE, Right.MANAGE_USERS, Right.READ_DECISIONS})
_READING = frozenset(
    {
        Right.SEE_EXCHANGES,
        Right.SEE_ALL_EXCHANGES,
        Right.SEE_ALL_ENTITIES,
        Right.SEE_CONFIDENTIAL,
        Right.SEE_FOLLOW_UPS,
        Right.SEE_ALL_FOLLOW_UPS,
    }
)


class Scope(StrEnum):
    """What a token is for. `monitor`: how suivi is, and no exchange. `read`, `write`: what its user
    may see or change, but for what admins do; `admin`: all that its user may do. `feed`: the
    calendar of its user's follow-ups, at an address that is the token; it stands alone, for an
    address is not kept as a token is, and opens nothing else."""

    MONITOR = "monitor"
    READ = "read"
    WRITE = "write"
    ADMIN = "admin"
    FEED = "feed"


def fit_together(scopes: Collection[Scope]) -> bool:
    """Whether one token may have all these."""
    return Scope.FEED not in scopes or len(set(scopes)) == 1


def limit_of(scopes: Collection[Scope]) -> frozenset[Right] | None:
    """The rights that count of a token's user, whoever gave them; None: all."""
    if Scope.ADMIN in scopes:
        return None
    if Scope.WRITE in scopes:
        return frozenset(Right) - ADMIN_RIGHTS
    return _READING if Scope.READ in scopes else frozenset()


def may_change(scopes: Collection[Scope]) -> bool:
    """Whether a token with these scopes may change anything, its user's own follow-ups too."""
    return not {Scope.WRITE, Scope.ADMIN}.isdisjoint(scopes)


@dataclass(frozen=True, slots=True)
class Patience:
    """How failures slow down the next try: the first `free` cost nothing, then a pause that doubles
    from `first` to `most`. After `forget` without a failure all is as before."""

    free: int
    first: timedelta
    most: timedelta
    forget: timedelta


ACCOUNT = Patience(5, timedelta(seconds=2), timedelta(minutes=5), timedelta(hours=24))
"""Against one account, from wherever: about 300 tries a day. The pause stays short, for it also
keeps the user out who has never come from this address."""

ADDRESS = Patience(20, timedelta(seconds=2), timedelta(minutes=15), timedelta(hours=24))
"""From one address, against whatever accounts: an office has one address for all."""


@dataclass(frozen=True, slots=True)
class Failures:
    """How often it went wrong, and when it last did."""

    number: int
    last: datetime


def free_at(failures: Failures | None, patience: Patience) -> datetime | None:
    """When the next try is allowed; None: at once."""
    if failures is None or failures.number < patience.free:
        return None
    doubled = min(failures.number - patience.free, 32)
    pause: timedelta = min(patience.first * 2**doubled, patience.most)
    return failures.last + pause


def counted(failures: Failures | None, patience: Patience, now: datetime) -> Failures:
    """The failures with one more."""
    if failures is None or now - failures.last > patience.forget:
        return Failures(1, now)
    return Failures(failures.number + 1, now)


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long a session lasts: so long without a request, and so long at most."""

    idle: timedelta = timedelta(hours=12)
    most: timedelta = timedelta(days=14)


REMEMBERED = timedelta(days=90)
"""So long after its last use, a session tells from where its user comes."""


def ended(created: datetime, used: datetime, lasting: Lasting, now: datetime) -> bool:
    """Whether a session that was made and last used then is over."""
    return now - used > lasting.idle or now - created > lasting.most


def unfit(password: str, *names: str) -> bool:
    """Whether a password is one that a stranger tries first: the user's own name or address, one
    character over and over, or a row of digits or letters."""
    plain = password.casefold()
    told = {part for name in names for part in (name.casefold(), name.casefold().split("@")[0])}
    row = "01234567890123456789abcdefghijklmnopqrstuvwxyz"
    return plain in told or len(set(plain)) < 4 or plain in row or plain[::-1] in row
