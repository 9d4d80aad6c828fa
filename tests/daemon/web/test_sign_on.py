"""Signing on at a provider: who comes back is who the provider vouches for, or nobody."""

import time
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from argon2 import PasswordHasher
from joserfc.jwk import OctKey, RSAKey

from connectors.oidc.client import Provider, SignOn
from daemon import web
from daemon.clock import now
from daemon.logins.desk import Desk
from daemon.logins.passwords import Hasher
from daemon.store import Store, audit, people
from daemon.web import Links
from daemon.web.auth import signing
from daemon.web.auth.doors import Doors
from tests.servers.openid import CLIENT, SECRET, OpenId

ALICE = "alice@us.example"
SITE = "http://127.0.0.1:1"
SESSION = "/api/v1/session"


@pytest.fixture
def provider():
    served = OpenId(ALICE, f"{SITE}/oidc/callback")
    yield served
    served.stop()


@pytest.fixture
def browser(store: Store, world, provider: OpenId):
    with store.write() as tx:
        people.put_user(tx, name="Alice", email=ALICE)
    cheap = Hasher(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    sign_on = SignOn(Provider(provider.issuer, CLIENT, SECRET))
    doors = Doors(Desk(store, cheap, key=b"k"), public_url=SITE, sign_on=sign_on)
    app = web.build(store, world.readiness, {}, Links(world.show, world.act), doors=doors)
    server = web.Server(app, "127.0.0.1", 0)
    server.start()
    with httpx2.Client(base_url=server.url, timeout=20) as client:
        yield client
    server.stop()


def away(browser: httpx2.Client, onward: str = "/") -> str:
    """To the provider, and its answer: the address that the browser is sent back to."""
    sent = browser.get("/oidc/login", params={"next": onward})
    assert sent.status_code == 303
    back = httpx2.get(sent.headers["location"])
    assert back.status_code == 302
    return back.headers["location"].removeprefix(SITE)


def kind(answer: httpx2.Response) -> str:
    return answer.json()["type"].removeprefix("urn:suivi:problem:")


def test_who_the_provider_vouches_for_comes_in(browser: httpx2.Client, store: Store) -> None:
    back = browser.get(away(browser, "/history?x=1"))
    assert (back.status_code, back.headers["location"]) == (303, "/history?x=1")
    assert browser.get(SESSION).json()["email"] == ALICE
    assert set(browser.cookies) == {"suivi"}
    with store.read() as tx:
        assert [one.action for one in audit.of(tx, "user 1")] == ["log in by sign-on"]


def test_an_answer_is_good_once_and_in_its_browser(browser: httpx2.Client) -> None:
    back = away(browser)
    with httpx2.Client(base_url=browser.base_url) as stranger:
        assert kind(stranger.get(back)) == "sign-on-stale"
    kept = dict(browser.cookies)
    assert browser.get(back).status_code == 303
    assert kind(browser.get(back)) == "sign-on-stale"
    # With the cookie of before it is the provider that refuses the code.
    answer = httpx2.get(browser.base_url.join(back), cookies=kept)
    assert (answer.status_code, kind(answer)) == (403, "sign-on-refused")


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another"},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"iss": "https://evil.example"},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"iat": int(time.time()) + 3600},
        {"email_verified": False},
        {"email_verified": None},
        {"email": None},
        {"email": ["alice@us.example"]},
        {"sub": None},
    ],
)
def test_what_an_id_token_says_is_looked_at(
    browser: httpx2.Client, provider: OpenId, claims
) -> None:
    provider.claims = claims
    answer = browser.get(away(browser))
    assert (answer.status_code, kind(answer)) == (403, "sign-on-refused")
    assert browser.get(SESSION).status_code == 401


def test_a_token_that_another_key_signed_is_refused(
    browser: httpx2.Client, provider: OpenId
) -> None:
    provider.key = RSAKey.generate_key(2048, {"kid": "one"})
    assert kind(browser.get(away(browser))) == "sign-on-refused"
    provider.algorithm = "none"
    assert kind(browser.get(away(browser))) == "sign-on-refused"
    # What others could sign as well.
    provider.key, provider.algorithm = OctKey.generate_key(256, {"kid": "one"}), "HS256"
    assert kind(browser.get(away(browser))) == "sign-on-refused"


def test_keys_may_change(browser: httpx2.Client, provider: OpenId) -> None:
    assert browser.get(away(browser)).status_code == 303
    provider.key = provider.published = RSAKey.generate_key(2048, {"kid": "two"})
    assert browser.get(away(browser)).status_code == 303


def test_nobody_becomes_a_user_by_it(browser: httpx2.Client, provider: OpenId) -> None:
    provider.email = "stranger@us.example"
    assert kind(browser.get(away(browser))) == "unknown-user"


def test_who_says_no_is_told_so(browser: httpx2.Client) -> None:
    state = parse_qs(urlsplit(away(browser)).query)["state"][0]
    answer = browser.get("/oidc/callback", params={"state": state, "error": "access_denied"})
    assert (answer.status_code, kind(answer)) == (403, "sign-on-refused")


def test_a_provider_that_is_away_or_another_is_told(
    browser: httpx2.Client, provider: OpenId
) -> None:
    provider.document = {"issuer": "https://evil.example"}
    assert kind(browser.get("/oidc/login")) == "sign-on-refused"
    provider.document = {"token_endpoint": "http://evil.example/token"}
    assert kind(browser.get("/oidc/login")) == "sign-on-refused"
    provider.stop()
    answer = browser.get("/oidc/login")
    assert (answer.status_code, kind(answer)) == (502, "sign-on-unreachable")


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "/\\evil.example", "https://evil.example", "x", "", "/a\r\nb", "/é"],
)
def test_nobody_is_sent_elsewhere_afterwards(path: str) -> None:
    assert signing.onward(path) == "/"


def test_what_a_browser_keeps_can_not_be_made_up() -> None:
    kept = signing.Kept("state", "nonce", "verifier", "/")
    cookie = signing.sealed(b"key", kept, now())
    assert signing.opened(b"key", cookie, now()) == kept
    assert signing.opened(b"key", cookie, now() + signing.LASTS) is None
    assert signing.opened(b"other", cookie, now()) is None
    for forged in ("", ".", "x", f"{cookie}x", cookie.replace(".", "A.", 1), "é.é"):
        assert signing.opened(b"key", forged, now()) is None
