"""One person's calendar account as suivi reads it turn by turn, without a daemon around it."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from daemon.capture import calendar
from daemon.capture.meetings import CalendarAccount, CalendarCapture
from daemon.ports import Calendars
from daemon.rulebook import Rulebook
from daemon.store import Lease, Store, accounts, follow_ups
from rules.model.followups import FollowUp

JEAN = "ATTENDEE;CN=Jean;PARTSTAT=ACCEPTED:mailto:jean@mistral.example"
MIDDAY = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)


@dataclass(slots=True)
class Desk:
    """What is known after each turn. `ago` is a day in the past, for what has taken place."""

    store: Store
    rulebook: Rulebook
    capture: CalendarCapture
    account: CalendarAccount

    def turn(self, calendars: Calendars) -> "Counter[str]":
        """Read once, as the daemon does; how many were judged how."""
        counts = calendar.sync(self.capture, self.account, calendars, self._lease())
        return Counter({reason.value: n for (_, reason), n in counts.items()})

    def _lease(self) -> Lease:
        with self.store.write() as tx:
            tx.execute(sa.text("UPDATE account SET lease_until = NULL"))
            lease = accounts.lease(
                tx, self.account.id, "test", datetime.now(UTC), timedelta(minutes=5)
            )
        assert lease is not None
        return lease

    def recorded(self) -> list[str]:
        """The subjects of all exchanges, in alphabetical order."""
        return sorted(row["subject"] for row in self.rows("exchange"))

    def follow_ups(self) -> dict[str, str]:
        """The state of each follow-up by its title."""
        with self.store.read() as tx:
            keys = tx.execute(sa.text("SELECT key FROM follow_up ORDER BY id")).scalars().all()
            found = [f for key in keys if (f := follow_ups.by_key(tx, key))]
        return {f.title: f.state.value for f in found}

    def follow_up(self, title: str) -> FollowUp:
        """The one of this title."""
        with self.store.read() as tx:
            keys = tx.execute(sa.text("SELECT key FROM follow_up ORDER BY id")).scalars().all()
            return next(f for k in keys if (f := follow_ups.by_key(tx, k)) and f.title == title)

    def etags(self) -> dict[str, str]:
        """The etag of each known object, by its name."""
        return {r["href"].rsplit("/", 1)[-1]: r["etag"] for r in self.rows("calendar_object")}

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All of one table."""
        with self.store.read() as tx:
            return [dict(r) for r in tx.execute(sa.text(f"SELECT * FROM {table}")).mappings()]

    def later(self, days: float) -> None:
        """As if all that is known were so much older."""
        when = datetime.now(UTC) - timedelta(days=days)
        with self.store.write() as tx:
            tx.execute(sa.text("UPDATE calendar SET compared_at = :at"), {"at": _naive(when)})
            tx.execute(sa.text("UPDATE calendar_home SET found_at = :at"), {"at": _naive(when)})


def _naive(when: datetime) -> str:
    return when.replace(tzinfo=None).isoformat(sep=" ")


def meeting(uid: str, title: str, *more: str, days: float = -2) -> bytes:
    """A meeting of an hour with a customer, so many days from today at noon."""
    start = MIDDAY + timedelta(days=days)
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//test//EN",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"DTSTAMP:{datetime.now(UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART:{start:%Y%m%dT%H%M%SZ}",
        f"DTEND:{start + timedelta(hours=1):%Y%m%dT%H%M%SZ}",
        f"SUMMARY:{title}",
        *more,
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
    return "\r\n".join(lines).encode()


def held(uid: str, title: str) -> bytes:
    """One that took place with Jean."""
    return meeting(uid, title, JEAN)


def relance(uid: str, title: str = "Relance Mistral") -> bytes:
    """A follow-up that a person typed."""
    return meeting(uid, title, days=3)
