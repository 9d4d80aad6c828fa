"""Logging in over HTTP: sessions, tokens, invitations; and who is refused."""

from datetime import timedelta

import httpx2
import pytest
from argon2 import PasswordHasher

from daemon import web
from daemon.clock import now
from daemon.logins import choosing, secret
from daemon.logins.desk import Desk
from daemon.logins.passwords import Hasher
from daemon.store import Store, audit, passwords, people, sessions, tokens
from daemon.web import Links
from daemon.web.auth.doors import Doors, Trusted
from rules.logins import Patience, Scope
from rules.model.people import Right, UserId

PASSWORD = "correct horse battery"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
SESSION = "/api/v1/session"
EXCHANGES = "/api/v1/exchanges"


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store, Hasher(CHEAP), key=b"k" * 32)


@pytest.fixture
def alice(store: Store, desk: Desk) -> UserId:
    with store.write() as tx:
        user = people.put_user(
            tx, name="Alice", email="alice@us.example", rights=Right, language="fr"
        )
        passwords.put(tx, user, desk.hasher.hashed(PASSWORD), now())
    return user


@pytest.fixture
def house(store: Store, world, desk: Desk):
    """Starts servers with the doors that a test wants."""
    running: list[web.Server] = []

    def start(**doors) -> str:
        app = web.build(
            store, world.readiness, {}, Links(world.show, world.act), doors=Doors(desk, **doors)
        )
        server = web.Server(app, "127.0.0.1", 0)
        server.start()
        running.append(server)
        return server.url

    yield start
    for server in running:
        server.stop()


@pytest.fixture
def browser(house, alice):
    """A browser of Alice's on this machine: it says from where its requests come."""
    with httpx2.Client(base_url=house(), headers={"Sec-Fetch-Site": "same-origin"}) as client:
        yield client


def enter(client: httpx2.Client, password: str = PASSWORD, **more) -> httpx2.Response:
    login = {"email": "alice@us.example", "password": password}
    return client.post(SESSION, json=login | more)


