"""The sample calendars, read from events.toml: each event says what becomes of it."""

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from connectors.demo.company.days import working_day
from connectors.demo.company.people import Company, Person
from rules.model.decisions import Reason

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Gathering:
    """One event and its label: MATCHED ones become an exchange for each occurrence that is over,
    under `parties` and by `mode`; of the others nothing is stored."""

    id: str
    calendars: tuple[str, ...]
    start: datetime
    end: datetime
    summary: str
    reason: Reason
    zone: str
    all_day: bool = False
    count: int = 1
    weekly: bool = False
    skipped: tuple[datetime, ...] = ()
    parties: tuple[str, ...] = ()
    mode: str = ""
    location: str = ""
    class_: str = "PUBLIC"
    status: str = "CONFIRMED"
    organizer: Person | None = None
    guests: tuple[Person, ...] = ()
    declined: frozenset[str] = frozenset()

    @property
    def uid(self) -> str:
        """The same in every calendar that shows it (RFC 5545 §3.8.4.7)."""
        return f"{self.id}@atelier-lumen.example"

    def held(self, now: datetime) -> int:
        """How many occurrences are over; a series keeps its local time through DST."""
        return sum(end <= now for end in self._ends())

    def _ends(self) -> list[datetime]:
        starts = [self.start + WEEK * n for n in range(self.count)]
        return [s + (self.end - self.start) for s in starts if s not in self.skipped]


def gatherings(company: Company, today: date) -> tuple[Gathering, ...]:
    """All sample events, in the order of the file."""
    return tuple(_gathering(company, today, row) for row in _rows())


@cache
def _rows() -> tuple[dict[str, Any], ...]:
    text = files(__package__).joinpath("events.toml").read_text("utf-8")
    return tuple(tomllib.loads(text)["event"])


def _gathering(company: Company, today: date, row: dict[str, Any]) -> Gathering:
    owner = company.member(row["in"][0])
    zone = ZoneInfo(owner.person.timezone)
    weekly = row.get("weekly")
    first = working_day(today, row["day"]) - WEEK * (weekly["before"] if weekly else 0)
    clock = time.fromisoformat(row.get("time", "00:00"))
    start = datetime.combine(first, clock, tzinfo=zone)
    length = timedelta(days=row.get("all_day", 0), minutes=row.get("minutes", 0))
    guests = tuple(company.person(key) for key in (*row.get("guests", ()), *_invited(row)))
    organizer = company.person(row["organizer"]) if "organizer" in row else None
    return Gathering(
        id=row["id"],
        calendars=tuple(row["in"]),
        start=start,
        end=start + length,
        summary=row["summary"],
        reason=Reason(row["expect"]),
        zone=owner.person.timezone,
        all_day="all_day" in row,
        count=weekly["count"] if weekly else 1,
        weekly=weekly is not None,
        skipped=tuple(start + WEEK * n for n in weekly["except"]) if weekly else (),
        parties=tuple(row.get("parties", ())),
        mode=row.get("mode", ""),
        location=row.get("location", ""),
        class_=row.get("class", "PUBLIC"),
        status=row.get("status", "CONFIRMED"),
        # Whoever has guests is the organizer, unless somebody outside invited.
        organizer=organizer or (owner.person if guests else None),
        guests=guests,
        declined=frozenset(row.get("declined", ())),
    )


def _invited(row: dict[str, Any]) -> tuple[str, ...]:
    """Colleagues: those named, and everyone else in whose calendar it stands."""
    named = (*row.get("colleagues", ()), *row["in"][1:], *row.get("declined", ()))
    return tuple(dict.fromkeys(named))
