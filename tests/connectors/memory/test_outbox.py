"""The outbox twin answers as told, and keeps what arrived."""

from connectors.memory import MemoryOutbox
from rules.model.wire import Mail, Outcome, SendResult


def mails(count):
    return [Mail("suivi@example.com", f"{n}@example.com", b"Subject: x") for n in range(count)]


def test_everything_is_accepted_unless_told_otherwise():
    outbox, handed = MemoryOutbox(), []
    batch = mails(2)
    assert [it.outcome for it in outbox.send(batch, handed.append)] == [Outcome.SENT] * 2
    assert (outbox.sent, handed) == (batch, [0, 1])


def test_a_refusal_comes_before_the_bytes_and_the_next_mail_goes_on():
    no = SendResult(Outcome.REFUSED, "550 no such user")
    outbox, handed = MemoryOutbox([no, Outcome.TRY_AGAIN]), []
    batch = mails(3)
    results = outbox.send(batch, handed.append)
    assert results[0] == no
    assert [it.outcome for it in results[1:]] == [Outcome.TRY_AGAIN, Outcome.SENT]
    assert (outbox.sent, outbox.tried, handed) == ([batch[2]], batch, [2])


def test_a_lost_answer_may_hide_a_mail_that_arrived_or_not():
    outbox, handed = MemoryOutbox([Outcome.UNKNOWN, Outcome.UNKNOWN]), []
    (mail,) = mails(1)
    outbox.send([mail], handed.append)
    assert outbox.sent == [mail]
    outbox.loses_unknown = True
    outbox.send([mail], handed.append)
    assert outbox.sent == [mail]
    assert handed == [0, 0]
