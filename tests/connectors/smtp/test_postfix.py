"""The outbox against Postfix: what it took lies in the maildir, once and as it was."""

import time
from datetime import UTC, datetime

import pytest

from connectors.mime.compose import MailText, compose
from connectors.smtp import SmtpServer, check, connect
from rules.model.people import Address
from rules.model.wire import Mail, Outcome
from tests.servers.postfix import DOMAIN, Postfix

STRICT = {
    "message_size_limit": "20000",
    "mailbox_size_limit": "30000",
    "virtual_mailbox_limit": "30000",
    # Loopback is exempt otherwise.
    "smtpd_client_event_limit_exceptions": "",
    "smtpd_client_connection_count_limit": "2",
}


@pytest.fixture(scope="module")
def postfix():
    with Postfix(STRICT) as server:
        yield server


def at(postfix, security="starttls", **options):
    host = {"host": "localhost", "port": postfix.port, "ca_file": postfix.ca_file}
    return SmtpServer(security=security, timeout=10, **host, **options)


def mail(name, size=100):
    text = MailText(
        subject="Été",
        text=(".\n" + "." + "x" * 70 + "\n") * (size // 73 + 1),
        html=None,
        from_=Address(f"suivi@{DOMAIN}", "Suivi"),
        to=(Address(f"{name}@{DOMAIN}"),),
        reply_to=None,
        message_id=f"{name}@{DOMAIN}",
        date=datetime(2026, 11, 24, 9, tzinfo=UTC),
    )
    return Mail(f"suivi@{DOMAIN}", f"{name}@{DOMAIN}", compose(text))


def arrived(postfix, number, seconds=20):
    until = time.monotonic() + seconds
    while len(postfix.mails()) < number and time.monotonic() < until:
        time.sleep(0.1)
    return postfix.sent_as()


def test_all_arrive_once_and_as_they_were_over_as_many_connections_as_it_allows(postfix):
    check(at(postfix))
    many = [mail(f"n{number}") for number in range(60)]
    before = len(postfix.mails())
    outbox = connect(at(postfix, connections=5))
    results = outbox.send(many, lambda _: None)
    outbox.close()
    assert [it.outcome for it in results] == [Outcome.SENT] * 60
    assert all(it.detail.startswith("250 2.0.0 Ok: queued as ") for it in results)
    found = arrived(postfix, before + 60)
    assert sorted(found) == sorted(it.data for it in many)
    assert "too many connections" in postfix.log() or "Connection concurrency" in postfix.log()


def test_one_that_is_refused_or_too_big_is_no_trouble_to_the_others(postfix):
    before = len(postfix.mails())
    batch = [mail("ann"), mail("gone"), mail("big", 30_000), mail("bob")]
    outbox = connect(at(postfix))
    results = outbox.send(batch, lambda _: None)
    outbox.close()
    sent, refused = Outcome.SENT, Outcome.REFUSED
    assert [it.outcome for it in results] == [sent, refused, refused, sent]
    assert results[1].detail.startswith("554 5.7.1") and "no such user" in results[1].detail
    assert results[2].detail.startswith("552 5.3.4")
    assert len(arrived(postfix, before + 2)) == before + 2


def test_a_server_that_was_restarted_takes_the_rest():
    with Postfix() as server:
        outbox = connect(at(server))
        assert outbox.send([mail("ann")], lambda _: None)[0].outcome is Outcome.SENT
        server.reload()
        results = outbox.send([mail("bob"), mail("carol")], lambda _: None)
        assert [it.outcome for it in results] == [Outcome.SENT] * 2
        assert len(arrived(server, 3)) == 3
