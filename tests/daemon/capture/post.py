"""A company of one whose mailbox is in memory, in which anything may happen at any moment."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import sqlalchemy as sa

from connectors.memory.mailbox import MemoryMailbox
from daemon import options
from daemon.capture import mail
from daemon.capture.fates import EarlierRules, Looking
from daemon.capture.judging import MailAccount
from daemon.capture.reconcile import AccountFound, FolderFound, Reconciling, reconcile
from daemon.clock import now
from daemon.rulebook import Rulebook
from daemon.store import (
    Store,
    accounts,
    folders,
)
from daemon.store.tables import exchanges as tables
from daemon.store.tables.columns import metadata
from rules.model.rules import Place, Rule
from rules.model.sightings import FolderRole
from rules.model.wire import HeaderBatch
from rules.ruleset import RuleSet, builtin, sealed

SECRET = b"0" * 32
KNOWN, STRANGER = "jean@mistral.example", "somebody@elsewhere.example"
HERE = Place("10.yaml", 1, 1)


class Box(MemoryMailbox):
    """Somebody does something after the n-th batch of a sweep."""

    def __init__(self) -> None:
        super().__init__({"INBOX": FolderRole.INBOX, "Sent": FolderRole.SENT})
        self.meanwhile: dict[int, Callable[[], object]] = {}

    def sweep(self, ranges: Iterable[tuple[int, int]]) -> Iterator[HeaderBatch]:
        for number, batch in enumerate(super().sweep(ranges)):
            if number in self.meanwhile:
                self.meanwhile.pop(number)()
            yield batch


@dataclass
class Post:
    """A company of one, with one customer."""

    store: Store
    rulebook: Rulebook
    account: MailAccount
    box: Box = field(default_factory=Box)
    earlier: tuple[EarlierRules, ...] = ()
    batch: int = 500

    def write(self, sender: str = KNOWN, name: str = "", parent: str = "", **more: object) -> int:
        head = f"From: {sender}\r\nTo: ann@lumen.example\r\nSubject: secret\r\nX-Shop: yes\r\n"
        head += f"Message-ID: <{name or f'm{now().timestamp()}'}@mail.example>\r\n"
        head += f"In-Reply-To: <{parent}@mail.example>\r\n" if parent else ""
        raw = f"{head}Date: Mon, 23 Nov 2026 09:00:00 +0100\r\n\r\nBonjour\r\n".encode()
        return self.box.deliver("INBOX", raw, received=now(), **more)  # type: ignore[arg-type]

    def sync(self) -> None:
        with self.store.write() as tx:
            lease = accounts.lease(tx, self.account.id, "t", now(), timedelta(hours=1))
        assert lease is not None
        capture = mail.MailCapture(self.store, self.rulebook, SECRET, self.batch)
        mail.sync(capture, self.account, self.box.login(), lease, lambda *_: True)
        with self.store.write() as tx:
            accounts.release(tx, lease)

    def all(self) -> AccountFound:
        """What is found; nothing is changed by looking."""
        before = self._everything()
        looking = Looking(self.store, SECRET, self.account, lambda: self.earlier)
        found = reconcile(Reconciling(looking, self.rulebook, self.box.login, self.batch))
        if not self.box.meanwhile:
            assert self._everything() == before or self.changed
        return found

    changed: bool = False
    """Whether somebody changed something while it was looked."""

    def inbox(self) -> FolderFound:
        found = self.all()
        assert found.troubles == ()
        return next(one for one in found.folders if one.name == "INBOX")

    def fates(self) -> dict[str, int]:
        return {f"{fate}:{why}": n for (fate, why), n in self.inbox().counts.items()}

    def unexplained(self) -> dict[int, str]:
        return {one.uid: one.why for one in self.inbox().unexplained}

    def execute(self, statement: sa.Executable) -> None:
        with self.store.write() as tx:
            tx.execute(statement)

    def forget(self, uid: int) -> None:
        """A row of the ledger is gone, behind suivi's back."""
        self.execute(sa.delete(tables.sighting).where(tables.sighting.c.uid == uid))

    def judge(self, lo: int, hi: int) -> None:
        """These count as judged, whatever was done."""
        book = self.rulebook.in_force()
        with self.store.write() as tx:
            (inbox,) = (f for f in folders.of(tx, self.account.id) if f.name == "INBOX")
            range_ = (inbox.id, inbox.uidvalidity, lo, hi)
            folders.judge(tx, *range_, book.directory.version, book.judged_as)

    def in_force(self, *rules: Rule) -> RuleSet:
        """These rules of files, from now on."""
        found = sealed(replace(builtin(), rules=rules))
        self.rulebook.replace(found, ["lumen.example"], options.defaults(), "UTC")
        return found

    def _everything(self) -> dict[str, list[tuple[object, ...]]]:
        with self.store.read() as tx:
            return {
                table.name: [tuple(row) for row in tx.execute(sa.select(table))]
                for table in metadata.sorted_tables
            }


def copy(box: Box) -> Box:
    """Another session on the same account."""
    other = Box()
    other._folders = box._folders
    return other
