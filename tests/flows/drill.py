"""Crash drills: the daemon dies by kill −9 again and again, and nothing is lost or doubled.

A drill knows what it delivered and asked for (the oracle). It looks at the database at each death,
before the next daemon starts, for that tells which second copies are allowed; and at the end, when
all is caught up. What happened is told step by step, and printed at the end of the run.
"""

import collections
import imaplib
import itertools
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from daemon.store import Store, follow_ups, installation, open_store, people
from rules.model.followups import Assignee, FollowUpDraft, Reminder
from rules.model.sightings import When
from tests.flows.house import USERS, House, mail
from tests.flows.inside import furnish
from tests.servers import smtpsink

AN_HOUR = timedelta(hours=1)
PATIENCE = 60.0


@dataclass(slots=True)
class Row:
    """What is told of one step: what was delivered and asked for while it was drilled, and what
    became of that. `working`: kills of a daemon that had stored something since its start. `doubt`:
    reminders that stood at `sending` when the daemon died there; `twice`: those of them that came
    twice. `forbidden`: what came twice for no such reason.
    """

    kills: int = 0
    working: int = 0
    messages: int = 0
    reminders: int = 0
    doubt: int = 0
    lost: int = 0
    doubled: int = 0
    unheard: int = 0
    once: int = 0
    twice: int = 0
    forbidden: int = 0


