"""A company in memory: mailboxes whose mail is judged by one set of rules, then by another."""

import itertools
import shutil
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from connectors.errors import Unreachable
from connectors.memory.calendars import MemoryCalendars
from connectors.memory.mailbox import MemoryMailbox
from daemon.app import members
from daemon.app.in_step import Applied, Choice, apply
from daemon.app.past import Past, Question, Servers, judged_anew
from daemon.app.rules import own_domains
from daemon.capture import calendar, mail, meetings
from daemon.config import Settings, load
from daemon.followups.absorb import Absorb, withdraw
from daemon.followups.no_reply import NoReply, open_unanswered
from daemon.history.compare import compare
from daemon.history.findings import Difference, InStep, Undecided
from daemon.ports import Mailbox
from daemon.rulebook import Rulebook
from daemon.store import (
    Lease,
    Store,
    accounts,
    exchanges,
    follow_ups,
    installation,
    open_store,
    people,
    whole,
)
from daemon.store.tables import metadata
from rules.model.exchanges import ExchangeId
from rules.model.followups import FollowUp
from rules.model.people import Contact, ContactId, ThirdParty, ThirdPartyId
from rules.model.sightings import AccountId, FolderRole
from rules.model.wire import FetchedText
from rules.ruleset import RuleSet

SECRET = b"0123456789abcdef0123456789abcdef"
ALL = Choice()
BEGUN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

TOML = """
state_dir = "{folder}/state"
runtime_dir = "{folder}/run"
[company]
name = "Atelier Lumen"
domains = ["lumen.example"]
[database]
url = "{url}"
[capture]
batch = 7
[[users]]
name = "Ann"
email = "ann@lumen.example"
admin = true
[[users]]
name = "Bob"
email = "bob@lumen.example"
[[mailboxes]]
name = "ann"
owner = "ann@lumen.example"
host = "memory"
user = "ann"
password = "x"
[[mailboxes]]
name = "bob"
owner = "bob@lumen.example"
host = "memory"
user = "bob"
password = "x"
folders = ["Projects"]
[[calendars]]
name = "agenda"
owner = "ann@lumen.example"
url = "http://memory/"
user = "ann"
password = "x"
"""

MEETING = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//phone//phone//EN
BEGIN:VEVENT
UID:{uid}
DTSTAMP:{start}
DTSTART:{start}
DURATION:PT1H
SUMMARY:{title}
ATTENDEE:mailto:carla@carla.example
END:VEVENT
END:VCALENDAR
"""

FOLDERS = {
    "INBOX": FolderRole.INBOX,
    "Sent": FolderRole.SENT,
    "Projects": FolderRole.OTHER,
}


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail, and the folders (of whom, which) that hold a copy."""

    number: int
    sender: str
    to: str
    subject: str
    text: str = "Bonjour"
    answers: int | None = None
    copies: tuple[tuple[str, str], ...] = (("ann", "INBOX"),)

    def raw(self) -> bytes:
        lines = [
            f"From: {self.sender}",
            f"To: {self.to}",
            f"Subject: {self.subject}",
            f"Date: Mon, {3 + self.number // 24:02} Mar 2026 {self.number % 24:02}:00:00 +0000",
            f"Message-ID: <m{self.number}@x.example>",
        ]
        if self.answers is not None:
            lines.append(f"In-Reply-To: <m{self.answers}@x.example>")
        return "\r\n".join([*lines, "", self.text, ""]).encode()


class Mute:
    """A mailbox that gives no text."""

    def __init__(self, box: MemoryMailbox) -> None:
        self.box = box.login()

    def texts(self, _uids: Collection[int]) -> tuple[FetchedText, ...]:
        return ()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.box, name)


