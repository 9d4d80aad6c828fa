"""A small company with a store, a mail server in memory, and reminders that are due."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from connectors.memory.outbox import MemoryOutbox
from daemon.reminders.plan import plan
from daemon.reminders.send import Sender
from daemon.rulebook import Rulebook
from daemon.store import follow_ups, installation, ledger, open_store, people, upgrade
from rules.model.followups import Assignee, FollowUpDraft, Reminder
from rules.model.sightings import When
from rules.ruleset import builtin

HOUR = timedelta(hours=1)
NOW = datetime.now(UTC)


class Letter:
    """Writes what it is told to, or what it is told to die of."""

    sender = "suivi@lumen.example"
    ways = SimpleNamespace(company="Atelier Lumen")

    def __init__(self):
        self.poison = {}
        self.written = []

    def write(self, tx, book, entry, follow_up, moment):
        if follow_up.title in self.poison:
            raise self.poison[follow_up.title]
        self.written.append(follow_up.title)
        return f"{follow_up.key}@lumen.example", f"Subject: {follow_up.title}\r\n\r\n".encode()


class Desk:
    """A small company with a store, and reminders that are due."""

    def __init__(self, folder):
        url = f"sqlite:///{folder / 'suivi.sqlite'}"
        upgrade(url)
        self.store = open_store(url)
        self.letter, self.outbox = Letter(), MemoryOutbox()
        with self.store.write() as tx:
            installation.ensure(tx, NOW - 9 * HOUR, None)
            self.ann = people.put_user(tx, name="Ann", email="ann@lumen.example")

    def sender(self, **other):
        book = Rulebook(self.store, builtin(), frozenset({"lumen.example"}))
        return Sender(
            self.store, book, self.outbox, self.letter, "desk", jitter=lambda: 0.0, **other
        )

    def remind(self, *titles):
        with self.store.write() as tx:
            for number, title in enumerate(titles):
                draft = FollowUpDraft(
                    key=title,
                    title=title,
                    when=When(NOW + timedelta(seconds=number)),
                    assignees=(Assignee(self.ann, owner=True),),
                    reminders=(Reminder(HOUR),),
                )
                follow_ups.open(tx, draft, NOW - 2 * HOUR, NOW - 9 * HOUR)
        plan(self.store, self.sender().rulebook, NOW)

    def entries(self):
        with self.store.read() as tx:
            found = {}
            for key in ("one", "two", "three"):
                follow_up = follow_ups.by_key(tx, key)
                if follow_up is not None:
                    (found[key],) = ledger.of(tx, follow_up.id)
        return found

    def states(self):
        return {key: entry.state.value for key, entry in self.entries().items()}
