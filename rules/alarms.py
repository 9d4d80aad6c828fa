"""What an admin is told, and when: one mail about all that is wrong, not a hundred (spec §11).

An alarm is told once, again after a day while it lasts, and its end once. What comes and goes is
told no oftener; what was over before anybody was told is not told at all.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

AGAIN = timedelta(days=1)
"""The same is not told again before."""

APART = timedelta(hours=1)
"""Between two mails about something new."""

CALM = timedelta(minutes=15)
"""So long it must be gone before it counts as over."""


@dataclass(frozen=True, slots=True)
class Row:
    """What is remembered of an alarm. `told_at`: its last mail; `closed_at`: the last that told its
    end; `gone_at`: since when it is not seen any more."""

    since: datetime
    told_at: datetime | None = None
    closed_at: datetime | None = None
    gone_at: datetime | None = None

    @property
    def owed(self) -> bool:
        """Whether it was told, and not its end."""
        if self.told_at is None:
            return False
        return self.closed_at is None or self.closed_at < self.told_at


Key = tuple[str, str]
"""The kind of an alarm, and what it is about."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The rows from now on, and the mail that is due: what lasts, and what is over. With neither
    there is none; with nothing that lasts it is the all-clear."""

    rows: Mapping[Key, Row]
    lasting: tuple[Key, ...] = ()
    over: tuple[Key, ...] = ()

    @property
    def mail(self) -> bool:
        """Whether there is something to tell."""
        return bool(self.lasting or self.over)


def plan(rows: Mapping[Key, Row], present: Collection[Key], now: datetime) -> Plan:
    """What is to be told now. `present` are the alarms of this moment."""
    seen = {key: _seen(rows.get(key), key in present, now) for key in sorted({*rows, *present})}
    lasting = tuple(key for key, row in seen.items() if row.gone_at is None)
    over = tuple(key for key, row in seen.items() if row.owed and _is_calm(row, now))
    # While something lasts, what is over waits for its next mail; and so it does for the rest.
    all_clear = bool(over) and not lasting and all(k in over for k, r in seen.items() if r.owed)
    if not all_clear and not _is_due(seen, now):
        return Plan(_kept(seen, now))
    told = {
        key: replace(row, told_at=now)
        if row.gone_at is None
        else (replace(row, closed_at=now) if key in over else row)
        for key, row in seen.items()
    }
    return Plan(_kept(told, now), lasting, over)


def _seen(row: Row | None, is_present: bool, now: datetime) -> Row:
    if row is None:
        return Row(since=now)
    if not is_present:
        return replace(row, gone_at=row.gone_at or now)
    if row.gone_at is None:
        return row
    # It came back: as a new one, if its end was told or nobody knows of it.
    return replace(row, gone_at=None, since=row.since if row.owed else now)


def _is_calm(row: Row, now: datetime) -> bool:
    return row.gone_at is not None and now - row.gone_at >= CALM


def _is_due(seen: Mapping[Key, Row], now: datetime) -> bool:
    lasting = [row for row in seen.values() if row.gone_at is None]
    if any(row.told_at is not None and now - row.told_at >= AGAIN for row in lasting):
        return True
    mails = [at for row in seen.values() for at in (row.told_at, row.closed_at) if at is not None]
    apart = not mails or now - max(mails) >= APART
    return apart and any(row.told_at is None for row in lasting)


def _kept(seen: Mapping[Key, Row], now: datetime) -> dict[Key, Row]:
    """Without those that are over and long told, or never were."""
    return {
        key: row
        for key, row in seen.items()
        if row.gone_at is None
        or row.owed
        or (row.told_at is not None and now - row.told_at < AGAIN)
    }