@dataclass(slots=True)
class Company:
    """One database, and the mailboxes."""

    folder: Path
    settings: Settings
    store: Store
    template: Path
    boxes: dict[str, MemoryMailbox]
    agenda: MemoryCalendars
    unreachable: set[str] = field(default_factory=set)
    no_texts: bool = False

    def deliver(self, letters: Iterable[Letter]) -> None:
        for letter in letters:
            for who, where in letter.copies:
                received = BEGUN + timedelta(days=1, hours=letter.number)
                self.boxes[who].deliver(where, letter.raw(), received=received)

    def meet(self, uid: str, title: str, start: datetime) -> None:
        text = MEETING.format(uid=uid, title=title, start=start.strftime("%Y%m%dT%H%M%SZ"))
        data = text.replace("\n", "\r\n").encode()
        self.agenda.place("/ann/", f"/ann/{uid}.ics", data)

    def ingest(self, ruleset: RuleSet) -> None:
        """As the daemon does, once through."""
        with self.store.write() as tx:
            known = members.declare(tx, self.settings, BEGUN)
        rulebook = Rulebook(self.store, ruleset, own_domains(self.settings))
        capture = mail.MailCapture(self.store, rulebook, SECRET, batch=7)
        for account, _ in known.mail.values():
            with self.turn(account.id) as lease:
                mail.sync(capture, account, self.boxes[account.name].login(), lease, _on)
        for member, _ in known.calendars.values():
            books = meetings.CalendarCapture(
                self.store, rulebook, SECRET, Absorb(member.zone), withdraw
            )
            with self.turn(member.id) as lease:
                calendar.sync(books, member, self.agenda, lease)

    def look_for_replies(self, ruleset: RuleSet, now: datetime) -> int:
        """As the daemon does: how many follow-ups were opened for want of one."""
        rulebook = Rulebook(self.store, ruleset, own_domains(self.settings))
        return open_unanswered(NoReply(self.store, rulebook, "Europe/Paris"), now)

    @contextmanager
    def turn(self, account: AccountId) -> Iterator[Lease]:
        with self.store.write() as tx:
            lease = accounts.lease(tx, account, "test", datetime.now(UTC), timedelta(hours=1))
        assert lease is not None
        yield lease
        with self.store.write() as tx:
            accounts.release(tx, lease)

    @contextmanager
    def past(self, ruleset: RuleSet, since: datetime | None = None) -> Iterator[Past]:
        def mailbox(name: str) -> Mailbox:
            if name in self.unreachable:
                raise Unreachable("memory: down")
            return Mute(self.boxes[name]) if self.no_texts else self.boxes[name].login()

        servers = Servers(mailbox, lambda _name: self.agenda)
        asked = Question(
            self.settings,
            self.store,
            ruleset,
            SECRET,
            servers,
            prepare=lambda url: shutil.copy(self.template, url.removeprefix("sqlite:///")),
            since=since,
        )
        with judged_anew(asked) as past:
            yield past

    def diff(self, ruleset: RuleSet, **more: Any) -> list[Difference | Undecided]:
        with self.past(ruleset, **more) as past:
            return self.differences(past)

    def differences(self, past: Past) -> list[Difference | Undecided]:
        found = compare(past.store, past.other, past.scope)
        return [f for f in found if not isinstance(f, InStep)]

    def apply(self, ruleset: RuleSet, choice: Choice = ALL) -> Applied:
        with self.past(ruleset) as past:
            return self.carry_out(past, choice)

    def carry_out(self, past: Past, choice: Choice = ALL) -> Applied:
        return apply(past, choice, "test", patience=1)

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """All that is in the database."""
        with self.store.read() as tx:
            return {
                table.name: sorted((tuple(r) for r in tx.execute(sa.select(table))), key=repr)
                for table in metadata.sorted_tables
            }

    def state(self) -> dict[str, Any]:
        """What rules made of the past, without what each store gives by itself."""
        with self.store.read() as tx:
            ids = tx.execute(sa.text("SELECT id FROM exchange")).scalars().all()
            found = whole.read(tx, ids)
            vetoes = tx.execute(sa.text("SELECT key_hash, level, by_rules FROM veto")).all()
            burials = tx.execute(sa.text("SELECT hash, of_rule FROM tombstone")).all()
            asked = tx.execute(
                sa.text("SELECT folder_id, uid, candidates FROM ambiguity ORDER BY 1, 2, 3")
            ).all()
            opened = tx.execute(
                sa.text(
                    "SELECT f.key, f.title, f.start_at, f.third_party_id, f.live, e.message_id"
                    " FROM follow_up f LEFT JOIN exchange e ON e.id = f.exchange_id"
                    " WHERE f.origin = 'rule' AND f.state = 'to_do' ORDER BY f.key"
                )
            ).all()
            waiting = tx.execute(
                sa.text(
                    "SELECT a.rule, a.within, e.message_id FROM awaited_reply a"
                    " JOIN exchange e ON e.id = a.exchange_id ORDER BY 1, 2, 3"
                )
            ).all()
        return {
            "follow-ups": [tuple(row) for row in opened],
            "waiting": [tuple(row) for row in waiting],
            "exchanges": sorted(
                (
                    sorted(f"{k.kind}:{k.key}" for k in one.keys),
                    sorted((name, _sorted(value)) for name, value in whole.facts(one).items()),
                    sorted((whole.place(c), c["direction"], c["level"]) for c in one.copies),
                    one.row["happened_at"],
                    sorted(one.parents),
                )
                for one in found.values()
            ),
            "vetoes": sorted(vetoes, key=repr),
            "burials": sorted(burials, key=repr),
            "questions": list(asked),
        }

    def exchange(self, ref: str) -> ExchangeId:
        with self.store.read() as tx:
            found = exchanges.by_ref(tx, ref)
        assert found is not None
        return found.id

    def follow_ups(self) -> list[FollowUp]:
        with self.store.read() as tx:
            keys = tx.execute(sa.text("SELECT key FROM follow_up ORDER BY id")).scalars().all()
            return [f for key in keys if (f := follow_ups.by_key(tx, key))]

    def of_earlier(self, ruleset: RuleSet) -> int:
        with self.store.read() as tx:
            return whole.of_earlier_rules(tx, ruleset.fingerprint)

    def refs(self) -> dict[str, str]:
        """Subjects by reference."""
        with self.store.read() as tx:
            rows = tx.execute(sa.text("SELECT number, subject FROM exchange ORDER BY number"))
            return {f"EXC-{number}": subject for number, subject in rows}


