"""What a test of follow-ups does at the back door: open one, look one up, and read sent mail.

Follow-ups are opened and read through the store, as the API and the commands do; what became of
them is seen on the real servers.
"""

import email
import email.policy
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from daemon.clock import now
from daemon.store import Tx, follow_ups, installation, ledger, people, post
from daemon.store.tables.follow_ups import ledger as entries
from daemon.store.tables.installation import installation as installed
from rules import identity
from rules.model.followups import (
    Assignee,
    FollowUp,
    FollowUpDraft,
    LedgerEntry,
    LedgerState,
    Reminder,
)
from rules.model.sightings import When
from tests.flows.inside import Inside
from tests.servers import smtpsink

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Office:
    """The store of a house, beside its daemon."""

    within: Inside

    @property
    def secret(self) -> bytes:
        return self.within.parts.secret

    def open(
        self,
        title: str,
        start: datetime,
        *,
        owner: str = "ann",
        party: str | None = None,
        before: Iterable[timedelta] = (HOUR,),
        opened: datetime | None = None,
        **more: Any,
    ) -> FollowUp:
        """A new follow-up of one of staff, with its reminders."""
        with self._write() as tx:
            about = people.find_third_party(tx, party)[0].id if party else None
            draft = FollowUpDraft(
                key=title,
                title=title,
                when=When(start, zone="Europe/Paris"),
                assignees=(Assignee(self.within.user(owner).id, owner=True),),
                third_party=about,
                reminders=tuple(map(Reminder, before)),
                uid=identity.follow_up_uid(title),
                **more,
            )
            live_since = installation.get(tx).live_since
            return follow_ups.open(tx, draft, opened or now(), live_since)[0]

    def change(self, follow_up: FollowUp) -> FollowUp:
        """Make it this value, as somebody in the office would."""
        with self._write() as tx:
            stored = follow_ups.get(tx, follow_up.id)
            assert stored is not None
            return follow_ups.change(tx, follow_up, "office", "test", now(), stored.revision)

    def get(self, follow_up: FollowUp) -> FollowUp:
        """As it stands now."""
        with self.within.read() as tx:
            found = follow_ups.get(tx, follow_up.id)
        assert found is not None
        return found

    def ledger(self, follow_up: FollowUp) -> tuple[LedgerEntry, ...]:
        """Its reminders, by time."""
        with self.within.read() as tx:
            return ledger.of(tx, follow_up.id)

    def states(self, follow_up: FollowUp) -> list[tuple[int, str]]:
        """Schedule version and state of each of its reminders."""
        return [(e.due.schedule_version, e.state.value) for e in self.ledger(follow_up)]

    def void_reasons(self) -> list[str]:
        """Why reminders will not be sent."""
        return sorted(r["void_reason"] for r in self.within.rows("ledger") if r["void_reason"])

    def live_since(self, moment: datetime) -> None:
        """As if the installation had gone live then."""
        with self._write() as tx:
            tx.execute(sa.update(installed).values(live_since=moment))

    def retry_now(self) -> None:
        """As if the wait of those that are to be tried again were over."""
        with self._write() as tx:
            waiting = entries.c.state == LedgerState.RETRY
            tx.execute(sa.update(entries).where(waiting).values(next_try_at=now()))

    def post(self, recipient: str) -> None:
        """A letter, beside reminders."""
        mail, until = b"Subject: x\r\n\r\n", now() + HOUR
        with self._write() as tx:
            post.put(tx, post.Letter("notice", "1", recipient, "1@x.example", mail, until), now())

    def _write(self) -> AbstractContextManager[Tx]:
        return self.within.parts.store.write()


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that was sent, as its reader sees it."""

    recipients: tuple[str, ...]
    message: EmailMessage

    def __getitem__(self, name: str) -> str:
        return str(self.message[name])

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        assert part is not None
        return str(part.get_content())


def letters(folder: Path, title: str = "") -> list[Letter]:
    """What was sent, with this in the subject."""
    found = [
        Letter(m.recipients, email.message_from_bytes(m.data, policy=email.policy.default))
        for m in smtpsink.mails(folder)
    ]
    return [m for m in found if title in m["Subject"]]
