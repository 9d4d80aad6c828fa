"""`suivi reconcile`: each configured mailbox held against the ledger (spec §11)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from daemon import ports
from daemon.app import connect
from daemon.app.mailwork import Progress, silent
from daemon.app.parts import Parts
from daemon.capture.fates import EarlierRules, Looking
from daemon.capture.judging import MailAccount
from daemon.capture.reconcile import AccountFound, Reconciling, reconcile
from daemon.clock import now
from daemon.config import Mailbox
from daemon.rulefiles.reading import Good, read_files
from daemon.store import audit, folders, rule_sets
from rules.language import Known
from rules.ruleset import RuleSet


class NoSuchMailbox(Exception):
    """No captured mailbox is called so; the text names those that there are."""


@dataclass(slots=True)
class _Earlier:
    """The sets of rules that were in force once, each compiled once for all mailboxes."""

    parts: Parts
    read: dict[str, RuleSet | None] = field(default_factory=dict)

    def __call__(self) -> Sequence[EarlierRules]:
        with self.parts.store.read() as tx:
            kept = rule_sets.kept(tx)
        # Each was in force until the next one.
        untils = [*(one.since for one in kept[1:]), None]
        found = ((self._ruleset(one), until) for one, until in zip(kept, untils, strict=False))
        return [EarlierRules(ruleset, until) for ruleset, until in found if ruleset is not None]

    def _ruleset(self, kept: rule_sets.KeptSet) -> RuleSet | None:
        if kept.fingerprint not in self.read:
            base = self.parts.rules.source.base
            found = read_files(kept.files, base, Known())
            # One that this version can't read explains nothing.
            self.read[kept.fingerprint] = found.ruleset if isinstance(found, Good) else None
        return self.read[kept.fingerprint]


def accounts_of(
    parts: Parts, name: str | None = None, progress: Progress = silent
) -> Iterator[AccountFound]:
    """What was found in each captured mailbox, or in the one of this name. Raises NoSuchMailbox."""
    members = [(a, m) for a, m in parts.members.mail.values() if name in (None, a.name)]
    if name is not None and not members:
        raise NoSuchMailbox(", ".join(a.name for a, _ in parts.members.mail.values()) or "–")
    earlier = _Earlier(parts)
    return (reconcile(_reconciling(parts, a, m, earlier, progress)) for a, m in members)


def _reconciling(
    parts: Parts, account: MailAccount, mailbox: Mailbox, earlier: _Earlier, progress: Progress
) -> Reconciling:
    def login() -> ports.Mailbox:
        ruleset = parts.rulebook.in_force().ruleset
        return connect.mailbox_of(mailbox, ruleset, *(one.ruleset for one in earlier()))

    return Reconciling(
        Looking(parts.store, parts.secret, account, earlier),
        parts.rulebook,
        login,
        parts.settings.capture.batch,
        lambda folder, done, total: progress(account.name, folder, done, total),
    )


def judge_again(parts: Parts, found: Iterable[AccountFound]) -> int:
    """Let what is unexplained count as not judged, so that the next sync judges it; how many."""
    number = 0
    for account in found:
        for one in account.folders:
            if not one.unexplained or one.folder is None or one.uidvalidity is None:
                continue
            with parts.store.write() as tx:
                for missed in one.unexplained:
                    folders.unjudge(tx, one.folder, one.uidvalidity, missed.uid)
                subject = f"folder {one.folder}: {len(one.unexplained)} messages"
                audit.note(tx, "suivi reconcile", "judge again", subject, now())
            number += len(one.unexplained)
    return number