def kind(answer: httpx2.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()["type"].removeprefix("urn:suivi:problem:")


def test_a_session_begins_with_the_password_and_ends_at_once(browser: httpx2.Client) -> None:
    assert browser.get(EXCHANGES).status_code == 401
    entered = enter(browser)
    assert entered.status_code == 201
    assert entered.json()["email"] == "alice@us.example"
    assert browser.get(EXCHANGES).status_code == 200
    kept = dict(browser.cookies)
    assert browser.delete(SESSION).status_code == 204
    assert not browser.cookies
    assert httpx2.get(browser.base_url.join(EXCHANGES), cookies=kept).status_code == 401


def test_who_has_left_and_comes_back_begins_anew(
    browser: httpx2.Client, store: Store, alice: UserId
) -> None:
    enter(browser)
    with store.write() as tx:
        boss = people.put_user(tx, name="Boss", email="boss@us.example", rights=Right)
        tokens.add(tx, boss, "t", secret.hashed("boss-token"), [Scope.ADMIN], now(), None)
    headers = {"Authorization": "Bearer boss-token", "If-Match": "*"}
    for active, status in ((False, 401), (True, 401)):
        url = f"{browser.base_url}/api/v1/users/{alice}"
        changed = httpx2.patch(url, json={"active": active}, headers=headers)
        assert changed.status_code == 200, changed.text
        assert browser.get(EXCHANGES).status_code == status
    assert enter(browser).status_code == 201


def test_the_cookie_is_for_the_server_alone(browser: httpx2.Client, store: Store) -> None:
    header = enter(browser).headers["set-cookie"]
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(header.split("; "))
    value = browser.cookies["suivi"]
    with store.read() as tx:
        (session,) = sessions.of(tx, UserId(1))
        assert sessions.find(tx, value) is None
        assert sessions.find(tx, secret.hashed(value)) == session
    assert session.address == "127.0.0.1"


def test_with_https_the_cookie_is_bound_to_the_host(house, alice) -> None:
    url = house(public_url="https://suivi.example")
    with httpx2.Client(base_url=url, headers={"Origin": "https://suivi.example"}) as client:
        header = enter(client).headers["set-cookie"]
        assert header.startswith("__Host-suivi=")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(header.split("; "))
        assert "domain" not in header.lower()
        value = header.partition("=")[2].partition(";")[0]
        for name, status in (("__Host-suivi", 200), ("suivi", 401)):
            answer = client.get(EXCHANGES, headers={"Cookie": f"{name}={value}"})
            assert answer.status_code == status


def test_without_tls_nobody_logs_in_from_another_machine(house, alice) -> None:
    away = {"X-Forwarded-For": "198.51.100.7"}
    answer = httpx2.post(
        house(trusted=Trusted(["127.0.0.1"])) + SESSION,
        json={"email": "alice@us.example", "password": PASSWORD},
        headers=away,
    )
    assert (answer.status_code, kind(answer)) == (403, "https-needed")
    url = house(trusted=Trusted(["127.0.0.1"]), plain_cookies=True)
    login = {"email": "alice@us.example", "password": PASSWORD}
    assert httpx2.post(url + SESSION, json=login, headers=away).status_code == 201


def test_a_new_login_is_a_new_session(browser: httpx2.Client) -> None:
    enter(browser)
    first = browser.cookies["suivi"]
    enter(browser)
    assert browser.cookies["suivi"] != first
    old = {"suivi": first}
    assert httpx2.get(browser.base_url.join(EXCHANGES), cookies=old).status_code == 401


@pytest.mark.parametrize("what", ["idle", "most"])
def test_a_session_ends_by_itself(browser: httpx2.Client, store: Store, desk: Desk, what) -> None:
    enter(browser)
    lasting = desk.lasting
    late = now() - (lasting.idle if what == "idle" else lasting.most) - timedelta(seconds=1)
    from daemon.store.tables.logins import session

    with store.write() as tx:
        column = {"idle": "used_at", "most": "created_at"}[what]
        tx.execute(session.update().values({column: late}))
    assert browser.get(EXCHANGES).status_code == 401


def test_sessions_elsewhere_are_seen_and_ended(browser: httpx2.Client, house, alice) -> None:
    enter(browser)
    headers = {"Sec-Fetch-Site": "same-origin", "User-Agent": "a phone"}
    with httpx2.Client(base_url=browser.base_url, headers=headers) as phone:
        enter(phone)
        there, here = browser.get("/api/v1/sessions").json()["items"]
        assert (there["agent"], there["current"], here["current"]) == ("a phone", False, True)
        assert browser.delete(f"/api/v1/sessions/{there['id']}").status_code == 204
        assert phone.get(EXCHANGES).status_code == 401
    assert browser.delete(f"/api/v1/sessions/{there['id']}").status_code == 404
    assert browser.get(EXCHANGES).status_code == 200


def test_a_user_who_left_is_out_at_once(browser: httpx2.Client, store: Store, alice) -> None:
    enter(browser)
    with store.write() as tx:
        people.put_user(tx, name="Alice", email="alice@us.example", active=False)
    assert browser.get(EXCHANGES).status_code == 401
    assert kind(enter(browser)) == "wrong-password"


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, False),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, True),
        ({"Sec-Fetch-Site": "same-site"}, True),
        ({"Origin": "HOST"}, False),
        ({"Origin": "https://evil.example"}, True),
        ({"Origin": "null"}, True),
        ({"Origin": "http://["}, True),
        ({}, True),
        ({"X-CSRF-Token": "TOKEN"}, False),
        ({"X-CSRF-Token": "0" * 64}, True),
        ({"X-CSRF-Token": "TOKEN", "Sec-Fetch-Site": "cross-site"}, True),
        ({"X-CSRF-Token": "0" * 64, "Sec-Fetch-Site": "same-origin"}, True),
    ],
)
def test_what_another_site_has_a_browser_do_is_refused(
    browser: httpx2.Client, headers: dict[str, str], refused: bool
) -> None:
    token = enter(browser).json()["csrf_token"]
    host = f"http://{browser.base_url.netloc.decode()}"
    sent = {
        name: value.replace("TOKEN", token).replace("HOST", host) for name, value in headers.items()
    }
    with httpx2.Client(base_url=browser.base_url, cookies=dict(browser.cookies)) as plain:
        made = plain.post("/api/v1/tokens", json={"name": "x", "scopes": ["read"]}, headers=sent)
        assert made.status_code == (403 if refused else 201)
        assert not refused or kind(made) == "cross-site"
        assert plain.get(EXCHANGES, headers=sent).status_code == 200


