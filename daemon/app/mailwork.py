"""What a mailbox does in its turn: the mail arrow on the account's connection."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from connectors.imap import ImapMailbox
from daemon.app.lines import Lines
from daemon.app.turns import Outcome
from daemon.capture import mail
from daemon.capture.judging import MailAccount
from daemon.config import Mailbox
from daemon.jobs import Turn
from daemon.store import Lease

Progress = Callable[[str, str, int, int], None]
"""Told of a sync's progress: account, folder, UIDs judged, UIDs to judge."""


def silent(account: str, folder: str, done: int, total: int) -> None:
    """Progress for nobody."""


Arrow = Callable[
    [mail.MailCapture, MailAccount, ImapMailbox, Lease, mail.Progress, frozenset[str]], mail.Synced
]


@dataclass(frozen=True, slots=True)
class MailWork:
    """The work of one mailbox, which stores something or ends within `patience` seconds."""

    capture: mail.MailCapture
    account: MailAccount
    mailbox: Mailbox
    lines: Lines
    patience: float
    progress: Progress

    def whole(self, lease: Lease, turn: Turn) -> Outcome:
        """Every watched folder."""
        counts: mail.Counts = Counter()
        while True:
            ruleset = self.capture.rulebook.in_force().ruleset
            do = self._with(mail.sync, lease, turn, ruleset.compiled.headers)
            synced = self.lines.use(self.account.id, self.mailbox, ruleset, do)
            counts += synced.counts
            if not synced.again:
                return Outcome(spelled(counts), "; ".join(synced.troubles))

    def inbox(self, lease: Lease, turn: Turn) -> Outcome:
        """Only what came into the Inbox, where a connection is parked there; else all."""
        ruleset = self.capture.rulebook.in_force().ruleset
        do = self._with(mail.sync_inbox, lease, turn, ruleset.compiled.headers)
        done = self.lines.kept(self.account.id, self.mailbox, ruleset, do)
        if done is None or done[0].again:
            return self.whole(lease, turn)
        return Outcome(spelled(done[0].counts), whole=False)

    def _with(
        self, arrow: Arrow, lease: Lease, turn: Turn, fields: frozenset[str]
    ) -> Callable[[ImapMailbox], mail.Synced]:
        def judged(folder: str, done: int, total: int) -> bool:
            turn.within(self.patience)
            self.progress(self.account.name, folder, done, total)
            return not turn.stopping

        return lambda opened: arrow(self.capture, self.account, opened, lease, judged, fields)


def spelled(counts: mail.Counts) -> Counter[str]:
    """Counts by "verdict:reason", for logs and reports."""
    return Counter({f"{verdict}:{reason}": n for (verdict, reason), n in counts.items()})
