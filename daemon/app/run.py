"""The App: the daemon while it runs, and what the commands beside it ask of the same parts."""

import os
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from daemon import proof, steps
from daemon.app import connect, reconciling
from daemon.app.mailwork import Progress, silent
from daemon.app.parts import Parts, assemble
from daemon.app.suggest import Suggestions, suggestions
from daemon.app.turns import Member, take
from daemon.capture import unfinished
from daemon.capture.reconcile import AccountFound
from daemon.clock import now
from daemon.config import Settings
from daemon.followups import series
from daemon.followups.answer import answers
from daemon.followups.no_reply import open_unanswered
from daemon.jobs import Turn
from daemon.reminders.plan import plan
from daemon.rulefiles.mistake import lines
from daemon.store import Tx, accounts
from rules.access import OPERATOR, Scope
from rules.model.sightings import AccountId


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What one sync of everything did: counts by reason, and what did not answer."""

    counts: Counter[str]
    troubles: tuple[str, ...]


class App:
    """suivi with one configuration. Made by `build`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def refused(self, language: str) -> tuple[str, ...]:
        """What keeps the saved rules from being in force, a line each."""
        return lines(self._parts.rules.standing.mistakes, language)

    def run(self) -> None:
        """Run until SIGTERM or SIGINT; SIGHUP reloads. Returns when what was in hand is stored."""
        # Here, because the commands beside the daemon need no HTTP, and FastAPI takes a second.
        from daemon.app.service import Service

        steps.arm(os.environ.get("SUIVI_CRASH_AT", ""))
        Service(self._parts).run()

    def sync(self, progress: Progress = silent) -> SyncReport:
        """Read every mailbox and calendar once, write what is pending, plan what is due."""
        parts = self._parts
        counts: Counter[str] = Counter()
        busy: list[str] = []
        mailboxes = parts.mail_members(progress)
        for member in (*mailboxes, *parts.command_members()):
            counts += self._once(member, busy)
        counts += self._again(mailboxes, busy)
        answers(parts.answering(), now())
        open_unanswered(parts.no_reply(), now())
        zone = parts.settings.company.timezone
        series.extend_all(parts.store, parts.rulebook.in_force(), zone, now())
        for member in parts.calendar_members():
            counts += self._once(member, busy)
        while plan(parts.store, parts.rulebook, now()):
            pass
        with parts.store.read() as tx:
            troubles = [f"{s.name}: {s.last_error}" for s in accounts.watched(tx) if s.last_error]
        return SyncReport(counts, (*busy, *troubles))

    def write_calendars(self, users: Collection[int]) -> tuple[str, ...]:
        """Write what is pending to the calendars of these users, and plan their reminders; for
        commands where no daemon runs. Returns what did not answer, a line each."""
        parts = self._parts
        while plan(parts.store, parts.rulebook, now()):
            pass
        wanted = {
            account
            for account, (member, _) in parts.members.calendars.items()
            if member.owner in users
        }
        busy: list[str] = []
        for member in parts.calendar_members():
            if member.id in wanted:
                self._once(member, busy)
        with parts.store.read() as tx:
            troubles = [
                f"{s.name}: {s.last_error}"
                for s in accounts.watched(tx)
                if s.id in wanted and s.last_error
            ]
        return (*busy, *troubles)

    def explain(
        self, text: str, scope_of: Callable[[Tx], Scope] = lambda _: OPERATOR
    ) -> tuple[proof.Explanation, ...]:
        """What became of a message or event, as far as the one whose scope it is may know; asks the
        mailboxes when nothing is stored."""
        parts = self._parts
        with parts.store.read() as tx:
            scope = scope_of(tx)
        ruleset = parts.rulebook.in_force().ruleset
        asked = tuple(
            proof.Asked(
                account.id,
                account.name,
                account.owner,
                account.level,
                account.folders,
                lambda mailbox=mailbox: connect.mailbox_of(mailbox, ruleset),  # type: ignore[misc]
            )
            for account, mailbox in parts.members.mail.values()
        )
        return proof.explain(parts.store, parts.rulebook, parts.secret, text, asked, scope)

    def reconcile(
        self, account: str | None = None, progress: Progress = silent
    ) -> Iterator[AccountFound]:
        """What became of every message of each mailbox, or of the one of this name; nothing is
        changed. Raises NoSuchMailbox."""
        return reconciling.accounts_of(self._parts, account, progress)

    def judge_again(self, found: Iterable[AccountFound]) -> int:
        """Let the next sync judge what was unexplained; how many messages."""
        return reconciling.judge_again(self._parts, found)

    def suggest(self, limit: int = 20, progress: Progress = silent) -> Suggestions:
        """Whom staff write with most and the directory lacks; nothing is stored."""
        return suggestions(self._parts, limit, progress)

    def _again(self, mailboxes: Collection[Member], busy: list[str]) -> Counter[str]:
        """What one mailbox has recorded may be answered in another that was read before it."""
        counts: Counter[str] = Counter()
        before: frozenset[AccountId] = frozenset()
        while True:
            with self._parts.store.read() as tx:
                waiting = unfinished.accounts(tx, now())
            # A turn leaves nothing of its own account, but where that could not be read.
            if waiting == before:
                return counts
            before = waiting
            for member in mailboxes:
                if member.id in waiting:
                    counts += self._once(member, busy)

    def _once(self, member: Member, busy: list[str]) -> Counter[str]:
        turn = Turn(member.name, threading.Event(), patience=3600)
        counts = take(self._parts.store, self._parts.owner, member, turn)
        if counts is None:
            with self._parts.store.read() as tx:
                status = next(s for s in accounts.watched(tx) if s.id == member.id)
            if not status.last_error:
                busy.append(f"{member.name}: another suivi is reading it now")
        return counts or Counter()


def build(settings: Settings, *, looks_only: bool = False) -> App:
    """The App of one configuration; who `looks_only` puts no saved rules in force. Raises
    ConfigError or StoreError."""
    return App(assemble(settings, looks_only=looks_only))
