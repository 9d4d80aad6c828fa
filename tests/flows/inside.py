"""suivi in the test's own process: one sync without a new interpreter, and a look into its store.

What is looked at is the database that the daemon and the commands write, through the store's own
functions.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from daemon.app.parts import Parts, assemble
from daemon.app.run import App, SyncReport
from daemon.config import load
from daemon.reminders import answers
from daemon.store import Tx, accounts, exchanges, follow_ups, ledger, people
from daemon.store.tables.places import account as account_table
from rules import replies
from rules.model.exchanges import Exchange
from rules.model.followups import CalendarCopy, FollowUp, LedgerEntry
from rules.model.people import User
from tests.flows.house import House

PARIS = ZoneInfo("Europe/Paris")


@dataclass(frozen=True, slots=True)
class Inside:
    """An assembled suivi; made by `inside`."""

    parts: Parts

    def sync(self) -> SyncReport:
        """As `suivi sync`, without complaint from any account."""
        report = App(self.parts).sync()
        assert report.troubles == ()
        return report

    def troubled_sync(self) -> tuple[str, ...]:
        """As `suivi sync`, which has something to complain about: that."""
        report = App(self.parts).sync()
        assert report.troubles
        return report.troubles

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """The store, to look at."""
        with self.parts.store.read() as tx:
            yield tx

    def exchanges(self, party: str) -> tuple[Exchange, ...]:
        """The exchanges with the third party of this code, oldest first."""
        with self.read() as tx:
            (known,) = people.find_third_party(tx, party)
            return exchanges.history(tx, third_party=known.id, limit=1000)[::-1]

    def follow_ups(self) -> tuple[FollowUp, ...]:
        """Every follow-up, in the order in which they were opened."""
        with self.read() as tx:
            keys = tx.execute(sa.text("SELECT key FROM follow_up ORDER BY id")).scalars().all()
            return tuple(f for key in keys if (f := follow_ups.by_key(tx, key)))

    def follow_up(self) -> FollowUp:
        """The only one."""
        (only,) = self.follow_ups()
        return only

    def copies(self) -> tuple[CalendarCopy, ...]:
        """The calendar copies of the only follow-up."""
        with self.read() as tx:
            return follow_ups.copies(tx, self.follow_up().id)

    def ledger(self) -> tuple[LedgerEntry, ...]:
        """The reminders of all follow-ups, in the order of their follow-ups and times."""
        found = self.follow_ups()
        with self.read() as tx:
            return tuple(entry for one in found for entry in ledger.of(tx, one.id))

    def user(self, name: str) -> User:
        """One of staff."""
        with self.read() as tx:
            user = people.user_by_email(tx, f"{name}@lumen.example")
        assert user is not None
        return user

    def status(self, name: str) -> accounts.AccountStatus:
        """How the account of this name fares."""
        with self.read() as tx:
            return next(s for s in accounts.watched(tx) if s.name == name)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All of one table."""
        with self.read() as tx:
            return [dict(r) for r in tx.execute(sa.text(f"SELECT * FROM {table}")).mappings()]

    def press(self, user: str, verb: str, follow_up: FollowUp | None = None) -> answers.Result:
        """The user opens a signed link of a follow-up, of the only one if not told which, and
        confirms."""
        expires = datetime.now(UTC) + timedelta(days=1)
        number, who = (follow_up or self.follow_up()).id, self.user(user).id
        token = replies.token(self.parts.secret, number, who, verb, expires)
        return answers.act(self.parts.answers, token)[0]

    def forget_leases(self) -> None:
        """As if the minute had passed after which a dead daemon's accounts are free again."""
        with self.parts.store.write() as tx:
            tx.execute(sa.update(account_table).values(lease_until=datetime.now(UTC)))


def furnish(house: House) -> House:
    """The house, prepared."""
    house.prepare()
    return house


@contextmanager
def inside(house: House) -> Iterator[Inside]:
    """Assemble the suivi of this house; `furnish` comes first."""
    parts = assemble(load(house.folder / "suivi.toml"))
    try:
        yield Inside(parts)
    finally:
        parts.store.close()


def event(
    uid: str,
    title: str,
    start: datetime,
    *more: str,
    lasts: timedelta = timedelta(hours=1),
    kind: str = "VEVENT",
) -> bytes:
    """A calendar object as a person's phone writes it; `more` are lines of the component."""
    end = "DTEND" if kind == "VEVENT" else "DUE"
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//phone//phone//EN",
        f"BEGIN:{kind}",
        f"UID:{uid}",
        f"DTSTAMP:{utc(start)}",
        f"DTSTART:{utc(start)}",
        f"{end}:{utc(start + lasts)}",
        f"SUMMARY:{title}",
        *more,
        f"END:{kind}",
        "END:VCALENDAR",
        "",
    )
    return "\r\n".join(lines).encode()


def utc(moment: datetime) -> str:
    """As iCalendar writes an instant."""
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def ago(**length: float) -> datetime:
    """An instant that long ago, to the second."""
    return datetime.now(UTC).replace(microsecond=0) - timedelta(**length)


def ahead(**length: float) -> datetime:
    """An instant that far ahead, to the minute."""
    return datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(**length)


def wait_until(moment: datetime) -> None:
    """Sleep until then."""
    time.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()))
