"""Getting in: TLS verified, passwords of any letters, and refusals that say what to do."""

import socket
import threading

import pytest

from connectors import imap
from connectors.errors import Refused, Unreachable
from connectors.imap import ImapAccount
from tests.connectors.imap.conftest import PASSWORD, account
from tests.servers import certificates
from tests.servers.dovecot import Dovecot
from tests.servers.ports import free_port


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_every_security_gets_in_with_a_password_beyond_ascii(dovecot, user, security):
    port = dovecot.tls_port if security == "tls" else dovecot.port
    mailbox = imap.connect(
        account(dovecot, user, port=port, security=security, ca_file=dovecot.ca_file)
    )
    assert mailbox.examine("INBOX").exists == 0
    mailbox.close()


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_of_an_unknown_authority_is_refused(dovecot, user, security):
    port = dovecot.tls_port if security == "tls" else dovecot.port
    with pytest.raises(Refused, match=r"certificate is not trusted.*ca_file"):
        imap.connect(account(dovecot, user, port=port, security=security))


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_for_another_host_is_refused(security):
    with Dovecot(users={"ann": "secret"}, certificate_name="mail.example") as server:
        port = server.tls_port if security == "tls" else server.port
        with pytest.raises(Refused, match=r"certificate is not trusted.*host"):
            imap.connect(
                account(server, "ann", port=port, security=security, ca_file=server.ca_file)
            )


def test_a_wrong_password_is_refused_and_never_repeated(dovecot, user):
    with pytest.raises(Refused, match=f"login of {user} refused.*check") as refused:
        imap.connect(account(dovecot, user, password="Wr0ng-Secret"))
    assert "Wr0ng-Secret" not in str(refused.value)
    assert "Wr0ng-Secret" not in repr(account(dovecot, user, password="Wr0ng-Secret"))


def test_a_server_that_wants_tls_first_says_so():
    greeting = b"* OK [CAPABILITY IMAP4rev1 LOGINDISABLED STARTTLS] hello\r\n"
    with OneAnswer(greeting) as port, pytest.raises(Refused, match='security = "tls"'):
        imap.connect(ImapAccount("127.0.0.1", port, "none", "ann", "secret", timeout=3))


def test_no_starttls_is_no_reason_to_go_on_in_clear():
    greeting = b"* OK [CAPABILITY IMAP4rev1] hello\r\n"
    with OneAnswer(greeting) as port, pytest.raises(Refused, match="STARTTLS"):
        imap.connect(ImapAccount("127.0.0.1", port, "starttls", "ann", "secret", timeout=3))


def test_a_server_that_repeats_the_password_does_not_get_it_into_the_error():
    greeting = b"* OK [CAPABILITY IMAP4rev1] hello\r\n"
    said = b"NO [AUTHENTICATIONFAILED] secret-word is wrong\r\n"
    with OneAnswer(greeting, said) as port, pytest.raises(Refused, match="is wrong") as refused:
        imap.connect(ImapAccount("127.0.0.1", port, "none", "ann", "secret-word", timeout=3))
    assert "secret-word" not in str(refused.value)


def test_a_login_refused_for_now_is_tried_again():
    greeting = b"* OK [CAPABILITY IMAP4rev1] hello\r\n"
    said = b"NO [UNAVAILABLE] the directory is down\r\n"
    with OneAnswer(greeting, said) as port, pytest.raises(Unreachable, match="directory is down"):
        imap.connect(ImapAccount("127.0.0.1", port, "none", "ann", "secret", timeout=3))


def test_nobody_there_and_nobody_answering_are_unreachable(dovecot, user):
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1: Connection refused"):
        imap.connect(account(dovecot, user, port=free_port()))
    with OneAnswer(b"") as port, pytest.raises(Unreachable, match="no answer in time"):
        imap.connect(ImapAccount("127.0.0.1", port, "none", "ann", "secret", timeout=0.3))


def test_the_wrong_port_is_told_from_the_wrong_certificate(dovecot, user):
    with pytest.raises(Unreachable, match=r'is .* the port for security = "tls"'):
        imap.connect(account(dovecot, user, security="tls", ca_file=dovecot.ca_file))


def test_an_unusable_ca_file_is_named(dovecot, user, tmp_path):
    for path in (tmp_path / "missing.pem", certificates.make(tmp_path).key):
        with pytest.raises(Refused, match=f"ca_file .*{path.name}"):
            imap.connect(
                account(dovecot, user, port=dovecot.tls_port, security="tls", ca_file=str(path))
            )


def test_what_came_with_the_login_answer_is_not_lost():
    greeting = b"* OK [CAPABILITY IMAP4rev1] hello\r\n"
    with OneAnswer(greeting, b"OK [CAPABILITY IMAP4rev1 IDLE] in\r\n* 3 EX", b"ISTS\r\n") as port:
        mailbox = imap.connect(ImapAccount("127.0.0.1", port, "none", "ann", "x", timeout=3))
        reply = mailbox.session.run("NOOP")
        assert [response.text for response in reply.data] == [b"* 3 EXISTS"]
        mailbox.close()


def test_the_password_of_the_fixture_is_beyond_ascii():
    assert not PASSWORD.isascii()


class OneAnswer:
    """A server that greets, and answers each command with the next of a few lines."""

    def __init__(self, greeting, *answers):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._said = (greeting, answers)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._done = threading.Event()

    def __enter__(self):
        self._thread.start()
        return self._socket.getsockname()[1]

    def __exit__(self, *exception):
        self._done.set()
        self._socket.close()
        self._thread.join(5)

    def _serve(self):
        connection, _ = self._socket.accept()
        greeting, answers = self._said
        with connection, connection.makefile("rb") as lines:
            connection.settimeout(5)
            connection.sendall(greeting)
            waiting = list(answers)
            if not greeting:
                self._done.wait(5)
                return
            for line in lines:
                tag, _, command = line.partition(b" ")
                if command.upper().startswith(b"CAPABILITY"):
                    offered = greeting[greeting.index(b"[") + 1 : greeting.index(b"]")]
                    connection.sendall(b"* " + offered + b"\r\n" + tag + b" OK done\r\n")
                elif waiting and waiting[0].endswith(b"ISTS\r\n"):
                    connection.sendall(waiting.pop(0) + tag + b" OK done\r\n")
                elif waiting:
                    connection.sendall(tag + b" " + waiting.pop(0))
                else:
                    connection.sendall(tag + b" OK done\r\n")
