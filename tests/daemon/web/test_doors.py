"""Who may say who calls, how much is taken of them, and what is told about frames."""

import contextlib
import json
import select
import socket
import time
from pathlib import Path

import httpx2
import pytest
from argon2 import PasswordHasher

from daemon import web
from daemon.logins.desk import Desk
from daemon.logins.passwords import Hasher
from daemon.store import Store, people
from daemon.web import Links
from daemon.web.auth.doors import Doors, Trusted
from daemon.web.limits import Limits
from rules.model.people import Right

SESSION = "/api/v1/session"
TOKENS = "/api/v1/tokens"
HEADER = "X-Remote-User"
ALICE = "alice@us.example"


@pytest.fixture
def serve(store: Store, world):
    """Starts servers; their users come by a header that the proxies of `trusted` may set."""
    running: list[web.Server] = []
    with store.write() as tx:
        people.put_user(tx, name="Alice", email=ALICE, rights=Right)
        people.put_user(tx, name="Left", email="left@us.example", active=False)
    cheap = Hasher(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))

    def start(*trusted: str, handed=(), limits: Limits | None = None, **doors) -> web.Server:
        ways = Doors(Desk(store, cheap, key=b"k"), trusted=Trusted(trusted), **doors)
        links = Links(world.show, world.act)
        app = web.build(store, world.readiness, {}, links, doors=ways, limits=limits or Limits())
        server = web.Server(app, "127.0.0.1", 0, handed)
        server.start()
        running.append(server)
        return server

    yield start
    for server in running:
        server.stop()


def kind(answer: httpx2.Response) -> str:
    return answer.json()["type"].removeprefix("urn:suivi:problem:")


def test_a_trusted_proxy_says_who_calls(serve) -> None:
    url = serve("127.0.0.0/8", user_header=HEADER).url
    named = httpx2.get(url + SESSION, headers={HEADER: ALICE.upper()})
    assert (named.status_code, named.json()["email"]) == (200, ALICE)
    assert httpx2.get(url + SESSION).status_code == 401
    assert httpx2.get(url + SESSION, headers={HEADER: ""}).status_code == 401
    for unknown in ("nobody@us.example", "left@us.example", "é@us.example"):
        answer = httpx2.get(url + SESSION, headers={HEADER: unknown.encode()})
        assert (answer.status_code, kind(answer)) == (403, "unknown-user")
    twice = [(HEADER, ALICE), (HEADER, "bob@us.example")]
    answer = httpx2.get(url + SESSION, headers=twice)
    assert (answer.status_code, kind(answer)) == (400, "untrusted-proxy")


@pytest.mark.parametrize("trusted", [(), ("192.0.2.1",), ("10.0.0.0/8", "::1"), ("unix",)])
@pytest.mark.parametrize("path", [SESSION, "/api/v1/exchanges", "/readyz"])
def test_nobody_else_may_say_it_and_it_is_not_passed_over(serve, trusted, path) -> None:
    url = serve(*trusted, user_header=HEADER).url
    answer = httpx2.get(url + path, headers={HEADER: ALICE})
    assert (answer.status_code, kind(answer)) == (400, "untrusted-proxy")
    # What the visitor says of where they are changes nothing.
    forged = {HEADER: ALICE, "X-Forwarded-For": "192.0.2.1"}
    assert httpx2.get(url + path, headers=forged).status_code == 400


def test_a_unix_socket_may_be_trusted(serve, tmp_path: Path) -> None:
    path = tmp_path / "http.sock"
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.bind(str(path))
    sock.listen()
    serve("unix", user_header=HEADER, handed=[sock])
    with httpx2.Client(transport=httpx2.HTTPTransport(uds=str(path))) as proxy:
        answer = proxy.get("http://suivi" + SESSION, headers={HEADER: ALICE})
        assert (answer.status_code, answer.json()["email"]) == (200, ALICE)


def test_without_the_option_the_header_is_one_like_any_other(serve) -> None:
    assert httpx2.get(serve("127.0.0.1").url + SESSION, headers={HEADER: ALICE}).status_code == 401


def test_what_a_proxy_signs_on_another_site_can_not_use(serve) -> None:
    url = serve("127.0.0.1", user_header=HEADER).url
    token = {"name": "x", "scopes": ["read"]}
    for more, status in (
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": url}, 201),
        ({"Origin": "https://evil.example"}, 403),
        ({}, 403),
    ):
        answer = httpx2.post(url + TOKENS, json=token, headers={HEADER: ALICE, **more})
        assert answer.status_code == status


