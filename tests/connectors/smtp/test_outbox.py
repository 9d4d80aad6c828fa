"""Each mail of a batch gets the answer that the server gave to it, and no other mail suffers."""

import threading
import time

import pytest

from connectors.smtp import SmtpServer, connect
from rules.model.wire import Mail, Outcome
from tests.servers.ports import free_port
from tests.servers.smtpsink import Options, SmtpSink, mails, separate

SENT, TRY_AGAIN, REFUSED, UNKNOWN = (
    Outcome.SENT,
    Outcome.TRY_AGAIN,
    Outcome.REFUSED,
    Outcome.UNKNOWN,
)


def mail(name, body=b"Body\r\n", sender="suivi@example.com"):
    return Mail(sender, f"{name}@example.com", b"Subject: to " + name.encode() + b"\r\n\r\n" + body)


THREE = [mail("alice"), mail("bob"), mail("carol")]


@pytest.fixture
def sink(tmp_path):
    with SmtpSink(tmp_path / "mails") as sink:
        yield sink


def at(port, **options):
    return SmtpServer("127.0.0.1", port, "none", timeout=5, **options)


def send(sink, batch, **options):
    """The outcomes, and which mails were handed over."""
    handed = []
    results = connect(at(sink.port, **options)).send(batch, handed.append)
    return [it.outcome for it in results], handed, [it.detail for it in results]


def received(sink):
    return [it.recipients[0].partition("@")[0] for it in sink.mails]


def test_a_batch_goes_over_one_connection_byte_for_byte(sink):
    batch = [mail("alice", b"..dots\r\n.\r\n"), mail("bob")]
    outcomes, handed, details = send(sink, batch)
    assert (outcomes, handed, sink.connections) == ([SENT, SENT], [0, 1], 1)
    assert [it.data for it in sink.mails] == [it.data for it in batch]
    assert sink.mails[0].recipients == ("alice@example.com",)
    assert sink.mails[0].sender == "suivi@example.com"
    assert details[0] == "250 2.0.0 stored"


def test_no_mail_needs_no_server():
    assert connect(at(free_port())).send([], lambda _: None) == ()


def test_handed_over_is_said_before_the_bytes_and_after_the_recipient(sink):
    sink.faults.refuse = {"bob@example.com"}
    seen = []
    connect(at(sink.port)).send(THREE, lambda index: seen.append((index, received(sink))))
    assert seen == [(0, []), (2, ["alice"])]


def test_each_answer_is_told_before_the_next_mail_is_handed_over(sink):
    sink.faults.refuse = {"bob@example.com"}
    said = []
    results = connect(at(sink.port)).send(
        THREE,
        lambda index: said.append(("handed over", index)),
        lambda index, result: said.append((result.outcome, index, received(sink))),
    )
    assert said == [
        ("handed over", 0),
        (SENT, 0, ["alice"]),
        (REFUSED, 1, ["alice"]),
        ("handed over", 2),
        (SENT, 2, ["alice", "carol"]),
    ]
    assert [it.outcome for it in results] == [SENT, REFUSED, SENT]


def test_without_a_server_every_mail_has_its_answer():
    told = []
    connect(at(free_port())).send(THREE, lambda _: None, lambda i, r: told.append((i, r.outcome)))
    assert told == [(0, TRY_AGAIN), (1, TRY_AGAIN), (2, TRY_AGAIN)]


def test_what_handed_over_raises_stops_the_mail(sink):
    class LeaseLostError(Exception):
        pass

    def lost(index):
        if index == 1:
            raise LeaseLostError

    with pytest.raises(LeaseLostError):
        connect(at(sink.port)).send(THREE, lost)
    assert received(sink) == ["alice"]


def test_a_mail_that_is_stopped_leaves_its_connection_for_the_next(sink):
    def lost(_index):
        raise ValueError

    outbox = connect(at(sink.port))
    for _ in range(3):
        with pytest.raises(ValueError):
            outbox.send(THREE, lost)
    outbox.send(THREE, lambda _: None)
    assert sink.connections == 1