def _sorted(value: Any) -> Any:
    return sorted(value, key=repr) if isinstance(value, frozenset) else value


def _on(_folder: str, _done: int, _total: int) -> bool:
    return True


_numbers = itertools.count(1)


@contextmanager
def company(folder: Path, template: Path, url: str) -> Iterator[Company]:
    """A company with three third parties, whose database `url` is empty and of this version."""
    home = folder / f"company-{next(_numbers)}"
    home.mkdir()
    path = home / "suivi.toml"
    path.write_text(TOML.format(folder=home, url=url))
    path.chmod(0o600)
    settings = load(path, servers=False)
    store = open_store(url)
    agenda = MemoryCalendars()
    agenda.add("/ann/", "Work")
    boxes = {"ann": MemoryMailbox(FOLDERS), "bob": MemoryMailbox(FOLDERS)}
    with store.write() as tx:
        installation.ensure(tx, BEGUN, None)
        members.declare(tx, settings, BEGUN)
        acme = people.put_third_party(
            tx, ThirdParty(ThirdPartyId(0), "CU1", "Acme", domains=("acme.example",))
        )
        beta = people.put_third_party(tx, ThirdParty(ThirdPartyId(0), "CU2", "Beta"))
        people.put_third_party(tx, ThirdParty(ThirdPartyId(0), "CU3", "Gamma"))
        for party, name in ((acme, "carla"), (beta, "dora")):
            people.put_contact(
                tx, Contact(ContactId(0), party, name, emails=(f"{name}@{name}.example",))
            )
    try:
        yield Company(home, settings, store, template, boxes, agenda)
    finally:
        store.close()
        shutil.rmtree(home, ignore_errors=True)
