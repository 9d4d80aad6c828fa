"""Kill −9 at each named step of what answers do, and two daemons at it side by side.

Each message that nobody answered leads to one follow-up, and each answer closes one and is told
once, whatever died in between.
"""

import collections
import signal
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.clock import now
from daemon.steps import STEPS
from daemon.store import awaited, exchanges, people, work
from rules import awaiting
from rules.model.decisions import AwaitReply
from rules.model.exchanges import Direction, Draft, ExchangeId, ExchangeKey, KeyKind, Source
from rules.model.followups import Assignee, FollowUpDraft, Origin, State
from rules.model.people import Contact, ContactId
from rules.model.rules import Later
from rules.model.sightings import MailKind, When
from tests.flows.house import House, eventually
from tests.flows.inside import Inside, furnish, inside
from tests.flows.office import Office, letters

DRILLED = [step for step in STEPS if step.startswith(("answer.", "no-reply."))]
DAY = timedelta(days=1)


class Mailbag:
    """What was sent and received, as if the mail arrow had recorded it."""

    def __init__(self, within: Inside) -> None:
        self.within, self.office = within, Office(within)
        self.waited: list[str] = []
        self.answered: list[str] = []
        with within.read() as tx:
            (self.party,) = (p.id for p in people.find_third_party(tx, "CU-1"))

    def send(self) -> None:
        """A message nine days ago that a rule waited three days for a reply to."""
        name = f"out-{len(self.waited)}"
        # Each to a contact of its own, so that nothing that comes answers it.
        exchange = self._record(name, Direction.OUTBOUND, 9 * DAY)
        draft = FollowUpDraft(
            key=awaiting.key("quote", name),
            title=f"Pas de réponse {name}",
            when=When(now() + 2 * DAY, zone="Europe/Paris"),
            assignees=(Assignee(self.within.user("ann").id, owner=True),),
            third_party=self.party,
            origin=Origin.RULE,
        )
        with self.within.parts.store.write() as tx:
            awaited.put(tx, exchange, AwaitReply("quote", 3, Later(40), draft), now())
        self.waited.append(draft.key)

    def receive(self) -> None:
        """An answer, and the follow-up that it answers: those of one contact each."""
        name = f"in-{len(self.answered)}"
        contact = self._contact(name)
        opened = self.office.open(
            name, now() + DAY, party="CU-1", contact=contact, opened=now() - DAY
        )
        exchange = self._record(name, Direction.INBOUND, timedelta(hours=1), contact)
        with self.within.parts.store.write() as tx:
            work.put(tx, "answer", str(exchange), now())
        self.answered.append(opened.key)

    def _record(
        self, name: str, way: Direction, ago: timedelta, contact: ContactId | None = None
    ) -> ExchangeId:
        draft = Draft(
            keys=(ExchangeKey(KeyKind.MESSAGE, name),),
            third_parties=(self.party,),
            contacts=(contact or self._contact(name),),
            direction=way,
            mode="email",
            happened_at=now() - ago,
            source=Source.MAIL,
            kind=MailKind.HUMAN,
            subject=name,
            author=self.within.user("ann").id,
            message_id=f"{name}@mail.example",
        )
        with self.within.parts.store.write() as tx:
            return exchanges.add(tx, draft, now()).id

    def _contact(self, name: str) -> ContactId:
        with self.within.parts.store.write() as tx:
            wanted = Contact(ContactId(0), self.party, name, (f"{name}@mistral.example",))
            return people.put_contact(tx, wanted)

    def is_settled(self) -> bool:
        """Whether nothing is left to look at."""
        tables = ("awaited_reply", "work")
        return not any(self.within.rows(table) for table in tables)

    def check(self, sent: Path) -> None:
        """Each once: follow-ups, closings, mails."""
        found = collections.Counter(f.key for f in self.within.follow_ups())
        assert found == collections.Counter([*self.waited, *self.answered])
        states = {f.key: f.state for f in self.within.follow_ups()}
        assert {states[key] for key in self.waited} == {State.TO_DO}
        assert {states[key] for key in self.answered} == {State.DONE}
        assert len(self.within.rows("follow_up_closing")) == len(self.answered)
        # One that was on its way when the daemon died may come again, the same in every byte.
        mails = {mail.message.as_bytes(): mail["Subject"] for mail in letters(sent, "Closed:")}
        told = collections.Counter(mails.values())
        assert told == collections.Counter(f"Closed: {key}" for key in self.answered)


def _subjects(sent: Path) -> set[str]:
    return {mail["Subject"] for mail in letters(sent, "Closed:")}


@pytest.mark.timeout(600)
def test_at_each_step_of_what_answers_do(
    make_house: Callable[..., House], database: str, sink: tuple[int, Path]
) -> None:
    port, sent = sink
    house = furnish(make_house(database, smtp_port=port, lease_seconds=1, users=()))
    with inside(house) as within:
        bag = Mailbag(within)
        bag.office.live_since(now() - 30 * DAY)
        for step in DRILLED:
            bag.send()
            bag.receive()
            with house.daemon(SUIVI_CRASH_AT=step) as process:
                assert process.wait(60) == -signal.SIGKILL, house.log()[-3000:]
        for _ in range(10):
            bag.send()
            bag.receive()
        # Side by side, where the database is shared; SQLite is for one.
        number = 2 if database.startswith("postgresql") else 1
        with ExitStack() as running:
            for n in range(number):
                # A control socket each.
                place = house.folder / f"run-{n}"
                house.configure()
                config = house.folder / "suivi.toml"
                text = config.read_text("utf-8").replace(str(house.folder / "run"), str(place))
                config.write_text(text, "utf-8")
                running.enter_context(house.daemon())
                eventually(place.joinpath("control.sock").exists, what="it runs", house=house)
            eventually(bag.is_settled, what="all is looked at", house=house)
            wanted = len(bag.answered)
            eventually(lambda: len(_subjects(sent)) == wanted, what="told", house=house)
        bag.check(sent)
