"""What the reminder arrows need, without servers: a store, staff, a follow-up, a mailbox twin."""

import itertools
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.memory.mailbox import MemoryMailbox
from daemon.clock import now
from daemon.reminders import commands
from daemon.reminders.answers import Answers
from daemon.reminders.misprints import Printer
from daemon.reminders.sheets import Sheets
from daemon.reminders.ways import Ways
from daemon.reminders.writing import Desk
from daemon.rulebook import Rulebook
from daemon.store import (
    Store,
    accounts,
    follow_ups,
    installation,
    open_store,
    people,
    post,
    upgrade,
)
from daemon.store.post import Posted
from rules import identity
from rules.model.followups import Assignee, FollowUp, FollowUpDraft
from rules.model.people import Level, User
from rules.model.sightings import AccountId, When
from rules.ruleset import RuleSet
from tests.daemon.reminders.desk import Desk as Reminding

SECRET = b"s" * 32
COMMANDS = "suivi@lumen.example"
ANN = "Ann <ann@lumen.example>"
BOB = "Bob <bob@lumen.example>"


@dataclass
class Office:
    """A store with Ann and Bob, and suivi's own mailbox."""

    store: Store
    ann: User
    bob: User
    account: AccountId
    mailbox: MemoryMailbox = field(default_factory=MemoryMailbox)
    ways: Ways = field(
        default_factory=lambda: Ways("Lumen", COMMANDS, "https://suivi.lumen.example", SECRET)
    )
    trust: commands.Trust = field(default_factory=commands.Trust)
    templates: Path | None = None
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def answers(self) -> Answers:
        return Answers(self.store, Rulebook(self.store, RuleSet(), ["lumen.example"]), SECRET)

    @property
    def desk(self) -> Desk:
        return Desk("suivi@lumen.example", self.ways, Printer(Sheets(self.templates)))

    def open(self, title: str = "Appeler", owner: User | None = None, **more: Any) -> FollowUp:
        """A follow-up for tomorrow, of Ann's unless told."""
        who = owner or self.ann
        draft = FollowUpDraft(
            key=f"{title}{next(self.numbers)}",
            title=title,
            when=When(now().replace(microsecond=0) + timedelta(days=1), zone="Europe/Paris"),
            assignees=(Assignee(who.id, owner=True),),
            uid=identity.follow_up_uid(title),
            **more,
        )
        with self.store.write() as tx:
            return follow_ups.open(tx, draft, now(), now() - timedelta(days=9))[0]

    def get(self, follow_up: FollowUp) -> FollowUp:
        with self.store.read() as tx:
            found = follow_ups.get(tx, follow_up.id)
        assert found is not None
        return found

    def address(self, follow_up: FollowUp, user: User | None = None) -> str:
        """Where this user answers to."""
        to = self.ways.reply_to(follow_up, user or self.ann, now())
        assert to is not None
        return to.email

    def deliver(
        self,
        to: str,
        text: str,
        *,
        sender: str = ANN,
        message_id: str = "",
        headers: Mapping[str, str] | None = None,
        on_top: str = "",
    ) -> int:
        """A mail arrives in the command mailbox; its UID."""
        name = message_id or f"{next(self.numbers)}@phone.example"
        lines = {"From": sender, "To": to, "Subject": "Re: x", "Message-ID": f"<{name}>"}
        lines |= {"Content-Type": "text/plain; charset=utf-8", **(headers or {})}
        head = on_top + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return self.mailbox.deliver("INBOX", f"{head}\r\n{text}".encode())

    def read(self, *, twice: bool = True) -> dict[str, int]:
        """suivi reads its mailbox, and once more to no effect; counts by result."""
        counts = self._read()
        if twice:
            assert self._read() == {}
        return counts

    def _read(self) -> dict[str, int]:
        inbox = commands.Inbox(self.account, self.ways.commands or "", self.trust)
        session = self.mailbox.login()
        with self.store.write() as tx:
            lease = accounts.lease(tx, self.account, "test", now(), timedelta(minutes=9))
        assert lease is not None
        try:
            return dict(commands.read(self.answers, self.desk, inbox, session, lease))
        finally:
            with self.store.write() as tx:
                accounts.release(tx, lease)

    def letters(self) -> tuple[Posted, ...]:
        """The answer mails that wait."""
        with self.store.read() as tx:
            return post.waiting(tx)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "suivi.sqlite3"
    upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture
def office(template: Path, tmp_path: Path) -> Iterator[Office]:
    file = tmp_path / "suivi.sqlite3"
    shutil.copy(template, file)
    store = open_store(f"sqlite:///{file}")
    with store.write() as tx:
        installation.ensure(tx, now() - timedelta(days=9), None)
        zone = {"timezone": "Europe/Paris"}
        ann = people.put_user(tx, name="Ann", email="ann@lumen.example", language="en", **zone)
        bob = people.put_user(tx, name="Bob", email="bob@lumen.example", language="fr", **zone)
        account = accounts.declare(tx, "mail", "commands", "x", None, Level.EVERYTHING, now())
        users = [people.get_user(tx, user) for user in (ann, bob)]
    yield Office(store, users[0], users[1], account)  # type: ignore[arg-type]  # both are there
    store.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Reminding]:
    it = Reminding(tmp_path)
    yield it
    it.store.close()
