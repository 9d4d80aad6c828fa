"""Kill −9 at each named step of the mail arrow and of the reminder arrow, and at random moments.

Afterwards every expected exchange exists exactly once, every reminder was received, and twice only
where the ledger stood at `sending`, then with the same Message-ID and the same bytes.
"""

import collections
import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path

import pytest
import sqlalchemy as sa

from daemon.steps import STEPS
from daemon.store import Store, follow_ups, installation, open_store, people
from rules.model.followups import Assignee, FollowUpDraft, Reminder
from rules.model.sightings import When
from tests.flows.house import House, eventually, mail
from tests.servers import smtpsink

AN_HOUR = timedelta(hours=1)
DRILLED = [s for s in STEPS if s.startswith(("mail.", "reminder."))]
RANDOM = 20
MANY = 200


@dataclass
class Drill:
    """What was delivered and asked for, and what each crash left behind."""

    house: House
    store: Store
    sent: Path
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    expected: set[str] = field(default_factory=set)
    asked: int = 0
    in_doubt: set[str] = field(default_factory=set)
    crashes: collections.Counter[str] = field(default_factory=collections.Counter)

    def load(self) -> None:
        """Three messages, two of which match, in one mailbox; one of these in the other too."""
        for matches in (True, False, True):
            number = next(self.numbers)
            message_id = f"crash-{number}@mistral.example"
            sender = "jean@mistral.example" if matches else "nobody@stranger.example"
            raw = mail(sender, "ann@lumen.example", f"Devis {number}", message_id=message_id)
            self.house.dovecot.deliver("ann", "INBOX", raw)
            if matches:
                self.expected.add(message_id)
        self.house.dovecot.deliver("bob", "INBOX", raw)

    def ask(self) -> None:
        """Two follow-ups whose reminders are due now."""
        now = datetime.now(UTC)
        with self.store.write() as tx:
            (ann,) = (u.id for u in people.users(tx).values() if u.name.startswith("Ann"))
            (party,) = (p.id for p in people.find_third_party(tx, "CU-1"))
            live_since = installation.get(tx).live_since
            for _ in range(2):
                draft = FollowUpDraft(
                    key=f"drill:{self.asked}",
                    title=f"Rappeler {self.asked}",
                    when=When(now + AN_HOUR),
                    assignees=(Assignee(ann, owner=True),),
                    third_party=party,
                    reminders=(Reminder(AN_HOUR),),
                )
                follow_ups.open(tx, draft, now, live_since)
                self.asked += 1

    def crash(self, spec: str, name: str) -> None:
        """Run until it kills itself, under load; note which reminders may come twice."""
        self.load()
        self.ask()
        with self.house.daemon(SUIVI_CRASH_AT=spec) as process:
            until = time.monotonic() + 60
            while process.poll() is None:
                assert time.monotonic() < until, (
                    f"{spec} was not reached\n{self.house.log()[-3000:]}"
                )
                time.sleep(0.2)
                if name == "random":
                    self.load()
            assert process.returncode == -9, self.house.log()[-3000:]
        self.crashes[name] += 1
        self.in_doubt |= set(self._column("message_id", "state = 'sending'"))

    def settle(self) -> None:
        """Run without a drill until all is caught up."""
        with self.house.daemon():
            eventually(
                lambda: self.recorded().keys() >= self.expected,
                seconds=90,
                what="every message is recorded",
                house=self.house,
            )
            eventually(
                lambda: len(self._column("id", "state = 'sent'")) == self.asked,
                seconds=90,
                what="every reminder is sent",
                house=self.house,
            )

    def recorded(self) -> collections.Counter[str]:
        """How many exchanges there are of each Message-ID."""
        with self.store.read() as tx:
            rows = tx.execute(sa.text("SELECT message_id FROM exchange"))
            return collections.Counter(row.message_id for row in rows)

    def received(self) -> dict[str, list[bytes]]:
        """The mails that arrived, by their Message-ID."""
        found: dict[str, list[bytes]] = {}
        for arrived in smtpsink.mails(self.sent):
            name = str(message_from_bytes(arrived.data)["Message-ID"]).strip("<>")
            found.setdefault(name, []).append(arrived.data)
        return found

    def _column(self, column: str, where: str) -> list[str]:
        with self.store.read() as tx:
            query = sa.text(f"SELECT {column} AS wanted FROM ledger WHERE {where}")
            return [row.wanted for row in tx.execute(query)]


@contextmanager
def drill(house: House, sent: Path) -> Iterator[Drill]:
    house.prepare()
    store = open_store(house.database)
    try:
        yield Drill(house, store, sent)
    finally:
        store.close()


@pytest.mark.timeout(1800)
def test_no_crash_loses_or_doubles_anything(
    make_house: Callable[..., House],
    database: str,
    sink: tuple[int, Path],
    request: pytest.FixtureRequest,
) -> None:
    port, sent = sink
    house = make_house(database, smtp_port=port, batch=2, lease_seconds=1)
    moments = MANY if request.config.getoption("--long") else RANDOM
    with drill(house, sent) as it:
        for step in DRILLED:
            per_item = step in ("reminder.rendered", "reminder.sending") or step.startswith("mail.")
            for time_reached in (1, 2) if per_item else (1, 1):
                it.crash(f"{step}:{time_reached}", step)
        for seed in range(moments):
            it.crash(f"random:{seed}:700", "random")
        it.settle()
        recorded, received = it.recorded(), it.received()
        doubled = {name for name, copies in received.items() if len(copies) > 1}
        _print(it, recorded, received, doubled, database.split(":")[0])
        assert recorded == collections.Counter(it.expected)
        assert len(received) == it.asked
        assert doubled <= it.in_doubt
        assert all(len(set(copies)) == 1 for copies in received.values())


def _print(
    it: Drill,
    recorded: collections.Counter[str],
    received: dict[str, list[bytes]],
    doubled: set[str],
    kind: str,
) -> None:
    print(f"\nkill -9, {kind}: {sum(it.crashes.values())} crashes")
    for step, count in it.crashes.items():
        print(f"  {step:24} {'█' * min(count, 60)} {count}")
    print(
        f"  exchanges: {len(it.expected)} expected, {len(it.expected - recorded.keys())} lost, "
        f"{sum(n > 1 for n in recorded.values())} doubled\n"
        f"  reminders: {it.asked} asked for, {it.asked - len(received)} lost, {len(doubled)} "
        f"received twice, of {len(it.in_doubt)} that stood at sending"
    )
