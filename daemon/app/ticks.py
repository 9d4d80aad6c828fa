"""The daemon's ticks: what is looked at, and how often. What is due lives in tables."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from daemon.alarms.look import MEMORY
from daemon.alarms.tell import watch
from daemon.app.alarms import view_of
from daemon.app.lines import UNKEPT, Lines
from daemon.app.parts import Parts
from daemon.app.turns import Member, take
from daemon.capture import unfinished
from daemon.clock import now
from daemon.followups import series
from daemon.followups.answer import answers
from daemon.followups.no_reply import open_unanswered
from daemon.followups.publish import carry
from daemon.jobs import Job, Priority, Turn
from daemon.loop import Loop, Tick
from daemon.meter import UNMETERED, Meter
from daemon.reminders.digest import send_digests
from daemon.reminders.failures import tell_failures
from daemon.reminders.late import give_up
from daemon.reminders.plan import plan
from daemon.reminders.post import send_letters
from daemon.reminders.send import Sender, send_due
from daemon.reminders.ways import VALID_FOR
from daemon.rulebook import RECALLS_FOR
from daemon.store import (
    accounts,
    alarms,
    answered,
    decisions,
    erasure,
    follow_ups,
    met,
    orphans,
    setups,
)
from daemon.store.todo import ToDo, todo
from rules.model.sightings import AccountId

log = structlog.stdlib.get_logger(__name__)

HOUSEKEEPING = 3600.0
ALARMS = 300.0
FOLLOW_UPS = 2.0
SETUPS = 2.0
SOON = timedelta(seconds=15)
"""After which an account is tried again that could not be read, through no fault of its server."""
LOG_FOR = timedelta(days=14)


class Ticks:
    """Wakes the accounts and the ledgers of `parts` in `loop`; what they do is told the meter.
    `started`: since when the daemon runs. `read_again` lets the configuration be read, for accounts
    were set up or changed in the store."""

    def __init__(
        self,
        parts: Parts,
        loop: Loop,
        started: datetime,
        meter: Meter = UNMETERED,
        read_again: Callable[[], None] = lambda: None,
        lines: Lines = UNKEPT,
    ) -> None:
        self._parts = parts
        self._loop = loop
        self._meter = meter
        self._started = started
        self._read_again = read_again
        self._asked = parts.setups
        self._sender = parts.sender and replace(parts.sender, meter=meter)
        self._mail = (*parts.mail_members(self._progress, lines), *parts.command_members(lines))
        self._calendars = parts.calendar_members()
        self._by_id = {m.id: m for m in (*self._mail, *self._calendars)}
        # Accounts of which all is to be read, though only new mail may have woken them since.
        self._whole: set[AccountId] = set()
        self._whole_lock = threading.Lock()

    def all(self) -> tuple[Tick, ...]:
        """The ticks, by the configuration's seconds."""
        settings = self._parts.settings
        poll = settings.capture.poll_seconds
        ticks = [
            Tick("mail", poll, self._wake_all(self._mail)),
            Tick("calendars", poll, self._wake_all(self._calendars)),
            Tick("follow-ups", FOLLOW_UPS, self._follow_ups, Priority.LIVE),
            Tick("setups", SETUPS, self._setups, Priority.LIVE),
            Tick("alarms", ALARMS, self._alarms),
            Tick("housekeeping", HOUSEKEEPING, self._housekeeping, Priority.BACKFILL),
        ]
        if self._parts.sender is not None:
            ticks.append(
                Tick("reminders", settings.reminders.tick_seconds, self._reminders, Priority.LIVE)
            )
        return tuple(ticks)

    def wake(self, account: int) -> None:
        """New mail was pushed: look into this account's Inbox now."""
        member = self._by_id.get(account)  # type: ignore[call-overload]  # an AccountId is an int
        if member is not None:
            self._submit(member, Priority.LIVE)

    def wake_everything(self) -> None:
        """A person asked for a sync of all accounts."""
        for member in self._by_id.values():
            self._wake(member, Priority.LIVE)

    def wake_follow_ups(self) -> None:
        """Somebody changed follow-ups: see to their calendars and reminders now."""
        self._loop.wake("follow-ups", self._follow_ups, Priority.LIVE)
        if self._parts.sender is not None:
            self._loop.wake("reminders", self._reminders, Priority.LIVE)

    def _progress(self, account: str, _folder: str, done: int, total: int) -> None:
        self._meter.remaining(account, total - done)

    def _wake(self, member: Member, priority: Priority) -> None:
        with self._whole_lock:
            self._whole.add(member.id)
        self._submit(member, priority)

    def _submit(self, member: Member, priority: Priority) -> None:
        # A job that waits is replaced by a more urgent one of its account: so what is to be done
        # is decided when it runs.
        self._loop.wake(f"account:{member.name}:{member.id}", partial(self._turn, member), priority)

    def _turn(self, member: Member, turn: Turn) -> None:
        with self._whole_lock:
            whole = member.id in self._whole
            self._whole.discard(member.id)
        parts = self._parts
        now_due = member if whole else member.after_news()
        if take(parts.store, parts.owner, now_due, turn, self._meter) is None:
            self._wake_later(member)

    def _wake_later(self, member: Member) -> None:
        """It failed, or a sibling has it: what came is not left to the next poll, nor is a
        connection that was lost."""
        with self._parts.store.read() as tx:
            status = next((s for s in accounts.watched(tx) if s.id == member.id), None)
        if status is None:
            return
        with self._whole_lock:
            self._whole.add(member.id)
        name, run = f"account:{member.name}:{member.id}", partial(self._turn, member)
        self._loop.wake_at(name, status.next_try_at or now() + SOON, run, Priority.POLL)

    def _wake_all(self, members: tuple[Member, ...]) -> Job:
        def run(turn: Turn) -> None:
            resting = self._resting()
            for member in members:
                if member.id not in resting:
                    self._wake(member, Priority.POLL)

        return run

    def _resting(self) -> frozenset[AccountId]:
        """The accounts in trouble whose next try is still to come."""
        moment = now()
        with self._parts.store.read() as tx:
            return frozenset(
                status.id
                for status in accounts.watched(tx)
                if status.next_try_at is not None and status.next_try_at > moment
            )

    def _follow_ups(self, turn: Turn) -> None:
        self._wake_unfinished()
        parts = self._parts
        closed = answers(parts.answering(), now())
        if closed:
            log.info("closed", follow_ups=closed)
        unanswered = open_unanswered(parts.no_reply(), now())
        if unanswered:
            log.info("without reply", follow_ups=unanswered)
        zone = parts.settings.company.timezone
        opened = series.extend_all(parts.store, parts.rulebook.in_force(), zone, now())
        if opened:
            log.info("occurrences opened", follow_ups=opened)
        resting = self._resting()
        for account, (member, _) in parts.members.calendars.items():
            carry(parts.store, parts.rulebook.in_force(), account, member.owner)
            with parts.store.read() as tx:
                pending = follow_ups.unpublished(tx, account, limit=1)
            silent = parts.rulebook.in_force().silent
            if pending and not silent and account not in resting:
                self._wake(self._by_id[account], Priority.LIVE)

    def _wake_unfinished(self) -> None:
        """What one mailbox has recorded may be answered in another."""
        with self._parts.store.read() as tx:
            waiting = unfinished.accounts(tx, now())
        for account in waiting - self._resting():
            if account in self._by_id:
                self._submit(self._by_id[account], Priority.POLL)

    def _reminders(self, turn: Turn) -> None:
        sender = self._sender
        assert sender is not None  # noqa: S101  the tick exists only with a sender
        if digests := send_digests(sender):
            log.info("digests", put=digests)
        found = self._look()
        if found.waits:
            self._send(turn, sender)
            found = self._look()
        due, moment = found.next_at, now()
        tick = timedelta(seconds=self._parts.settings.reminders.tick_seconds)
        if due is not None and moment < due < moment + tick:
            # On the second, for the next tick would come later.
            self._loop.wake_at("reminders", due, self._reminders)

    def _look(self) -> ToDo:
        with self._parts.store.read() as tx:
            return todo(tx, now())

    def _send(self, turn: Turn, sender: Sender) -> None:
        parts = self._parts
        # In turns: a changed option lets all be planned anew, and nothing waits for that.
        while True:
            planned = plan(parts.store, parts.rulebook, now())
            self._send_what_is_ready(turn, sender)
            if not planned or turn.stopping:
                return
            turn.within(60)

    def _send_what_is_ready(self, turn: Turn, sender: Sender) -> None:
        if told := give_up(sender):
            log.info("missed", recipients=told)
        while not turn.stopping and (sent := send_due(sender)):
            log.info("reminders", handed_over=sent)
            turn.within(60)
        tell_failures(sender, now())
        while not turn.stopping and (sent := send_letters(sender)):
            log.info("letters", handed_over=sent)
            turn.within(60)

    def _setups(self, turn: Turn) -> None:
        with self._parts.store.read() as tx:
            version = setups.version(tx)
        # Once for each: where the file has mistakes, the old configuration stays until they are
        # mended and it is read again.
        if version not in (self._parts.setups, self._asked):
            self._asked = version
            self._read_again()

    def _alarms(self, turn: Turn) -> None:
        parts = self._parts
        watch(parts.store, view_of(parts, self._started), parts.admin, now())

    def _housekeeping(self, turn: Turn) -> None:
        with self._parts.store.write() as tx:
            decisions.forget(tx, now() - LOG_FOR)
            orphans.forget(tx, now() - LOG_FOR)
            answered.forget(tx, now() - 2 * VALID_FOR)
            alarms.forget_arrivals(tx, (now() - MEMORY).date())
            met.forget(tx, now() - RECALLS_FOR)
        erasure.forget(self._parts.store)
