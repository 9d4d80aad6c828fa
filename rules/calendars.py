"""How far the words of a calendar server are believed: when is it compared in full all the same?

Tokens and ctags expire, and some lie (docs/decisions/0016): they save the asking, not the proof.
"""

import re
from datetime import datetime, timedelta

WEEK = timedelta(days=7)
DAY = timedelta(days=1)
REDISCOVER = DAY
"""How long it is remembered where the calendars of an account are."""

_SLACK = timedelta(seconds=60)
"""Clocks differ, and asking once more costs one request."""

# Seconds or thousandths since 1970, as a word of a token.
_SECONDS = re.compile(r"(?<![0-9A-Za-z])(1\d{9})(\d{3})?(?![0-9A-Za-z])")


def is_unchanged(known: tuple[str | None, str | None], told: tuple[str | None, str | None]) -> bool:
    """Whether a calendar says that nothing has changed: the ctag decides where there is one, else
    the sync token; both as (ctag, token)."""
    if told[0] is not None:
        return told[0] == known[0]
    return told[1] is not None and told[1] == known[1]


def compares(compared_at: datetime | None, now: datetime, *, trusted: bool) -> bool:
    """Whether it is time for a full comparison, whatever token there is: once a week, once a day
    where tokens have lied or servers of its kind are known to."""
    if compared_at is None:
        return True
    return now - compared_at >= (WEEK if trusted else DAY)


def is_settled(token: str | None, now: datetime) -> bool:
    """Whether a token will change with the next change. One that counts whole seconds stays the
    same until its second is over: what comes in the rest of it would be missed."""
    if token is None:
        return True
    for seconds, _ in _SECONDS.findall(token):
        if abs(now.timestamp() - int(seconds)) <= _SLACK.total_seconds():
            return False
    return True


def is_collapse(known: int, removed: int) -> bool:
    """Whether so much has gone at once that it is asked once more before it is believed."""
    return known >= 20 and removed * 2 > known
