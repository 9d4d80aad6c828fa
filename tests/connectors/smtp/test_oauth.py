"""XOAUTH2: a token is fetched, kept, renewed, and told to nobody but the server it is for."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from connectors.errors import Refused, Unreachable
from connectors.oauth import Tokens, TokenSource
from connectors.smtp import SmtpServer, check, connect
from rules.model.wire import Mail, Outcome
from tests.servers.ports import free_port
from tests.servers.smtpsink import Options, SmtpSink

MAIL = Mail("suivi@example.com", "alice@example.com", b"Subject: x\r\n\r\nBody\r\n")


class Endpoint:
    """A token endpoint; `answers` come first, then tokens t1, t2, …"""

    def __init__(self):
        self.asked, self.answers, self.given = [], [], 0

    def answer(self, form):
        self.asked.append({name: values[0] for name, values in parse_qs(form).items()})
        if self.answers:
            return self.answers.pop(0)
        self.given += 1
        return 200, {"access_token": f"t{self.given}", "expires_in": 3600}


@contextmanager
def serving(endpoint):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status, said = endpoint.answer(form)
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.end_headers()
            self.wfile.write(said if isinstance(said, bytes) else json.dumps(said).encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/token"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def endpoint():
    it = Endpoint()
    with serving(it) as it.url:
        yield it


def source(endpoint, **more):
    return TokenSource(endpoint.url, "suivi", secret="geheim-0815", scope="mail", **more)


def test_a_token_is_asked_for_once_and_again_a_minute_before_it_ends(endpoint):
    clock = [0.0]
    tokens = Tokens(source(endpoint), lambda: clock[0])
    assert [tokens.token(), tokens.token()] == ["t1", "t1"]
    clock[0] = 3539.0
    assert tokens.token() == "t1"
    clock[0] = 3540.0
    assert tokens.token() == "t2"
    tokens.forget()
    assert tokens.token() == "t3"
    assert endpoint.asked[0] == {
        "grant_type": "client_credentials",
        "client_id": "suivi",
        "client_secret": "geheim-0815",
        "scope": "mail",
    }


def test_a_refresh_token_that_is_replaced_is_used_from_then_on(endpoint, tmp_path):
    (tmp_path / "token").write_text("first\n")
    endpoint.answers = [(200, {"access_token": "a", "expires_in": 1, "refresh_token": "second"})]
    tokens = Tokens(source(endpoint, refresh_token_file=tmp_path / "token"))
    assert [tokens.token(), tokens.token()] == ["a", "t1"]
    assert [asked["refresh_token"] for asked in endpoint.asked] == ["first", "second"]
    assert {asked["grant_type"] for asked in endpoint.asked} == {"refresh_token"}


def test_a_new_refresh_token_in_the_file_counts_at_once(endpoint, tmp_path):
    file = tmp_path / "token"
    file.write_text("revoked\n")
    endpoint.answers = [(400, {"error": "invalid_grant"})]
    tokens = Tokens(source(endpoint, refresh_token_file=file))
    with pytest.raises(Refused, match="refresh token"):
        tokens.token()
    file.write_text("mended\n")
    assert tokens.token() == "t1"
    assert [asked["refresh_token"] for asked in endpoint.asked] == ["revoked", "mended"]


@pytest.mark.parametrize("lasts", [b"NaN", b"1e999", b"9" * 400, b"-1", b'"soon"', b"null"])
def test_a_token_that_lasts_nobody_knows_how_long_lasts_some_minutes(endpoint, lasts):
    endpoint.answers = [(200, b'{"access_token": "a", "expires_in": ' + lasts + b"}")]
    clock = [0.0]
    tokens = Tokens(source(endpoint), lambda: clock[0])
    assert tokens.token() == "a"
    clock[0] = 239.0
    assert tokens.token() == "a"
    clock[0] = 240.0
    assert tokens.token() == "t1"


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        ((400, {"error": "invalid_grant", "error_description": "geheim-0815"}), Refused, "grant"),
        ((401, {"error": "invalid_client"}), Refused, "check the client"),
        ((401, {"error": "geheim-0815 \x1b[31m"}), Refused, "401; check"),
        ((302, {}), Unreachable, "302"),
        ((500, b"oops"), Unreachable, "500"),
        ((200, b"[" * 70_000), Unreachable, "no access token"),
        ((200, {"access_token": 7}), Unreachable, "no access token"),
        ((200, {"access_token": ""}), Unreachable, "no access token"),
        ((200, {"access_token": "a\r\nRCPT TO:<x@y>"}), Unreachable, "no access token"),
    ],
)
def test_what_is_no_token_says_what_to_do_and_no_secret(endpoint, answer, error, words):
    endpoint.answers = [answer]
    with pytest.raises(error, match=words) as raised:
        Tokens(source(endpoint)).token()
    assert "geheim" not in str(raised.value) + repr(source(endpoint))
    assert str(raised.value).isprintable()


def test_secrets_leave_by_https_or_not_at_all(endpoint, tmp_path):
    with pytest.raises(Refused, match="https://"):
        Tokens(TokenSource("http://login.example/token", "suivi", "geheim")).token()
    with pytest.raises(Refused, match="can't be read"):
        Tokens(source(endpoint, refresh_token_file=tmp_path / "none")).token()
    with pytest.raises(Unreachable, match="oauth 127"):
        Tokens(TokenSource(f"http://127.0.0.1:{free_port()}/", "suivi")).token()
    assert endpoint.asked == []


def test_the_server_is_given_the_token_and_a_refused_one_is_not_tried_again(endpoint, tmp_path):
    options = Options(user="suivi", password="", tokens={"t1", "t3"})
    with SmtpSink(tmp_path / "mails", options=options) as sink:
        server = SmtpServer(
            "127.0.0.1", sink.port, "none", "suivi", timeout=5, tokens=Tokens(source(endpoint))
        )
        outbox = connect(server)
        (result,) = outbox.send([MAIL], lambda _: None)
        assert result.outcome is Outcome.SENT
        outbox.close()
        server.tokens.forget()
        # t2 is none of those it takes.
        with pytest.raises(Refused, match=r"login of .* refused \(535"):
            check(server)
        check(server)
        assert endpoint.given == 3
    assert "t3" not in repr(server)


def test_no_token_leaves_the_mail_for_later(endpoint, tmp_path):
    endpoint.answers = [(503, b"")]
    with SmtpSink(tmp_path / "mails", options=Options(user="suivi", tokens={"t1"})) as sink:
        server = SmtpServer(
            "127.0.0.1", sink.port, "none", "suivi", timeout=5, tokens=Tokens(source(endpoint))
        )
        (result,) = connect(server).send([MAIL], pytest.fail)
    assert result.outcome is Outcome.TRY_AGAIN
    assert result.detail == "oauth 127.0.0.1: 503"
