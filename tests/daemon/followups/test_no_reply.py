"""The no-reply arrow and the answer arrow together, with a clock of the test's own."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from daemon.followups.answer import ANSWER, Answering, answers
from daemon.followups.answer import FAULT as ANSWER_FAULT
from daemon.followups.no_reply import FAULT, UNREAD_PATIENCE, NoReply, open_unanswered
from daemon.rulebook import Rulebook
from daemon.store import Store, accounts, awaited, exchanges, follow_ups, installation, work
from daemon.store.tables.exchanges import exchange
from daemon.store.tables.follow_ups import awaited_reply
from daemon.store.tables.installation import installation as installed
from rules import awaiting
from rules.model.decisions import AwaitReply
from rules.model.exchanges import Direction, ExchangeId
from rules.model.followups import Assignee, FollowUp, FollowUpDraft, Origin, State
from rules.model.people import Level
from rules.model.rules import DayKind, Later
from rules.model.sightings import MailKind, When
from rules.ruleset import builtin

DAY = timedelta(days=1)
# `now` of these tests is a Monday: two working days on is Wednesday, at the same hour.
UP = 2 * DAY


class Office:
    """Sends, receives and lets time pass."""

    def __init__(self, store: Store, world: Any, now: datetime) -> None:
        self.store, self.world, self.now = store, world, now
        self.rulebook = Rulebook(store, builtin(), ["we.example"])
        self.arrow = NoReply(store, self.rulebook, "UTC")
        self._uid = 0

    def record(self, key: str, after: timedelta, **more: Any) -> ExchangeId:
        """A mail of the thread, with the question whether it answers something."""
        self._uid += 1
        parents = () if key == "out" else ("out@acme.example",)
        facts = {"happened_at": self.now + after, "parents": parents, "kind": MailKind.HUMAN}
        with self.store.write() as tx:
            draft = self.world.draft(key, **(facts | more))
            exchange: ExchangeId = self.world.record(tx, draft, self._uid).exchange
            work.put(tx, ANSWER, str(exchange), self.now + after)
        return exchange

    def send(self, key: str = "out", after: timedelta = timedelta(0), **more: Any) -> ExchangeId:
        """What is sent, and a reply that a rule waits for."""
        exchange = self.record(key, after, direction=Direction.OUTBOUND, **more)
        draft = FollowUpDraft(
            key=awaiting.key("quote", key),
            title=f"Relance {key}",
            when=When(self.now),
            assignees=(Assignee(self.world.bob, owner=True),),
            third_party=self.world.acme,
            origin=Origin.RULE,
        )
        effect = AwaitReply("quote", 2, Later(1, DayKind.DAYS), draft)
        with self.store.write() as tx:
            awaited.put(tx, exchange, effect, self.now + after)
        return exchange

    def at(self, after: timedelta) -> int:
        """What the two arrows do then: answers first, as the daemon has them."""
        moment = self.now + after
        answers(Answering(self.store, self.rulebook, "me"), moment)
        return open_unanswered(self.arrow, moment)

    def follow_ups(self) -> list[FollowUp]:
        with self.store.read() as tx:
            ids = tx.execute(sa.text("SELECT id FROM follow_up ORDER BY id")).scalars().all()
            return [f for i in ids if (f := follow_ups.get(tx, i))]

    def states(self) -> list[State]:
        return [f.state for f in self.follow_ups()]


@pytest.fixture
def office(store: Store, world: Any, now: datetime) -> Office:
    return Office(store, world, now)


def test_it_opens_when_the_time_is_up_and_once(office: Office) -> None:
    sent = office.send()
    assert office.at(timedelta(0)) == 0
    assert office.at(UP - timedelta(seconds=1)) == 0
    assert office.at(UP) == 1
    (one,) = office.follow_ups()
    assert (one.title, one.exchange, one.live) == ("Relance out", sent, True)
    assert one.when.start == office.now + UP + DAY
    assert [office.at(UP + n * DAY) for n in range(3)] == [0, 0, 0]
    # Judged again, it waits again, and comes to the same.
    with office.store.write() as tx:
        draft = FollowUpDraft(one.key, "again", one.when, one.assignees)
        awaited.put(tx, sent, AwaitReply("quote", 2, Later(), draft), office.now)
    office.at(UP + 4 * DAY)
    assert len(office.follow_ups()) == 1


def test_a_reply_prevents_it(office: Office) -> None:
    office.send()
    office.record("reply", DAY)
    assert [office.at(DAY), office.at(UP), office.at(5 * DAY)] == [0, 0, 0]
    with office.store.read() as tx:
        assert tx.execute(sa.select(awaited_reply)).all() == []


def test_an_auto_reply_does_not(office: Office) -> None:
    office.send()
    office.record("away", DAY, kind=MailKind.AUTO_REPLY)
    assert office.at(UP) == 1
    assert office.states() == [State.TO_DO]


def test_a_reply_withdraws_it_also_one_that_is_read_late(office: Office) -> None:
    office.send()
    office.at(UP)
    # Written before the time was up, found in the mailbox after.
    reply = office.record("reply", DAY)
    office.at(UP + DAY)
    assert office.states() == [State.NOT_NEEDED]
    (one,) = office.follow_ups()
    with office.store.read() as tx:
        (closing,) = follow_ups.closings(tx, one.id)
        assert (closing.exchange, closing.state) == (reply, State.NOT_NEEDED)


def test_what_is_taken_back_stays_so_when_the_reply_is_judged_again(office: Office) -> None:
    office.send()
    office.at(UP)
    reply = office.record("reply", UP + DAY)
    office.at(UP + DAY)
    (one,) = office.follow_ups()
    with office.store.write() as tx:
        follow_ups.reopen(tx, one.id, "bob@we.example", office.now + UP + DAY)
        work.put(tx, ANSWER, str(reply), office.now)
    office.at(UP + 2 * DAY)
    assert office.states() == [State.TO_DO]
    # Another reply is another matter.
    office.record("reply-2", UP + 3 * DAY)
    office.at(UP + 3 * DAY)
    assert office.states() == [State.NOT_NEEDED]


@pytest.mark.parametrize("backwards", [False, True])
def test_a_thread_leads_to_one(office: Office, *, backwards: bool) -> None:
    several = [("out", timedelta(0)), ("again", DAY), ("and-again", DAY + timedelta(hours=1))]
    ids = {key: office.send(key, after) for key, after in several[:: -1 if backwards else 1]}
    opened = [office.at(n * DAY) for n in range(1, 8)]
    assert sum(opened) == 1
    (one,) = office.follow_ups()
    assert (one.title, one.exchange) == ("Relance and-again", ids["and-again"])


def test_while_one_is_open_the_thread_leads_to_no_other(office: Office) -> None:
    office.send()
    office.at(UP)
    office.send("again", UP + DAY)
    assert office.at(UP + 5 * DAY) == 0
    assert office.states() == [State.TO_DO]


def test_nothing_of_the_past_and_nothing_while_it_only_observes(
    office: Office, now: datetime
) -> None:
    office.send("old", -DAY, parents=())
    assert office.at(5 * DAY) == 0
    with office.store.read() as tx:
        assert tx.execute(sa.select(awaited_reply)).all() == []
    office.send()
    with office.store.write() as tx:
        tx.execute(sa.update(installed).values(live_since=None))
    assert office.at(UP) == 0
    with office.store.write() as tx:
        tx.execute(sa.update(installed).values(live_since=now))
        installation.hold(tx, now)
    assert office.at(UP) == 0
    with office.store.write() as tx:
        installation.release(tx, now)
    assert office.at(UP) == 1


def test_it_waits_for_a_mailbox_that_is_not_read_yet_but_not_for_ever(office: Office) -> None:
    office.send()
    with office.store.write() as tx:
        accounts.note_ok(tx, office.world.annas, office.now + DAY)
    assert office.at(UP) == 0
    assert office.at(UP + UNREAD_PATIENCE / 2) == 0
    assert office.at(UP + UNREAD_PATIENCE) == 1


def test_once_the_mailbox_is_read_it_waits_no_more(office: Office) -> None:
    office.send()
    with office.store.write() as tx:
        accounts.note_ok(tx, office.world.annas, office.now + DAY)
    assert office.at(UP) == 0
    with office.store.write() as tx:
        accounts.note_ok(tx, office.world.annas, office.now + UP)
    assert office.at(UP + timedelta(minutes=1)) == 1


def test_one_that_cannot_be_read_stops_no_other(office: Office) -> None:
    broken = office.send("broken", parents=())
    with office.store.write() as tx:
        row = awaited_reply
        tx.execute(sa.update(row).where(row.c.exchange_id == broken).values(draft={"no": "draft"}))
    office.send("fine", timedelta(minutes=1), parents=())
    assert office.at(UP + DAY) == 1
    with office.store.read() as tx:
        (left,) = tx.execute(sa.select(awaited_reply)).all()
    assert (left.exchange_id, left.look_at) == (broken, office.now + UP + DAY + FAULT)


def test_an_exchange_that_cannot_be_looked_at_keeps_no_other_from_it(office: Office) -> None:
    office.send()
    broken = office.record("broken", DAY, parents=(), third_parties=(), contacts=())
    with office.store.write() as tx:
        this = exchange.c.id == broken
        tx.execute(sa.update(exchange).where(this).values(direction="nowhere"))
    assert office.at(UP) == 1
    office.record("reply", UP + DAY)
    office.at(UP + DAY)
    assert office.states() == [State.NOT_NEEDED]
    with office.store.read() as tx:
        (left,) = work.of_kind(tx, ANSWER)
    assert (left.key, left.run_at) == (str(broken), office.now + UP + DAY + ANSWER_FAULT)


def test_what_its_exchange_hides_by_then_is_not_in_it(office: Office) -> None:
    sent = office.send()
    with office.store.write() as tx:
        draft = office.world.draft("out", direction=Direction.OUTBOUND)
        exchanges.restrict(tx, draft.keys, Level.HAPPENED, office.now)
    office.at(UP)
    (one,) = office.follow_ups()
    assert (one.title, one.exchange) == ("Acmé", sent)


def test_an_acknowledgement_by_rule_is_no_reply(office: Office) -> None:
    office.send()
    office.record("ack", DAY, answers=False)
    assert office.at(UP) == 1
    office.record("ack-2", UP + DAY, answers=False)
    office.at(UP + DAY)
    assert office.states() == [State.TO_DO]