@pytest.mark.parametrize(
    ("fault", "outcome", "handed", "words"),
    [
        ("greylist", TRY_AGAIN, [1, 2], "451 4.7.1 come back later"),
        ("full", TRY_AGAIN, [0, 1, 2], "452 4.3.1 no room"),
        ("spam", REFUSED, [0, 1, 2], "554 5.7.1 looks like spam"),
        ("hang_up", TRY_AGAIN, [1, 2], "421 4.3.2 going down"),
        ("lose", UNKNOWN, [0, 1, 2], "no answer to the mail"),
        ("drop", UNKNOWN, [0, 1, 2], "no answer to the mail"),
    ],
)
def test_a_fault_of_one_mail_is_not_the_others(sink, fault, outcome, handed, words):
    setattr(sink.faults, fault, 1)
    outcomes, was_handed, details = send(sink, THREE)
    assert outcomes == [outcome, SENT, SENT]
    assert was_handed == handed
    assert details[0].startswith(words)
    kept = ["alice"] if fault == "drop" else []
    assert received(sink) == [*kept, "bob", "carol"]


def test_a_refused_recipient_is_refused_by_a_real_reply(sink):
    sink.faults.refuse = {"bob@example.com"}
    outcomes, _, details = send(sink, THREE)
    assert outcomes == [SENT, REFUSED, SENT]
    assert details[1] == "550 5.1.1 no such user here"
    assert sink.connections == 1


def test_a_session_that_ends_between_two_mails_costs_nothing(sink):
    def then_goes_down(index):
        sink.faults.hang_up = 1 if index == 0 else 0

    results = connect(at(sink.port)).send(THREE, then_goes_down)
    assert [it.outcome for it in results] == [SENT, SENT, SENT]
    assert sink.connections == 2


def test_a_server_that_stops_mid_batch_leaves_the_rest_for_later(sink):
    outbox = connect(at(sink.port))
    results = outbox.send(THREE, lambda index: sink.stop() if index == 1 else None)
    assert [it.outcome for it in results] == [SENT, UNKNOWN, TRY_AGAIN]
    sink.start()
    assert [it.outcome for it in outbox.send(THREE[2:], lambda _: None)] == [SENT]


def test_nobody_listening_is_asked_once_for_the_whole_batch():
    port = free_port()
    results = connect(at(port)).send(THREE, pytest.fail)
    assert {it.outcome for it in results} == {TRY_AGAIN}
    assert f"smtp 127.0.0.1:{port}" in results[2].detail


def test_a_slow_answer_is_waited_for_and_a_slower_one_is_unknown(sink):
    sink.faults.slow = 0.5
    assert send(sink, THREE[:1])[0] == [SENT]
    before = time.monotonic()
    assert send(sink, THREE[:2], dot_timeout=0.1)[0] == [UNKNOWN, UNKNOWN]
    assert time.monotonic() - before < 5


def test_a_server_that_wants_a_login_first_is_not_the_mails_fault(tmp_path):
    options = Options(user="suivi", password="geheim")
    with SmtpSink(tmp_path, options=options) as sink:
        outcomes, handed, details = send(sink, THREE[:1])
    assert (outcomes, handed) == ([TRY_AGAIN], [])
    assert details[0].startswith("530") and "user, password" in details[0]


def test_a_wrong_password_is_not_the_mails_fault_and_is_not_told(tmp_path):
    options = Options(user="suivi", password="geheim")
    with SmtpSink(tmp_path, options=options) as sink:
        outcomes, _, details = send(sink, THREE, user="suivi", password="falsch-0815")
        assert sink.connections == 1
    assert outcomes == [TRY_AGAIN] * 3
    assert "check user name and password" in details[0]
    assert "falsch" not in details[0]


def test_an_international_address_needs_smtputf8_and_uses_it(sink):
    to = mail("zoé", b"")
    international = Mail("suivi@exämple.com", to.recipient, "Subject: Été\r\n\r\n".encode())
    outcomes, _, _ = send(sink, [international])
    assert outcomes == [SENT]
    assert sink.mails[0].recipients == ("zoé@example.com",)
    assert sink.mails[0].sender == "suivi@xn--exmple-cua.com"


def test_without_smtputf8_only_what_needs_it_is_refused(tmp_path):
    batch = [
        Mail("suivi@example.com", "zoé@example.com", b"Subject: x\r\n\r\n"),
        Mail("suivi@example.com", "bob@exämple.com", b"Subject: x\r\n\r\n"),
    ]
    with SmtpSink(tmp_path, options=Options(smtputf8=False)) as sink:
        outcomes, handed, details = send(sink, batch)
        assert sink.mails[0].recipients == ("bob@xn--exmple-cua.com",)
    assert (outcomes, handed) == ([REFUSED, SENT], [1])
    assert "SMTPUTF8" in details[0]