@dataclass(slots=True)
class Drill:
    """One house that is killed; made by `drill`."""

    house: House
    store: Store
    sent: Path
    step: str = ""
    rows: dict[str, Row] = field(default_factory=lambda: collections.defaultdict(Row))
    copies: collections.Counter[str] = field(default_factory=collections.Counter)
    """The Message-IDs that match, with the number of mailboxes where each lies."""
    doubt: dict[str, dict[int, str]] = field(default_factory=lambda: collections.defaultdict(dict))
    """The reminders that stood at `sending` at a death: the attempts by then, and at which step."""
    answers: set[str] = field(default_factory=set)
    """Those of them that count only once what they answer was read."""
    arrived: Callable[[], Iterable[bytes]] | None = None
    """What a mail server other than the sink has received, as it was handed in."""
    _delivered_at: dict[str, str] = field(default_factory=dict)
    _asked_at: dict[str, str] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    # The load.

    def deliver(self) -> None:
        """One match in both mailboxes, one in one, and a stranger's."""
        self._put("jean@mistral.example", ("ann", "bob"))
        self._put("nobody@stranger.example", ("ann",), matches=False)
        self._put("paul@colin.example", ("ann",))

    def deliver_answer_first(self) -> None:
        """A stranger's answer, which belongs to the customer because what it answers does, lies
        in the mailbox before that."""
        number = next(self._numbers)
        parent, answer = f"parent-{number}@mistral.example", f"answer-{number}@stranger.example"
        self.answers.add(answer)
        headers = {"In-Reply-To": f"<{parent}>"}
        self._put("nobody@stranger.example", ("ann",), name=answer, headers=headers)
        for _ in range(2):
            self._put("nobody@stranger.example", ("ann",), matches=False)
        self._put("jean@mistral.example", ("ann",), name=parent)

    def _put(
        self,
        sender: str,
        boxes: tuple[str, ...],
        *,
        matches: bool = True,
        name: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        with self._lock:
            number = next(self._numbers)
            name = name or f"crash-{number}@mail.example"
            to = "ann@lumen.example, bob@lumen.example"
            raw = mail(sender, to, f"Devis {number}", message_id=name, headers=headers)
            for box in boxes:
                self.house.dovecot.deliver(box, "INBOX", raw)
            if matches:
                self.copies[name] = len(boxes)
                self._delivered_at[name] = self.step
                self.rows[self.step].messages += 1

    def ask(self, number: int = 1) -> None:
        """Follow-ups of Ann and Bob, whose reminders are due now."""
        now = datetime.now(UTC)
        with self._lock, self.store.write() as tx:
            (party,) = (p.id for p in people.find_third_party(tx, "CU-1"))
            staff = [u.id for u in people.users(tx).values()]
            for _ in range(number):
                key = f"drill:{next(self._numbers)}"
                draft = FollowUpDraft(
                    key=key,
                    title=f"Rappeler {key}",
                    when=When(now + AN_HOUR),
                    assignees=tuple(Assignee(u, owner=u == staff[0]) for u in staff),
                    third_party=party,
                    reminders=(Reminder(AN_HOUR),),
                )
                follow_ups.open(tx, draft, now, installation.get(tx).live_since)
                self._asked_at[key] = self.step
                self.rows[self.step].reminders += len(staff)

    @contextmanager
    def load(
        self, *work: Callable[[], None], every: float = 1.0, most: int = 10_000
    ) -> Iterator[None]:
        """Do these things again and again meanwhile, `most` times in all: so that a daemon which
        hardly lives doesn't leave more and more to the next one."""
        ended = threading.Event()

        def run() -> None:
            for _ in range(most):
                if ended.wait(every):
                    return
                for thing in work:
                    thing()

        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(run)
            try:
                yield
            finally:
                ended.set()
            running.result()

    # Deaths.

    def dies(self, step: str, spec: str) -> None:
        """Run until it has killed itself there, and look at what it left."""
        self.step = step
        before = self._done()
        with self.house.daemon(SUIVI_CRASH_AT=spec) as process:
            try:
                code = process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                raise AssertionError(f"{spec} not reached\n{self.house.log()[-3000:]}") from None
        assert code == -signal.SIGKILL, self.house.log()[-3000:]
        self._died(before)

    def dies_at_work(self, step: str, seconds: float) -> None:
        """Run, and kill it that long after the first thing that it stored."""
        self.step = step
        before, until = self._done(), time.monotonic() + PATIENCE
        with self.house.daemon() as process:
            while self._done() == before:
                assert time.monotonic() < until, self.house.log()[-3000:]
                time.sleep(0.05)
            time.sleep(seconds)
            process.kill()
            process.wait()
        self._died(before)

    def _died(self, before: tuple[int, ...]) -> None:
        self.rows[self.step].kills += 1
        self.rows[self.step].working += self._done() != before
        self.note_doubt()
        self.assert_judged_is_recorded()

    def note_doubt(self) -> None:
        """Of which reminders nobody can know now whether the server has them."""
        for message_id, attempts in self._ledger("state = 'sending'"):
            if attempts not in self.doubt[message_id]:
                self.rows[self.step].doubt += 1
                self.doubt[message_id][attempts] = self.step

    def assert_judged_is_recorded(self) -> None:
        """No UID counts as judged whose match is not recorded, nor the other way round; answers
        that were read before what they answer may still be waited for."""
        for user in self.house.users:
            names = {uid: n for uid, n in _message_ids(self.house, user) if n in self.copies}
            judged, sighted = self._judged(user) & names.keys(), self._sighted(user)
            assert sighted <= judged, (self.step, user)
            assert {names[uid] for uid in judged - sighted} <= self.answers, (self.step, user)

    def _done(self) -> tuple[int, ...]:
        """How much it has stored so far: it grows by every step of both arrows."""
        query = """
            SELECT (SELECT count(*) FROM sighting) AS seen,
                coalesce(sum(attempts), 0) AS attempts,
                coalesce(sum(CASE WHEN state <> 'due' THEN 1 ELSE 0 END), 0) AS taken,
                coalesce(sum(CASE WHEN state = 'sent' THEN 1 ELSE 0 END), 0) AS sent
            FROM ledger
        """
        (row,) = self._rows(query)
        return row.seen, row.attempts, row.taken, row.sent

    def settle(self, patience: float = PATIENCE) -> None:
        """Run undisturbed until all is caught up, or for so long that it never will be; `judge`
        says which."""
        self.step = "settled"
        until = time.monotonic() + patience
        with self.house.daemon() as process:
            while not self.caught_up() and time.monotonic() < until:
                assert process.poll() is None, self.house.log()[-3000:]
                time.sleep(0.3)

    def caught_up(self) -> bool:
        """Whether every copy was seen and every reminder is sent."""
        return self.sightings() >= self.copies and len(self._ledger("state = 'sent'")) == self.asked

    # What came of it.

    @property
    def asked(self) -> int:
        """How many reminders are to arrive."""
        return sum(row.reminders for row in self.rows.values())

    def recorded(self) -> collections.Counter[str]:
        """How many exchanges there are of each Message-ID."""
        return collections.Counter(
            r.message_id for r in self._rows("SELECT message_id FROM exchange")
        )

    def sightings(self) -> collections.Counter[str]:
        """How many copies were seen of each Message-ID."""
        query = "SELECT e.message_id FROM sighting s JOIN exchange e ON e.id = s.exchange_id"
        return collections.Counter(r.message_id for r in self._rows(query))

    def received(self) -> dict[str, list[bytes]]:
        """The mails that arrived, by their Message-ID."""
        found: dict[str, list[bytes]] = collections.defaultdict(list)
        for data in self.arrived() if self.arrived else self._in_the_sink():
            name = str(message_from_bytes(data)["Message-ID"]).strip("<>")
            found[name].append(data)
        return found

    def _in_the_sink(self) -> Iterable[bytes]:
        return (mail.data for mail in smtpsink.mails(self.sent))

    def judge(self, title: str, tell: Callable[[str], None]) -> None:
        """Compare with the oracle; tell it step by step, then fail if anything is wrong."""
        recorded, received = self.recorded(), self.received()
        for name, step in self._delivered_at.items():
            self.rows[step].lost += recorded[name] == 0
            self.rows[step].doubled += recorded[name] > 1
        for key, name in self._names():
            row = self.rows[self._asked_at[key]]
            copies = len(received.get(name, ()))
            row.unheard += copies == 0
            row.once += copies == 1
            row.forbidden += copies > 1 + len(self.doubt[name])
            if copies > 1 and self.doubt[name]:
                self.rows[max(self.doubt[name].items())[1]].twice += 1
        tell(self._told(title, received))
        assert recorded == collections.Counter(self.copies.keys())
        assert self.sightings() == self.copies
        self.assert_judged_is_recorded()
        assert received.keys() == {name for _, name in self._names()}
        assert len(received) == self.asked
        assert not any(row.forbidden for row in self.rows.values())
        assert all(len(set(copies)) == 1 for copies in received.values())
        self.assert_reconciled()

    def assert_reconciled(self) -> None:
        """Each message that the mail server has is accounted for."""
        self.house.suivi("reconcile", timeout=600)

    def _told(self, title: str, received: Mapping[str, list[bytes]]) -> str:
        heads = (
            "kills working messages lost doubled reminders unheard once forbidden at-sending twice"
        )
        lines = [title, f"{'step':22}{heads}"]
        for step, r in self.rows.items():
            lines.append(
                f"{step:22}{r.kills:5}{r.working:8}{r.messages:9}{r.lost:5}{r.doubled:8}{r.reminders:10}"
                f"{r.unheard:8}{r.once:5}{r.forbidden:10}{r.doubt:11}{r.twice:6}"
                f" {'█' * min(r.kills, 40)}"
            )
        different = sum(len(set(copies)) > 1 for copies in received.values())
        twice = sum(len(copies) > 1 for copies in received.values())
        kills = sum(r.kills for r in self.rows.values())
        lines.append(
            f"{kills} kills; {twice} reminders twice, {different} of them with other bytes"
        )
        return "\n".join(lines)

    def _names(self) -> list[tuple[str, str]]:
        query = "SELECT f.key, l.message_id FROM ledger l JOIN follow_up f ON f.id = l.follow_up_id"
        return [(r.key, r.message_id) for r in self._rows(query)]

    def _ledger(self, where: str) -> list[tuple[str, int]]:
        rows = self._rows(f"SELECT message_id, attempts FROM ledger WHERE {where}")
        return [(r.message_id, r.attempts) for r in rows]

    def _judged(self, user: str) -> set[int]:
        query = (
            "SELECT j.lo, j.hi FROM judged_range j JOIN folder f ON f.id = j.folder_id "
            f"JOIN account a ON a.id = f.account_id WHERE a.name = '{user}' AND f.role = 'inbox'"
        )
        return {uid for r in self._rows(query) for uid in range(r.lo, r.hi + 1)}

    def _sighted(self, user: str) -> set[int]:
        query = (
            "SELECT s.uid FROM sighting s JOIN account a ON a.id = s.account_id "
            f"WHERE a.name = '{user}'"
        )
        return {r.uid for r in self._rows(query)}

    def _rows(self, query: str) -> list[Any]:
        with self.store.read() as tx:
            return list(tx.execute(sa.text(query)))


@contextmanager
def drill(house: House, sent: Path) -> Iterator[Drill]:
    """A furnished house to be killed."""
    furnish(house)
    store = open_store(house.database)
    try:
        yield Drill(house, store, sent)
    finally:
        store.close()


def _message_ids(house: House, user: str) -> list[tuple[int, str]]:
    """The UIDs in the inbox of a user, as the server itself tells them."""
    with imaplib.IMAP4("127.0.0.1", house.dovecot.port) as session:
        session.login(user, USERS[user])
        session.select("INBOX", readonly=True)
        _, answer = session.uid("FETCH", "1:*", "(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")
    found = []
    for part in answer:
        if isinstance(part, tuple):
            uid = re.search(rb"UID (\d+)", part[0])
            name = re.search(rb"<([^>]+)>", part[1])
            assert uid is not None and name is not None, part
            found.append((int(uid[1]), name[1].decode()))
    return found


def pause(process: "subprocess.Popen[bytes]") -> None:
    """Stop it where it stands, as a suspended machine does."""
    os.kill(process.pid, signal.SIGSTOP)


def resume(process: "subprocess.Popen[bytes]") -> None:
    """Go on as if no time had passed."""
    os.kill(process.pid, signal.SIGCONT)