def test_frames_are_for_ourselves_or_for_who_is_listed(serve) -> None:
    own = httpx2.get(serve().url + "/healthz").headers
    assert own["x-frame-options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in own["content-security-policy"]
    limits = Limits(ancestors=("https://erp.example",))
    listed = httpx2.get(serve(limits=limits).url + "/healthz").headers
    # It knows no lists, and would forbid what the policy allows.
    assert "x-frame-options" not in listed
    assert "frame-ancestors 'self' https://erp.example" in listed["content-security-policy"]


# Requests that nobody should send, with the real server.


@pytest.fixture
def signed(serve) -> httpx2.Client:
    url = serve("127.0.0.1", user_header=HEADER).url
    with httpx2.Client(base_url=url, headers={HEADER: ALICE, "Origin": url}, timeout=30) as client:
        yield client


HUGE = 100 * 1024 * 1024


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_100_mb_is_refused_at_once(signed: httpx2.Client, chunked: bool) -> None:
    sent = 0

    def body():
        nonlocal sent
        block = b" " * 65536
        for _ in range(HUGE // len(block)):
            sent += len(block)
            yield block

    headers = {"Content-Type": "application/json"}
    if not chunked:
        headers["Content-Length"] = str(HUGE)
    begun = time.monotonic()
    answer = raw(signed, headers, body())
    assert b" 413 " in answer.splitlines()[0]
    assert b"urn:suivi:problem:too-large" in answer
    assert time.monotonic() - begun < 5
    assert sent < HUGE / 4


def raw(client: httpx2.Client, headers: dict[str, str], body) -> bytes:
    """The answer, read as soon as it comes: the client stops sending then."""
    host, port = client.base_url.host, client.base_url.port
    lines = [f"POST {TOKENS} HTTP/1.1", f"Host: {host}:{port}", f"{HEADER}: {ALICE}"]
    lines += [f"Origin: {client.headers['Origin']}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    chunked = "Content-Length" not in headers
    lines += ["Transfer-Encoding: chunked"] * chunked + ["", ""]
    with socket.create_connection((host, port), timeout=20) as sock:
        sock.sendall("\r\n".join(lines).encode())
        for block in body:
            with contextlib.suppress(OSError):
                sock.sendall(b"%x\r\n%s\r\n" % (len(block), block) if chunked else block)
            if select.select([sock], [], [], 0)[0]:
                break
        answer = b""
        while b"}" not in answer:
            answer += sock.recv(65536)
        return answer


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[" * 10_000 + b"]" * 10_000, {400, 422}),
        (b'{"name":' * 10_000 + b"1" + b"}" * 10_000, {400, 422}),
        (b'{"name": "x", "scopes": ' + b"[" * 900 + b"]" * 900 + b"}", {422}),
        (b'{"name": "\xff\xfe", "scopes": ["read"]}', {400}),
        (b'{"name": "\\ud800", "scopes": ["read"]}', {422}),
        (b"\x00" * 100, {400, 422}),
        (b'{"name": "x", "scopes": ["read"], "days": 1e400}', {400, 422}),
        (b'{"name": "x", "scopes": ["read"], "days": ' + b"9" * 5000 + b"}", {400, 422}),
        (b"", {422}),
    ],
)
def test_what_can_not_be_read_is_refused_at_once(
    signed: httpx2.Client, body: bytes, status: set[int]
) -> None:
    begun = time.monotonic()
    answer = signed.post(TOKENS, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in status
    assert answer.headers["content-type"] == "application/problem+json"
    assert time.monotonic() - begun < 2
    assert signed.get("/healthz").status_code == 200


@pytest.mark.parametrize("limit", ["201", str(10**9), str(10**400), "-1", "1e9", "NaN"])
def test_a_huge_page_is_refused_at_once(signed: httpx2.Client, limit: str) -> None:
    answer = signed.get("/api/v1/exchanges", params={"limit": limit})
    assert answer.status_code == 422
    assert len(answer.content) < 2000


def test_a_text_that_no_database_holds_breaks_nothing(signed: httpx2.Client) -> None:
    for text in ("\x00", "\ud800", "a\x00b"):
        body = json.dumps({"name": text, "scopes": ["read"]})
        headers = {"Content-Type": "application/json"}
        assert signed.post(TOKENS, content=body, headers=headers).status_code in (201, 422)
    assert signed.get("/api/v1/exchanges?text=%00%ff%ed%a0%80").status_code in (200, 422)
    assert signed.get("/api/v1/%ff%00").status_code == 404
    assert signed.get(TOKENS).status_code == 200


def test_how_large_a_body_may_be_is_configured(serve) -> None:
    url = serve("127.0.0.1", user_header=HEADER, limits=Limits(body=200)).url
    headers = {HEADER: ALICE, "Origin": url}
    for size, status in ((10, 201), (300, 413)):
        body = {"name": "x" * min(size, 90), "scopes": ["read"]} | (
            {"y": "z" * 300} if size > 100 else {}
        )
        assert httpx2.post(url + TOKENS, json=body, headers=headers).status_code == status