@pytest.mark.parametrize(
    "recipient",
    [
        "",
        "nobody",
        "a@example.com,b@example.com",
        "a@example.com b@example.com",
        "a@example.com>\r\nRCPT TO:<b@example.com",
        "Name <a@example.com>",
        "a@b@example.com",
        "a@ex\u2028ample.com",
        "a@\u2024.com",
    ],
)
def test_a_recipient_that_is_not_one_address_is_refused_before_the_server(sink, recipient):
    bad = Mail("suivi@example.com", recipient, b"Subject: x\r\n\r\n")
    outcomes, handed, details = send(sink, [bad, mail("bob")])
    assert (outcomes, handed) == ([REFUSED, SENT], [1])
    assert "\n" not in details[0]
    assert received(sink) == ["bob"]


def test_eight_bit_text_arrives_as_it_was(sink):
    body = "Déjà vu\r\n".encode("latin-1")
    assert send(sink, [mail("alice", body)])[0] == [SENT]
    assert sink.mails[0].data.endswith(body)


def test_a_sink_of_its_own_process_keeps_what_it_dropped(tmp_path):
    with separate(tmp_path / "mails", "--drop=1", "--refuse=bob@example.com") as port:
        results = connect(at(port)).send(THREE, lambda _: None)
    assert [it.outcome for it in results] == [UNKNOWN, REFUSED, SENT]
    assert [it.data for it in mails(tmp_path / "mails")] == [THREE[0].data, THREE[2].data]


def test_connections_are_kept_for_the_next_batch_and_closed_when_asked(sink):
    outbox = connect(at(sink.port))
    for batch in (THREE[:2], THREE[2:]):
        assert [it.outcome for it in outbox.send(batch, lambda _: None)] == [SENT] * len(batch)
    assert sink.connections == 1
    outbox.close()
    assert [it.outcome for it in outbox.send(THREE[:1], lambda _: None)] == [SENT]
    assert sink.connections == 2


def test_many_outboxes_share_one_thread(sink):
    outboxes = [connect(at(sink.port)) for _ in range(5)]
    for outbox in outboxes:
        outbox.send(THREE[:1], lambda _: None)
    assert [t.name for t in threading.enumerate()].count("smtp") == 1
    for outbox in outboxes:
        outbox.close()


def test_a_kept_connection_that_has_gone_costs_nothing(sink):
    outbox = connect(at(sink.port))
    outbox.send(THREE[:1], lambda _: None)
    sink.stop()
    sink.start()
    assert [it.outcome for it in outbox.send(THREE[1:], lambda _: None)] == [SENT, SENT]


def test_several_connections_work_at_once_and_each_mail_goes_once(sink):
    sink.faults.slow = 0.05
    many = [mail(f"n{number}") for number in range(40)]
    before = time.monotonic()
    told = []
    results = connect(at(sink.port, connections=4)).send(
        many, lambda _: None, lambda index, result: told.append((index, result))
    )
    assert time.monotonic() - before < 40 * 0.05
    assert [it.outcome for it in results] == [SENT] * 40
    assert dict(told) == dict(enumerate(results))
    assert sorted(received(sink)) == sorted(f"n{number}" for number in range(40))
    assert sink.connections == 4


def test_a_server_that_allows_fewer_connections_gets_all_mails_over_those(sink):
    sink.faults.slow, sink.faults.at_most = 0.02, 2
    many = [mail(f"n{number}") for number in range(20)]
    results = connect(at(sink.port, connections=6)).send(many, lambda _: None)
    assert [it.outcome for it in results] == [SENT] * 20
    assert len(sink.mails) == 20


def test_a_slow_mail_holds_up_none_but_its_own_connection(sink):
    sink.faults.tarpit = {"bob@example.com"}
    outcomes, _, _ = send(sink, THREE, connections=2, dot_timeout=1)
    assert outcomes == [SENT, UNKNOWN, SENT]


def test_what_a_callback_raises_lets_the_mails_in_hand_end(sink):
    sink.faults.slow = 0.2
    told = []

    def lost(index):
        if index == 2:
            raise ValueError

    with pytest.raises(ValueError):
        connect(at(sink.port, connections=2)).send(
            [*THREE, mail("dora"), mail("emil")], lost, lambda i, r: told.append((i, r.outcome))
        )
    assert set(received(sink)) >= {"alice", "bob"}
    assert "emil" not in received(sink)
    assert {(0, SENT), (1, SENT)} <= set(told)