def test_nobody_is_logged_in_by_another_site(browser: httpx2.Client) -> None:
    answer = browser.post(
        SESSION,
        json={"email": "alice@us.example", "password": PASSWORD},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert (answer.status_code, kind(answer)) == (403, "cross-site")


def test_wrong_guesses_have_to_wait_and_are_told_alike(
    browser: httpx2.Client, store: Store, alice
) -> None:
    answers = [enter(browser, "wrong") for _ in range(7)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) in (1, 2)
    # The right one is not tried either: a guess that waits tells nothing.
    assert enter(browser).status_code == 429
    unknown = [enter(browser, email="nobody@us.example") for _ in range(6)]
    assert [answer.status_code for answer in unknown] == [401] * 5 + [429]
    assert unknown[0].json() == answers[0].json()
    with store.read() as tx:
        noted = [entry.action for entry in audit.of(tx, f"user {alice}")]
    assert noted == ["try to log in"] * 5


def test_who_was_here_before_is_not_held_up_by_strangers(house, alice) -> None:
    url = house(trusted=Trusted(["127.0.0.1"]), public_url="https://suivi.example")
    login = {"email": "alice@us.example", "password": PASSWORD}

    def come(address: str, password: str) -> int:
        headers = {"X-Forwarded-For": address}
        sent = login | {"password": password}
        return httpx2.post(url + SESSION, json=sent, headers=headers).status_code

    assert come("192.0.2.1", PASSWORD) == 201
    assert [come("198.51.100.7", "wrong") for _ in range(6)] == [401] * 5 + [429]
    assert come("203.0.113.9", PASSWORD) == 429
    assert come("192.0.2.1", PASSWORD) == 201


def test_one_address_has_to_wait_whatever_the_account(store: Store, alice, desk: Desk) -> None:
    from dataclasses import replace

    from daemon.logins.desk import Place
    from daemon.logins.entering import Wait, Wrong, prove

    few = replace(desk, address=Patience(3, timedelta(seconds=9), timedelta(hours=1), timedelta(1)))
    found = [
        prove(few, f"user{n}@us.example", "wrong", Place(f"2001:db8::{n}"), now()) for n in range(5)
    ]
    assert list(map(type, found)) == [Wrong] * 3 + [Wait] * 2
    assert isinstance(prove(few, "x@us.example", "wrong", Place("2001:db8:1::"), now()), Wrong)


def test_a_token_does_what_it_is_for(browser: httpx2.Client, alice) -> None:
    enter(browser)
    made = {
        scope: browser.post("/api/v1/tokens", json={"name": scope.value, "scopes": [scope]}).json()
        for scope in Scope
    }
    assert {one["token"][:6] for one in made.values()} == {"suivi_"}
    with httpx2.Client(base_url=browser.base_url) as program:
        for scope, may in (
            (Scope.MONITOR, (403, 403)),
            (Scope.READ, (200, 403)),
            (Scope.WRITE, (200, 403)),
            (Scope.ADMIN, (200, 201)),
        ):
            headers = {"Authorization": f"Bearer {made[scope]['token']}"}
            again = {"name": "more", "scopes": ["admin"]}
            found = (
                program.get(EXCHANGES, headers=headers).status_code,
                program.post("/api/v1/tokens", json=again, headers=headers).status_code,
            )
            assert found == may, scope
            ready = program.get("/readyz", headers=headers).json()
            assert any(check["name"] == "mailbox alice" for check in ready["checks"])
        headers = {"Authorization": f"Bearer {made[Scope.READ]['token']}"}
        me = program.get(SESSION, headers=headers).json()
        assert me["scopes"] == ["read"] and "see_exchanges" in me["rights"]
        assert not {"configure", "create_exchanges"} & set(me["rights"])
        assert browser.delete(f"/api/v1/tokens/{made[Scope.READ]['id']}").status_code == 204
        assert program.get(EXCHANGES, headers=headers).status_code == 401


def test_the_address_of_a_calendar_is_made_and_taken_back(browser: httpx2.Client, alice) -> None:
    enter(browser)
    both = {"name": "phone", "scopes": ["feed", "read"]}
    assert browser.post("/api/v1/tokens", json=both).status_code == 422
    made = browser.post("/api/v1/tokens", json={"name": "phone", "scopes": ["feed"]}).json()
    assert made["url"] == f"/feeds/{made['token']}.ics"
    assert browser.get(made["url"]).status_code == 200
    assert browser.delete(f"/api/v1/tokens/{made['id']}").status_code == 204
    assert browser.get(made["url"]).status_code == 404


def test_a_token_ends(browser: httpx2.Client, store: Store, alice) -> None:
    with store.write() as tx:
        for told, until in (("old", -1), ("new", 1)):
            until = now() + timedelta(seconds=until * 60)
            tokens.add(tx, alice, told, secret.hashed(told), [Scope.READ], now(), until)
    for told, status in (("old", 401), ("new", 200)):
        answer = browser.get(EXCHANGES, headers={"Authorization": f"Bearer {told}"})
        assert answer.status_code == status


def test_a_new_password_ends_all_other_sessions(browser: httpx2.Client, alice) -> None:
    enter(browser)
    change = {"current_password": PASSWORD, "new_password": "another good phrase"}
    with httpx2.Client(base_url=browser.base_url) as phone:
        phone.headers["Sec-Fetch-Site"] = "same-origin"
        enter(phone)
        wrong = browser.put("/api/v1/password", json=change | {"current_password": "wrong"})
        assert kind(wrong) == "wrong-password"
        bad = browser.put("/api/v1/password", json=change | {"new_password": "alice@us.example"})
        assert (bad.status_code, kind(bad)) == (422, "unfit-password")
        assert browser.put("/api/v1/password", json=change).status_code == 204
        assert browser.get(EXCHANGES).status_code == 200
        assert phone.get(EXCHANGES).status_code == 401
    assert enter(browser).status_code == 401
    assert enter(browser, "another good phrase").status_code == 201


def test_a_link_is_good_for_one_password(browser: httpx2.Client, store: Store, alice) -> None:
    enter(browser)
    with store.write() as tx:
        bob = people.put_user(tx, name="Bob", email="bob@us.example")
    made = browser.post(f"/api/v1/users/{bob}/invitation")
    assert made.status_code == 201
    told = made.json()["link"].removeprefix("/welcome/")
    page = browser.get(f"/welcome/{told}")
    assert "bob@us.example" in page.text and page.status_code == 200
    form = {"password": "a phrase of bob", "again": "a phrase of bob"}
    differs = browser.post(f"/welcome/{told}", data=form | {"again": "x"})
    assert differs.status_code == 422
    assert browser.post(f"/welcome/{told}", data=form).status_code == 200
    assert browser.post(f"/welcome/{told}", data=form).status_code == 404
    assert browser.get(f"/welcome/{told}").status_code == 404
    assert enter(browser, "a phrase of bob", email="bob@us.example").status_code == 201
    # Bob manages nobody.
    assert browser.post(f"/api/v1/users/{alice}/invitation").status_code == 403


def test_the_first_admin_makes_themself_and_is_the_only_first_one(
    house, store: Store, desk: Desk
) -> None:
    with store.write() as tx:
        told = choosing.invite(tx, None, "suivi", now())
        again = choosing.invite(tx, None, "suivi", now())
    url = house()
    answer = {"invitation": again, "new_password": PASSWORD}
    post = f"{url}/api/v1/invitations"
    assert kind(httpx2.post(post, json=answer | {"invitation": told})) == "no-invitation"
    assert httpx2.post(post, json=answer).status_code == 422
    whole = answer | {"name": "Ann", "email": "ann@us.example"}
    assert httpx2.post(post, json=whole).json() == {"email": "ann@us.example"}
    assert kind(httpx2.post(post, json=whole)) == "no-invitation"
    with store.write() as tx:
        ann = people.user_by_main_email(tx, "ann@us.example")
        assert ann is not None and ann.rights == frozenset(Right)
        # Once somebody can come in and manage users, no first admin is made any more.
        late = choosing.invite(tx, None, "suivi", now())
    assert kind(httpx2.post(post, json=whole | {"invitation": late})) == "no-invitation"


def test_the_hash_for_nobody_costs_what_a_password_costs() -> None:
    from daemon.logins.passwords import NOBODY

    assert not Hasher().is_weak(NOBODY)
    assert not Hasher().matches(None, "")
