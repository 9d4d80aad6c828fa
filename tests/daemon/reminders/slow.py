"""The reference of the simulated year: one follow-up at a time, one quarter of an hour after the
other, on wall clocks, with holidays written down by hand. Shares no code with what it judges."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)

FR = {
    *("2026-01-01", "2026-04-06", "2026-05-01", "2026-05-08", "2026-05-14", "2026-05-25"),
    *("2026-07-14", "2026-08-15", "2026-11-01", "2026-11-11", "2026-12-25", "2027-01-01"),
}
US = {
    *("2026-01-01", "2026-01-19", "2026-02-16", "2026-05-25", "2026-06-19", "2026-07-03"),
    *("2026-07-04", "2026-09-07", "2026-10-12", "2026-11-11", "2026-11-26", "2026-12-25"),
    *("2027-01-01", "2027-01-18"),
}
HOLIDAYS = {"FR": FR, "US": US, "": set()}


@dataclass(frozen=True)
class Wish:
    """A user's options, and their zone."""

    zone: str
    on: bool = True
    before: timedelta = timedelta(hours=1)
    all_day_at: time = time(9)
    strict: bool = False
    holidays: str = ""


@dataclass(frozen=True)
class Task:
    """A follow-up as it is after a change. `start` is a date for a whole day; a `before` of None
    leaves the length to the user."""

    start: datetime | date
    user: str
    reminders: tuple[timedelta | None, ...]
    open: bool = True


def at_work(moment: datetime, wish: Wish) -> bool:
    """Monday to Friday, 8:30 to 12:00 and 14:00 to 18:30, on no holiday."""
    wall = moment.astimezone(ZoneInfo(wish.zone))
    if wall.isoweekday() > 5 or wall.date().isoformat() in HOLIDAYS[wish.holidays]:
        return False
    clock = wall.strftime("%H:%M")
    return "08:30" <= clock <= "12:00" or "14:00" <= clock <= "18:30"


def instant(task: Task, before: timedelta, wish: Wish, scheduled: datetime) -> datetime:
    """When it should be reminded of."""
    zone = ZoneInfo(wish.zone)
    whole_day = not isinstance(task.start, datetime)
    if whole_day:
        wall = datetime.combine(task.start, wish.all_day_at)
        fold = 0
    else:
        wall = task.start.astimezone(zone).replace(tzinfo=None)
        fold = task.start.astimezone(zone).fold
    while before >= DAY:
        wall -= DAY
        before -= DAY
    moment = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    while before > timedelta(0) and not whole_day:
        moment -= QUARTER
        before -= QUARTER
    if not wish.strict:
        return moment
    earlier = moment
    while not at_work(earlier, wish):
        earlier -= QUARTER
    return earlier if earlier >= scheduled else moment


@dataclass
class Recipient:
    """What one user has had, and still waits for, of one follow-up in one of its times."""

    waiting: dict[timedelta, datetime] = field(default_factory=dict)
    dropped: set[timedelta] = field(default_factory=set)
    over: set[timedelta] = field(default_factory=set)
    reached: bool = False


@dataclass
class Reference:
    """Follows one follow-up through the year."""

    late: timedelta
    sent: list[tuple[str, int, timedelta, datetime, datetime]] = field(default_factory=list)
    missed: list[tuple[str, int, timedelta]] = field(default_factory=list)
    had: dict[tuple[str, int], Recipient] = field(default_factory=dict)

    def time_passes(self, until: datetime) -> None:
        """suivi runs: what waits is sent at its minute, up to this one."""
        for (user, version), it in self.had.items():
            for before, at in sorted(it.waiting.items(), key=lambda w: w[1]):
                if at <= until:
                    self._send(user, version, before, at, at)

    def wakes(self, now: datetime) -> None:
        """suivi ran not: what is too late is missed, the rest is sent now."""
        for (user, version), it in self.had.items():
            for before, at in sorted(it.waiting.items(), key=lambda w: w[1]):
                if at > now:
                    continue
                if now - at > self.late:
                    del it.waiting[before]
                    it.over.add(before)
                    self.missed.append((user, version, before))
                else:
                    self._send(user, version, before, at, now)

    def _send(
        self, user: str, version: int, before: timedelta, at: datetime, when: datetime
    ) -> None:
        it = self.had[user, version]
        del it.waiting[before]
        it.over.add(before)
        it.reached = True
        self.sent.append((user, version, before, at, when))

    def looks(
        self,
        task: Task,
        version: int,
        scheduled: datetime,
        wish: Wish,
        now: datetime,
        *,
        only_wishes: bool,
    ) -> None:
        """suivi plans, at this moment."""
        mine = self.had.setdefault((task.user, version), Recipient())
        for it in self.had.values():
            if it is not mine or not task.open:
                it.dropped |= set(it.waiting)
                it.waiting.clear()
        if not task.open:
            return
        wanted: dict[timedelta, datetime] = {}
        if wish.on:
            for before in sorted(wish.before if r is None else r for r in task.reminders):
                at = instant(task, before, wish, scheduled)
                if at not in wanted.values():
                    wanted[before] = at
        given_up = [at for b, at in mine.waiting.items() if b not in wanted and at > now]
        for before in [b for b in mine.waiting if b not in wanted]:
            del mine.waiting[before]
            mine.dropped.add(before)
        known = {*mine.waiting, *mine.dropped, *mine.over}
        for before, at in wanted.items():
            if at > now and before not in mine.over:
                mine.waiting[before] = at
        passed = [(at, before) for before, at in wanted.items() if at <= now]
        if not passed or max(passed)[1] in known or mine.reached:
            return
        at, before = max(passed)
        if not only_wishes:
            mine.waiting[before] = at
        elif given_up:
            mine.waiting[before] = min(given_up)
