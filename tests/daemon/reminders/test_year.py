"""A year of five hundred follow-ups in five zones, with edits, moves, changed options, both changes
of the clocks, holidays and downtimes: each reminder leaves at the minute that the slow reference
names, once, and each that was too late is told."""

import random
import time as stopwatch
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from daemon import options as table
from daemon.reminders.late import give_up
from daemon.reminders.misprints import Printer
from daemon.reminders.plan import plan
from daemon.reminders.sheets import Sheets
from daemon.reminders.ways import Ways
from daemon.reminders.writing import Desk
from daemon.rulebook import Rulebook
from daemon.store import Store, follow_ups, installation, ledger, open_store, options, people, post
from daemon.store.todo import todo
from rules import merge
from rules.model.followups import Assignee, FollowUp, FollowUpDraft, LedgerState, Reminder, State
from rules.model.people import UserId
from rules.model.reasons import Why
from rules.model.sightings import When
from rules.options import Scope
from rules.ruleset import builtin
from tests.daemon.reminders.slow import DAY, QUARTER, Reference, Task, Wish

ZONES = (
    "Europe/Paris",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/St_Johns",
)
FIRST, LAST = datetime(2026, 1, 2, tzinfo=UTC), datetime(2027, 1, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
LATE = timedelta(days=3)
HOURS = "Mon-Fri 08:30-12:00 14:00-18:30"
LENGTHS = (timedelta(0), QUARTER, HOUR, 3 * HOUR, DAY, 2 * DAY + HOUR, 7 * DAY)

DESK = Desk("suivi@we.example", Ways("We", None, "", b"s" * 32), Printer(Sheets(None)))


@dataclass
class Year:
    """The store on one side, the reference on the other; both hear of everything that happens."""

    store: Store
    dice: random.Random
    rulebook: Rulebook
    ids: dict[str, UserId] = field(default_factory=dict)
    wishes: dict[str, Wish] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    stored: dict[str, FollowUp] = field(default_factory=dict)
    scheduled: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    slow: dict[str, Reference] = field(default_factory=lambda: defaultdict(lambda: Reference(LATE)))
    changed: set[str] = field(default_factory=set)
    wished: set[str] = field(default_factory=set)
    sent: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    up: bool = True

    # What happens.

    def people(self) -> None:
        with self.store.write() as tx:
            installation.ensure(tx, FIRST - DAY, None)
            for number, zone in enumerate(ZONES):
                self._hire(tx, f"u{number}", zone)
            options.built_in(tx, table.defaults())
            self._set(tx, FIRST, "working_hours", HOURS, None)

    def _hire(self, tx: Any, name: str, zone: str) -> None:
        self.ids[name] = people.put_user(tx, name=name, email=f"{name}@we.example", timezone=zone)
        self.wishes[name] = replace(self.wishes.get(name, Wish(zone)), zone=zone)

    def _set(self, tx: Any, now: datetime, key: str, value: Any, user: str | None) -> None:
        scope = Scope(user=self.ids[user] if user else None)
        options.put(tx, key, scope, value, by=None, now=now, plans=table.OPTIONS[key].plans)

    def opens(self, now: datetime, key: str) -> None:
        task = Task(self._start(now), self.dice.choice(list(self.ids)), self._reminders())
        draft = FollowUpDraft(
            key,
            key,
            _when(task),
            (Assignee(self.ids[task.user], owner=True),),
            reminders=tuple(map(Reminder, task.reminders)),
        )
        with self.store.write() as tx:
            self.stored[key], _ = follow_ups.open(tx, draft, now, FIRST - DAY)
        self._now_is(now, key, task, 1)

    def changes(self, now: datetime, key: str) -> None:
        """One of the things that people do to a follow-up."""
        task, before = self.tasks[key], self.stored[key]
        what = self.dice.choice(("move", "move", "edit", "title", "done", "assign"))
        after = before
        if not task.open:
            after, task = merge.reopen(before), replace(task, open=True)
        elif what == "move":
            task = replace(task, start=self._start(now))
            after = merge.apply(before, merge.Changes(when=_when(task)))
        elif what == "edit":
            task = replace(task, reminders=self._reminders())
            wanted = tuple(map(Reminder, task.reminders))
            after = merge.apply(before, merge.Changes(reminders=wanted))
        elif what == "title":
            after = merge.apply(before, merge.Changes(title=f"{before.title}."))
        elif what == "done":
            task = replace(task, open=False)
            after = merge.apply(before, merge.Changes(state=State.DONE))
        else:
            task = replace(task, user=self.dice.choice(list(self.ids)))
            after = replace(before, assignees=(Assignee(self.ids[task.user], owner=True),))
        with self.store.write() as tx:
            self.stored[key] = follow_ups.change(tx, after, "somebody", what, now, before.revision)
        if self.stored[key].revision != before.revision:
            self._now_is(now, key, task, after.schedule_version)

    def _now_is(self, now: datetime, key: str, task: Task, version: int) -> None:
        self.tasks[key] = task
        if self.scheduled.get(key, (0, now))[0] != version:
            self.scheduled[key] = (version, now)
        self.changed.add(key)

    def wishes_otherwise(self, now: datetime) -> None:
        """A user moves, or sets an option."""
        user = self.dice.choice(list(self.ids))
        wish = self.wishes[user]
        key, value, after = self.dice.choice(
            [
                ("timezone", zone := self.dice.choice(ZONES), replace(wish, zone=zone)),
                ("reminders", on := not wish.on, replace(wish, on=on)),
                ("reminders", True, replace(wish, on=True)),
                *[
                    ("reminder_before", int(b.total_seconds() // 60), replace(wish, before=b))
                    for b in LENGTHS[1:5]
                ],
                ("all_day_at", f"{(t := self.dice.choice((7, 9, 14))):02}:00",
                 replace(wish, all_day_at=time(t))),
                ("respect_working_hours", s := not wish.strict, replace(wish, strict=s)),
                ("respect_working_hours", True, replace(wish, strict=True)),
                ("holidays", h := self.dice.choice(("FR", "US")), replace(wish, holidays=h)),
            ]
        )  # fmt: skip
        self.wishes[user] = after
        with self.store.write() as tx:
            if key == "timezone":
                self._hire(tx, user, value)
            else:
                self._set(tx, now, key, value, user)
        if after != wish:
            self.wished |= {k for k, t in self.tasks.items() if t.user == user and t.open}

    def _start(self, now: datetime) -> datetime | date:
        """Some time in the weeks to come, also in the nights in which clocks change."""
        if self.dice.random() < 0.2:
            return (now + self.dice.randrange(1, 40) * DAY).date()
        if self.dice.random() < 0.2 and now < datetime(2026, 10, 20, tzinfo=UTC):
            eves = [datetime(2026, 3, 8), datetime(2026, 3, 29), datetime(2026, 4, 4)]
            eves += [datetime(2026, 10, 3), datetime(2026, 10, 25), datetime(2026, 11, 1)]
            ahead = [e.replace(tzinfo=UTC) for e in eves if e.replace(tzinfo=UTC) > now + DAY]
            if ahead:
                return ahead[0] + self.dice.randrange(-96, 192) * QUARTER
        soon = self.dice.randrange(1, 4 * 24 * self.dice.choice((1, 10, 40)))
        hour = now.replace(minute=0, second=0)
        return hour + (soon + 3) * QUARTER

    def _reminders(self) -> tuple[timedelta | None, ...]:
        if self.dice.random() < 0.5:
            return (None,)
        found = self.dice.sample(LENGTHS, self.dice.choice((1, 1, 2, 3)))
        return tuple(sorted(found))

    # What suivi does.

    def passes(self, until: datetime) -> None:
        """suivi runs up to then: what falls due is sent in its minute."""
        while True:
            with self.store.read() as tx:
                due = todo(tx, until).next_at
            if due is None or due > until:
                break
            self._send(due)
        for slow in self.slow.values():
            slow.time_passes(until)

    def wakes(self, now: datetime) -> None:
        """suivi starts: it plans, gives up what is too late, and sends the rest."""
        self.plans(now)
        letters = SimpleNamespace(desk=DESK)
        sender: Any = SimpleNamespace(
            store=self.store, rulebook=self.rulebook, letter=letters, late_limit=LATE
        )
        give_up(sender, now)
        self._send(now)
        for slow in self.slow.values():
            slow.wakes(now)

    def _send(self, now: datetime) -> None:
        with self.store.write() as tx:
            for entry in ledger.claim(tx, now, "year", now + HOUR, 10_000):
                ledger.rendered(tx, [(entry.id, f"{entry.id}@we.example", b"mail")], "year")
                ledger.sending(tx, entry.id, "year")
                ledger.sent(tx, entry.id, now)
                it = entry.due
                self.sent[self._key(it.follow_up)].append(
                    (self._name(it.recipient), it.schedule_version, it.before, it.at, now)
                )

    def plans(self, now: datetime) -> None:
        while plan(self.store, self.rulebook, now):
            pass
        for key in sorted(self.changed | self.wished):
            task, (version, scheduled) = self.tasks[key], self.scheduled[key]
            self.slow[key].looks(
                task,
                version,
                scheduled,
                self.wishes[task.user],
                now,
                only_wishes=key not in self.changed,
            )
        self.changed.clear()
        self.wished.clear()

    def _key(self, number: int) -> str:
        return next(k for k, f in self.stored.items() if f.id == number)

    def _name(self, number: int) -> str:
        return next(n for n, i in self.ids.items() if i == number)


def _when(task: Task) -> When:
    if isinstance(task.start, datetime):
        return When(task.start)
    # A whole day begins somewhere; which day it is says the date there.
    start = datetime.combine(task.start, time(0), ZoneInfo("Europe/Paris"))
    return When(start, all_day=True, zone="Europe/Paris")


def happenings(dice: random.Random, number: int) -> Iterator[tuple[datetime, str, str]]:
    """When what happens, to which follow-up; no two things in one minute."""
    quarters = int((LAST - FIRST - 2 * DAY) / QUARTER)
    slots = iter(sorted(dice.sample(range(1, quarters), int(number * 3.2))))
    times = [FIRST + n * QUARTER + timedelta(minutes=dice.randrange(1, 14)) for n in slots]
    kinds = ["open"] * number + ["change"] * int(number * 1.8) + ["wish"] * (number // 5)
    kinds += ["down"] * 12
    rest = kinds[number // 10 :]
    dice.shuffle(rest)
    opened = 0
    for at, kind in zip(times, kinds[: number // 10] + rest, strict=False):
        if kind == "open":
            opened += 1
        yield at, kind, f"f{opened}" if kind == "open" else f"f{dice.randrange(1, opened + 1)}"


def live(year: Year, number: int) -> None:
    wake: datetime | None = None
    for at, kind, key in happenings(year.dice, number):
        if wake is not None and wake <= at:
            year.wakes(wake)
            wake = None
        if wake is None:
            year.passes(at)
        if kind == "open":
            year.opens(at, key)
        elif kind == "change":
            year.changes(at, key)
        elif kind == "wish":
            year.wishes_otherwise(at)
        elif wake is None:
            wake = at + year.dice.choice((HOUR, 9 * HOUR, 2 * DAY, 5 * DAY)) + timedelta(seconds=30)
        if wake is None:
            year.plans(at)
    year.wakes(LAST)
    year.passes(LAST + 60 * DAY)


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(n, marks=pytest.mark.long) for n in range(2, 21))]
)
def test_every_reminder_leaves_when_the_slow_reference_says(
    seed: int, template: Path, tmp_path: Path
) -> None:
    file = tmp_path / "suivi.sqlite3"
    file.write_bytes(template.read_bytes())
    store = open_store(f"sqlite:///{file}")
    year = Year(store, random.Random(seed), Rulebook(store, builtin(), ("we.example",)))
    began = stopwatch.monotonic()
    year.people()
    live(year, 500)
    wrong = {
        key: (sorted(year.sent[key]), sorted(slow.sent))
        for key, slow in year.slow.items()
        if sorted(year.sent[key]) != sorted(slow.sent)
    }
    assert wrong == {}, next(iter(wrong.items()))
    with store.read() as tx:
        counts = ledger.counts(tx)
        reasons = tx.exec_driver_sql(
            "SELECT count(*) FROM ledger WHERE void_reason = ?", (Why.TOO_LATE.value,)
        ).scalar_one()
        told = len(post.waiting(tx))
    sent = sum(map(len, year.sent.values()))
    missed = sum(len(slow.missed) for slow in year.slow.values())
    assert (counts[LedgerState.SENT], reasons) == (sent, missed)
    assert counts[LedgerState.DUE] == 0
    # The year had all that it is to show.
    moved = [s for slow in year.slow.values() for s in slow.sent if s[3] != s[4]]
    assert sent > 300 and missed > 0 and told > 0 and moved
    print(f"{sent} sent, {missed} missed, {told} summaries, {len(moved)} late, "
          f"{stopwatch.monotonic() - began:.1f} s")  # fmt: skip
    store.close()
