"""One bad reminder is that one's trouble: its neighbours leave, in the same breath."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.memory.outbox import MemoryOutbox
from daemon.reminders import send
from daemon.reminders.pace import Pace
from daemon.reminders.send import send_due
from daemon.store import Unavailable, exchanges, follow_ups, ledger
from rules import remind
from rules.model.exchanges import Direction, Draft, ExchangeKey, KeyKind, Source
from rules.model.followups import LedgerState
from rules.model.people import Level
from rules.model.wire import Outcome
from tests.daemon.reminders.desk import HOUR, NOW


@pytest.mark.parametrize(
    "poison", [RuntimeError("x"), RecursionError(), MemoryError(), KeyError("name"), TypeError()]
)
@pytest.mark.parametrize("which", ["one", "two", "three"])
def test_one_that_cannot_be_written_fails_alone(desk, poison, which):
    desk.letter.poison[which] = poison
    desk.remind("one", "two", "three")
    assert send_due(desk.sender()) == 2
    others = dict.fromkeys({"one", "two", "three"} - {which}, "sent")
    assert desk.states() == {**others, which: "failed"}
    error = desk.entries()[which].last_error
    assert error == f"the mail can't be written ({type(poison).__name__})"
    assert send_due(desk.sender()) == 0


def test_where_nothing_is_wrong_each_is_written_once(desk):
    desk.remind("one", "two", "three")
    assert send_due(desk.sender()) == 3
    assert desk.letter.written == ["one", "two", "three"]


def test_a_database_that_is_busy_is_no_fault_of_a_reminder(desk):
    desk.letter.poison["two"] = Unavailable("busy")
    desk.remind("one", "two")
    with pytest.raises(Unavailable):
        send_due(desk.sender())
    assert desk.states() == {"one": "claimed", "two": "claimed"}


def test_one_that_is_done_between_claim_and_dot_does_not_hold_up_the_others(desk):
    desk.remind("one", "two", "three")
    (first,) = (entry.id for key, entry in desk.entries().items() if key == "one")

    class Meanwhile(MemoryOutbox):
        def send(self, mails, handed_over, answered=None):
            with desk.store.write() as tx:
                ledger.void(tx, first, "done")
            return super().send(mails, handed_over, answered)

    desk.outbox = Meanwhile()
    assert send_due(desk.sender()) == 2
    assert desk.states() == {"one": "void", "two": "sent", "three": "sent"}


def test_one_that_was_the_death_of_suivi_again_and_again_has_failed(desk):
    desk.remind("one")
    with desk.store.write() as tx:
        for number in range(remind.MOST_ATTEMPTS):
            then = NOW + number * HOUR
            (entry,) = ledger.claim(tx, then, "dead", then + HOUR, 50)
        tx.exec_driver_sql("UPDATE ledger SET claimed_until = '2020-01-01 00:00:00.000000'")
    assert entry.attempts == remind.MOST_ATTEMPTS
    assert send_due(desk.sender()) == 0
    assert desk.states() == {"one": "failed"}
    assert "died" in desk.entries()["one"].last_error
    assert desk.letter.written == []


def test_each_answer_has_its_consequence(desk):
    desk.remind("one", "two", "three")
    desk.outbox.answers = [Outcome.TRY_AGAIN, Outcome.REFUSED, Outcome.UNKNOWN]
    assert send_due(desk.sender()) == 1
    assert desk.states() == {"one": "retry", "two": "failed", "three": "unknown"}
    later = desk.entries()["one"].next_try
    assert timedelta(seconds=50) < later - datetime.now(UTC) <= timedelta(seconds=60)


def test_what_the_server_said_is_stored_when_the_database_is_back(desk, monkeypatch):
    desk.remind("one")
    failures = [Unavailable("busy"), Unavailable("busy")]
    sent = ledger.sent

    def at_last(*arguments):
        if failures:
            raise failures.pop()
        sent(*arguments)

    monkeypatch.setattr(ledger, "sent", at_last)
    assert send_due(desk.sender()) == 1
    assert desk.states() == {"one": "sent"}


def test_what_could_not_be_stored_stays_in_doubt_and_is_complained_of(desk, monkeypatch):
    desk.remind("one", "two")

    def never(*_arguments):
        raise Unavailable("gone")

    monkeypatch.setattr(ledger, "sent", never)
    with pytest.raises(Unavailable):
        send_due(desk.sender())
    assert LedgerState.SENDING.value in desk.states().values()


def test_a_batch_of_which_all_are_refused_does_not_hold_up_the_next(desk, monkeypatch):
    monkeypatch.setattr(send, "BATCH", 2)
    desk.letter.poison = {"one": TypeError(), "two": TypeError()}
    desk.remind("one", "two", "three")
    assert send_due(desk.sender()) == 1
    assert desk.states() == {"one": "failed", "two": "failed", "three": "sent"}


def test_no_more_leave_in_a_minute_than_may(desk):
    desk.remind("one", "two", "three")
    sender = desk.sender(pace=Pace(2))
    assert [send_due(sender), send_due(sender)] == [2, 0]
    assert sorted(desk.states().values()) == ["due", "sent", "sent"]


def test_in_any_minute_there_is_room_for_so_many():
    pace, second = Pace(10), timedelta(seconds=1)
    assert Pace().room(NOW, 50) == 50
    assert pace.room(NOW, 50) == 10
    pace.note(NOW, 4)
    assert pace.room(NOW + 59 * second, 50) == 6
    pace.note(NOW + 59 * second, 6)
    assert pace.room(NOW + 59 * second, 50) == 0
    assert pace.room(NOW + 60 * second, 50) == 4
    assert pace.room(NOW + 119 * second, 3) == 3


@pytest.mark.parametrize(("before", "after", "room"), [(10, 10, 3), (10, 12, 5), (0, 10, 3)])
def test_under_another_limit_what_has_left_still_counts(before, after, room):
    pace = Pace(before)
    pace.note(NOW, 7)
    other = pace.limited(after)
    assert other.room(NOW, 99) == room
    # Of what leaves under the old limit meanwhile the new one knows too.
    pace.note(NOW, 2)
    assert other.room(NOW, 99) == room - 2


SENT = Draft(
    keys=(ExchangeKey(KeyKind.MESSAGE, "m1"),),
    third_parties=(),
    contacts=(),
    direction=Direction.INBOUND,
    mode="email",
    happened_at=NOW - HOUR,
    source=Source.MAIL,
    subject="Salaries",
)


def follows_from(desk, title, by=None):
    """It is a rule's, or somebody's, and follows from a mail about salaries."""
    with desk.store.write() as tx:
        exchange = exchanges.add(tx, SENT, NOW).id
        one = follow_ups.by_key(tx, title)
        after = replace(one, exchange=exchange, title="Salaries")
        follow_ups.change(tx, after, by or follow_ups.RULES, "x", NOW, one.revision)
        tx.exec_driver_sql(f"UPDATE follow_up SET origin = 'rule' WHERE id = {one.id}")


def hide(desk, level=Level.HAPPENED):
    with desk.store.write() as tx:
        exchanges.restrict(tx, SENT.keys, level, NOW)
        tx.exec_driver_sql("UPDATE ledger SET next_try_at = '2020-01-01 00:00:00.000000'")


@pytest.mark.parametrize("answer", [Outcome.TRY_AGAIN, Outcome.UNKNOWN])
def test_what_was_written_before_less_may_be_told_is_written_anew(desk, answer):
    desk.remind("one")
    follows_from(desk, "one")
    desk.outbox.answers = [answer]
    send_due(desk.sender())
    assert desk.letter.written == ["Salaries"]
    assert b"Salaries" in desk.entries()["one"].mail
    hide(desk)
    assert desk.entries()["one"].mail is None
    assert send_due(desk.sender()) == 1
    assert desk.states() == {"one": "sent"}
    assert b"Salaries" not in desk.outbox.sent[-1].data


def test_what_is_in_hand_when_less_may_be_told_does_not_leave(desk):
    """Between the writing and the server: nothing of it goes, and the next round writes it anew."""
    desk.remind("one", "two")
    follows_from(desk, "one")

    class Meanwhile(MemoryOutbox):
        def send(self, mails, handed_over, answered=None):
            hide(desk)
            return super().send(mails, handed_over, answered)

    quiet, desk.outbox = desk.outbox, Meanwhile()
    assert send_due(desk.sender()) == 1
    assert desk.states() == {"one": "due", "two": "sent"}
    assert [b"Salaries" in mail.data for mail in desk.outbox.sent] == [False]
    desk.outbox = quiet
    assert send_due(desk.sender()) == 1
    assert desk.states() == {"one": "sent", "two": "sent"}
    assert b"Salaries" not in quiet.sent[-1].data


def test_of_what_may_not_be_kept_nobody_is_reminded(desk):
    desk.remind("one")
    follows_from(desk, "one")
    desk.outbox.answers = [Outcome.TRY_AGAIN]
    send_due(desk.sender())
    hide(desk, Level.NOTHING)
    assert send_due(desk.sender()) == 0
    assert desk.states() == {"one": "void"}
