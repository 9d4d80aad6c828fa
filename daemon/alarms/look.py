"""Looks for what an admin must know of: silent mailboxes, cursors that stand still, tokens that
end, reminders that do not leave, backups that are too old."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum

from daemon.store import Tx, accounts, alarms, backups, installation, queues
from daemon.store.accounts import AccountStatus
from rules.alarms import Key
from rules.silence import silence

TROUBLED_FOR = timedelta(hours=1)
"""So long an account may say why it can't be read before the admin is told."""

STILL_FOR = timedelta(hours=6)
"""So long nothing may come of an account that says nothing, and is not being read."""

LATE = timedelta(minutes=15)
"""So late a reminder may be that was not tried, or in vain."""

TOKEN_ENDS = timedelta(days=14)

MEMORY = timedelta(days=84)
"""Twelve weeks of arrivals are compared with."""


class Kind(StrEnum):
    """What can be wrong."""

    SILENT = "silent"
    STILL = "still"
    TOKEN = "token"  # noqa: S105  a word
    REMINDERS = "reminders"
    BACKUP = "backup"


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that is wrong: `subject` names it as the configuration does; `at` and `number` are
    what its text tells."""

    kind: Kind
    subject: str
    at: datetime | date | None = None
    number: float = 0
    why: str = ""

    @property
    def key(self) -> Key:
        """By which it is the same tomorrow."""
        return self.kind.value, self.subject


@dataclass(frozen=True, slots=True)
class View:
    """By what is judged. `started`: what lay still before suivi started is no alarm of its own.
    `backup_days`: the oldest that the newest backup may be, 0 for whoever makes them otherwise."""

    started: datetime
    zone: tzinfo
    is_working: Callable[[date], bool]
    sends: bool
    backup_days: float
    silent_mailboxes: bool
    token_ends: datetime | None = None


def look(tx: Tx, view: View, now: datetime) -> tuple[Alarm, ...]:
    """All that is wrong at this moment, in an order that stays."""
    watched = accounts.watched(tx)
    found = [
        *(_silent(tx, view, watched, now) if view.silent_mailboxes else ()),
        *(alarm for status in watched for alarm in _still(status, view, now)),
        *_tokens(tx, view, now),
        *_reminders(tx, view, now),
        *_backup(tx, view, now),
    ]
    return tuple(sorted(found, key=lambda alarm: alarm.key))


def _silent(
    tx: Tx, view: View, watched: tuple[AccountStatus, ...], now: datetime
) -> Iterator[Alarm]:
    today = now.astimezone(view.zone).date()
    known = alarms.arrivals(tx, today - MEMORY)
    for status in watched:
        # Of one that can't be read another line tells.
        if status.kind != "mail" or status.last_error:
            continue
        found = silence(known.get(status.id, {}), view.is_working, today)
        if found is not None:
            yield Alarm(Kind.SILENT, _name(status), found.since, found.usual)


def _still(status: AccountStatus, view: View, now: datetime) -> Iterator[Alarm]:
    read = max(status.last_ok_at or view.started, view.started)
    is_being_read = status.leased_until is not None and status.leased_until > now
    if status.last_error:
        since = max(status.failing_since or now, view.started)
        if now - since >= TROUBLED_FOR:
            at = status.failing_since
            yield Alarm(Kind.STILL, _name(status), at, why=status.last_error)
    elif now - read >= STILL_FOR and not is_being_read:
        yield Alarm(Kind.STILL, _name(status), status.last_ok_at)


def _name(status: AccountStatus) -> str:
    return f"{status.kind} {status.name}"


def _tokens(tx: Tx, view: View, now: datetime) -> Iterator[Alarm]:
    for name, ends in alarms.expiring_tokens(tx, now, now + TOKEN_ENDS):
        yield Alarm(Kind.TOKEN, f"api {name}", ends)
    if view.token_ends is not None and view.token_ends - now <= TOKEN_ENDS:
        yield Alarm(Kind.TOKEN, "smtp", view.token_ends)


def _reminders(tx: Tx, view: View, now: datetime) -> Iterator[Alarm]:
    since = queues.due_since(tx, now) if view.sends else None
    if since is not None and now - max(since, view.started) >= LATE:
        yield Alarm(Kind.REMINDERS, "", since)


def _backup(tx: Tx, view: View, now: datetime) -> Iterator[Alarm]:
    if not view.backup_days:
        return
    newest = backups.last(tx)
    since = newest.at if newest is not None else installation.created_at(tx)
    if now - since >= timedelta(days=view.backup_days):
        yield Alarm(Kind.BACKUP, "", newest.at if newest is not None else None)
