"""Connecting: TLS is verified, and each failure says what to do."""

import socket
import threading

import pytest

from connectors.errors import Refused, Unreachable
from connectors.smtp import SmtpServer, check, connect
from rules.model.wire import Mail, Outcome
from tests.servers import certificates
from tests.servers.ports import free_port
from tests.servers.smtpsink import Options, SmtpSink

MAIL = Mail("suivi@example.com", "alice@example.com", b"Subject: x\r\n\r\nBody\r\n")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return certificates.make(tmp_path_factory.mktemp("ca"))


def listening(tmp_path, certificate, security, **login):
    options = Options(security, certificate.cert, certificate.key, **login)
    return SmtpSink(tmp_path / "mails", options=options)


def server(sink, security, **options):
    return SmtpServer("localhost", sink.port, security, timeout=5, **options)


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_every_security_sends_and_logs_in(tmp_path, certificate, security):
    with listening(tmp_path, certificate, security, user="suivi", password="clé") as sink:
        account = server(
            sink, security, user="suivi", password="clé", ca_file=str(certificate.cert)
        )
        check(account)
        (result,) = connect(account).send([MAIL], lambda _: None)
        assert result.outcome is Outcome.SENT
        assert sink.mails[0].data == MAIL.data


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_of_nobody_we_know_is_refused(tmp_path, certificate, security):
    with (
        listening(tmp_path, certificate, security) as sink,
        pytest.raises(Refused, match=r"certificate is not trusted.*ca_file"),
    ):
        check(server(sink, security))


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_of_another_host_is_refused(tmp_path, security):
    other = certificates.make(tmp_path, "mail.example.org")
    with (
        listening(tmp_path, other, security) as sink,
        pytest.raises(Refused, match=r"mismatch.*use the host name"),
    ):
        check(server(sink, security, ca_file=str(other.cert)))


def test_a_bad_certificate_leaves_the_mail_for_later(tmp_path, certificate):
    with listening(tmp_path, certificate, "tls") as sink:
        (result,) = connect(server(sink, "tls")).send([MAIL], pytest.fail)
    assert result.outcome is Outcome.TRY_AGAIN
    assert "certificate is not trusted" in result.detail


def test_a_wrong_password_is_refused_and_not_told(tmp_path, certificate):
    with listening(tmp_path, certificate, "none", user="suivi", password="geheim") as sink:
        account = server(sink, "none", user="suivi", password="falsch-0815")
        with pytest.raises(Refused, match=r"login of .* refused \(535.*check user") as refused:
            check(account)
    assert "falsch" not in str(refused.value) + repr(account)


def test_tls_on_a_port_without_it_says_so(tmp_path, certificate):
    with (
        listening(tmp_path, certificate, "none") as sink,
        pytest.raises(Refused, match="no TLS on this port"),
    ):
        check(server(sink, "tls"))


def test_starttls_that_is_not_offered_is_never_skipped(tmp_path, certificate):
    with (
        listening(tmp_path, certificate, "none") as sink,
        pytest.raises(Refused, match="STARTTLS"),
    ):
        check(server(sink, "starttls"))


def test_a_login_that_is_not_offered_is_refused(tmp_path, certificate):
    with listening(tmp_path, certificate, "none") as sink, pytest.raises(Refused, match="AUTH"):
        check(server(sink, "none", user="suivi", password="geheim"))


def test_nobody_listening_is_unreachable():
    with pytest.raises(Unreachable, match="smtp localhost:"):
        check(SmtpServer("localhost", free_port(), "none", timeout=5))


def test_a_host_that_does_not_exist_is_unreachable():
    with pytest.raises(Unreachable, match=r"smtp nowhere\.invalid:25"):
        check(SmtpServer("nowhere.invalid", 25, "none", timeout=5))


@pytest.mark.parametrize("path", ["/nowhere/ca.pem", __file__])
def test_a_ca_file_that_is_none_is_refused_by_name(path):
    with pytest.raises(Refused, match="ca_file"):
        check(SmtpServer("localhost", free_port(), "tls", ca_file=path))


@pytest.mark.parametrize(
    ("greeting", "error", "words"),
    [
        (b"421 4.3.2 too busy\r\n", Unreachable, "421"),
        (b"554 5.7.1 we do not talk to you\x1b[31m\r\n", Refused, "554 5.7.1 we do not talk"),
        (b"* OK IMAP4rev1 ready\r\n", Unreachable, "Malformed"),
        (b"", Unreachable, "smtp"),
    ],
)
def test_a_greeting_that_is_not_220_tells_whether_to_come_back(greeting, error, words):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        answering = threading.Thread(target=_answer, args=(listener, greeting))
        answering.start()
        with pytest.raises(error, match=words) as raised:
            check(SmtpServer("127.0.0.1", listener.getsockname()[1], "none", timeout=5))
        answering.join()
    assert str(raised.value).isprintable()


def _answer(listener, greeting):
    connection, _ = listener.accept()
    with connection:
        connection.sendall(greeting)


def test_a_silent_port_is_given_up_on_with_a_hint():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(Unreachable, match='security = "tls"'):
            check(SmtpServer("127.0.0.1", port, "none", timeout=0.3))
