"""How the daemon is: for `suivi status`, for `/readyz`, and for `systemctl status`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from daemon.app.parts import Parts
from daemon.clock import now
from daemon.i18n import translator
from daemon.loop import Loop
from daemon.retold import retold
from daemon.rulefiles.keeper import Keeper
from daemon.rulefiles.mistake import lines
from daemon.store import (
    accounts,
    backups,
    exchanges,
    folders,
    follow_ups,
    installation,
    ledger,
    people,
    post,
    whole,
)
from daemon.store.errors import StoreError
from daemon.store.todo import todo
from daemon.web.readiness import Check, Readiness

MOST_SHOWN = 50
"""Mistakes or warnings of rules that are shown at a time."""


def report(parts: Parts, loop: Loop, http: str, language: str = "en") -> Mapping[str, Any]:
    """Everything that an operator asks first, as plain data; mistakes of rules and troubles in
    `language`."""
    words = translator(language)
    in_force = parts.rulebook.in_force().ruleset.fingerprint
    with parts.store.read() as tx:
        state = installation.get(tx)
        backup = backups.last(tx)
        known = accounts.watched(tx)
        reminders = ledger.counts(tx)
        tallied = folders.totals(tx)
        troubles = ledger.troubles(tx)
        letters = post.troubles(tx)
        earlier = whole.of_earlier_rules(tx, in_force)
        users = people.users(tx)
    return {
        "observing": state.observing,
        "held": state.held,
        "last_backup": None if backup is None else backup.at,
        "observing_until": state.observing_until,
        "live_since": state.live_since,
        "http": http,
        "accounts": [
            {
                "name": status.name,
                "kind": status.kind,
                "last_ok": status.last_ok_at,
                "trouble": retold(status.last_error, words),
                "next_try": status.next_try_at,
            }
            for status in known
        ],
        "judged": tallied,
        "of_earlier_rules": earlier,
        "rules": rules_report(parts.rules, language),
        "reminders": {state.value: count for state, count in reminders.items()},
        "reminder_troubles": [
            {
                "recipient": users[entry.due.recipient].email,
                "due": entry.due.at,
                "state": entry.state.value,
                "why": retold(entry.last_error, words),
                "next_try": entry.next_try,
            }
            for entry in troubles
        ],
        "letter_troubles": [
            {
                "recipient": letter.recipient,
                "kind": letter.kind,
                "state": letter.state.value,
                "why": retold(letter.last_error, words),
            }
            for letter in letters
        ],
        "loop": loop.status(),
    }


def rules_report(rules: Keeper, language: str) -> Mapping[str, Any]:
    """The set in force, and what keeps the saved files from being it."""
    standing = rules.standing
    refused = standing.refused
    return {
        "directory": str(rules.source.directory),
        "files": [name for name, _ in standing.files],
        "rules": len(standing.ruleset.rules),
        "fingerprint": standing.ruleset.fingerprint,
        "since": standing.since,
        "warnings": lines(standing.warnings, language, MOST_SHOWN),
        "refused_since": None if refused is None else refused.since,
        "mistakes": lines(standing.mistakes, language, MOST_SHOWN),
    }


def readiness(parts: Parts, loop: Loop) -> Readiness:
    """Ready when database and loop stand; a dead mailbox is a status (design §4)."""
    checks = [Check("loop", loop.running, "" if loop.running else "it does not tick")]
    late = loop.overdue()
    if late:
        checks.append(Check("workers", ok=False, reason=f"overdue: {', '.join(late)}"))
    try:
        with parts.store.read() as tx:
            known = accounts.watched(tx)
    except StoreError as error:
        return Readiness((*checks, Check("database", ok=False, reason=str(error))))
    checks.append(Check("database", ok=True))
    checks.append(_rules(parts.rules))
    checks += [
        Check(
            f"{status.kind} {status.name}",
            not status.last_error,
            status.last_error,
            required=False,
            of_account=True,
        )
        for status in known
    ]
    return Readiness(tuple(checks))


def _rules(rules: Keeper) -> Check:
    """Refused ones make nothing unready: the last good set decides. What is wrong with them may
    quote their texts, so only a known caller is told."""
    mistakes = rules.standing.mistakes
    if not mistakes:
        return Check("rules", ok=True, required=False)
    return Check(
        "rules",
        ok=False,
        reason="the saved rules are refused; the last good ones stay in force",
        required=False,
        detail=lines(mistakes, "en", MOST_SHOWN),
    )


@dataclass(frozen=True, slots=True)
class Refused:
    """A reload that was refused: when, and what is wrong, a line each."""

    at: datetime
    mistakes: Sequence[str]


def one_line(parts: Parts, loop: Loop, connected: int, refused: Refused | None) -> str:
    """The line that `systemctl status` shows; `connected`: mailboxes whose server tells of new
    mail by itself, at this moment. What is out of order stands first: the line may be cut."""
    words: list[str] = []
    zone = ZoneInfo(parts.settings.company.timezone)
    if refused is not None:
        mistake = refused.mistakes[0] if refused.mistakes else ""
        words.append(f"reload refused {_time(refused.at, zone)}, the old stays ({mistake})")
    if mistakes := parts.rules.standing.mistakes:
        words.append(f"saved rules refused ({len(mistakes)} mistakes), the last good ones stay")
    if late := loop.overdue():
        words.append(f"overdue: {', '.join(late)}")
    try:
        words += _of_store(parts, connected, zone)
    except StoreError as error:
        words.append(f"no database: {error}")
    jobs = loop.pool.status()
    words.append(f"queue {jobs['waiting'] + len(jobs['running'])}")
    return "; ".join(words)


def _of_store(parts: Parts, connected: int, zone: ZoneInfo) -> list[str]:
    with parts.store.read() as tx:
        known = accounts.watched(tx)
        state = installation.get(tx)
        coming = follow_ups.count_open(tx)
        captured = exchanges.last_captured(tx)
        due = todo(tx, now()).next_at
    words = ["only observing: `suivi release` ends that"] if state.observing else []
    if state.held:
        words.append("a backup was restored, nothing is sent: `suivi release` ends that")
    for kind, several in (("mail", "mailboxes"), ("calendar", "calendars")):
        health = [not status.last_error for status in known if status.kind == kind]
        if health:
            words.append(f"{sum(health)} of {len(health)} {several} well")
    return [
        *words,
        f"{connected} connected for new mail",
        f"last capture {_time(captured, zone)}",
        f"{coming} follow-ups open",
        f"next reminder {_time(due, zone)}",
    ]


def _time(moment: datetime | None, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" if moment is not None else "none"
