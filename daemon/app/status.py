"""How the daemon is: for `suivi status`, for `/readyz`, and for `systemctl status`."""

from collections.abc import Mapping
from typing import Any

from daemon.app.parts import Parts
from daemon.loop import Loop
from daemon.store import accounts, folders, follow_ups, installation, ledger, people, whole
from daemon.store.errors import StoreError
from daemon.web.readiness import Check, Readiness


def report(parts: Parts, loop: Loop, http: str) -> Mapping[str, Any]:
    """Everything that an operator asks first, as plain data."""
    in_force = parts.rulebook.in_force().ruleset.fingerprint
    with parts.store.read() as tx:
        state = installation.get(tx)
        known = accounts.watched(tx)
        reminders = ledger.counts(tx)
        tallied = folders.totals(tx)
        troubles = ledger.troubles(tx)
        earlier = whole.of_earlier_rules(tx, in_force)
        users = people.users(tx)
    return {
        "observing": state.observing,
        "observing_until": state.observing_until,
        "live_since": state.live_since,
        "http": http,
        "accounts": [
            {
                "name": status.name,
                "kind": status.kind,
                "last_ok": status.last_ok_at,
                "trouble": status.last_error,
                "next_try": status.next_try_at,
            }
            for status in known
        ],
        "judged": tallied,
        "of_earlier_rules": earlier,
        "reminders": {state.value: count for state, count in reminders.items()},
        "reminder_troubles": [
            {
                "recipient": users[entry.due.recipient].email,
                "due": entry.due.at,
                "state": entry.state.value,
                "why": entry.last_error,
                "next_try": entry.next_try,
            }
            for entry in troubles
        ],
        "loop": loop.status(),
    }


def readiness(parts: Parts, loop: Loop) -> Readiness:
    """Ready when database and loop stand; a dead mailbox is a status (design §4)."""
    checks = [Check("loop", loop.running, "" if loop.running else "it does not tick")]
    late = loop.pool.overdue()
    if late:
        checks.append(Check("workers", ok=False, reason=f"overdue: {', '.join(late)}"))
    try:
        with parts.store.read() as tx:
            known = accounts.watched(tx)
    except StoreError as error:
        return Readiness((*checks, Check("database", ok=False, reason=str(error))))
    checks.append(Check("database", ok=True))
    checks += [
        Check(
            f"{status.kind} {status.name}", not status.last_error, status.last_error, required=False
        )
        for status in known
    ]
    return Readiness(tuple(checks))


def one_line(parts: Parts) -> str:
    """The line that `systemctl status` shows."""
    with parts.store.read() as tx:
        known = accounts.watched(tx)
        coming = follow_ups.count_open(tx)
        observing = installation.get(tx).observing
    troubled = sum(bool(status.last_error) for status in known)
    words = [f"{len(known) - troubled} of {len(known)} accounts well", f"{coming} follow-ups open"]
    if observing:
        words.append("only observing: `suivi release` ends that")
    return ", ".join(words)
