"""Alive, ready, and what is told to whom."""

import httpx2

from daemon.web import Check


def test_alive(anonymous: httpx2.Client) -> None:
    answer = anonymous.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


def test_a_dead_mailbox_is_a_status_not_unreadiness(anonymous: httpx2.Client) -> None:
    answer = anonymous.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "checks": [
            {"name": "database", "ok": True, "reason": ""},
            {"name": "loop", "ok": True, "reason": ""},
        ],
        "accounts": {"ok": 1, "of": 2},
    }


def test_accounts_and_their_troubles_are_for_known_callers(admin: httpx2.Client) -> None:
    checks = admin.get("/readyz").json()["checks"]
    assert {"name": "mailbox alice", "ok": False, "reason": "imap: login refused"} in checks


def test_not_ready_is_503_with_the_reason(anonymous: httpx2.Client, world) -> None:
    world.checks[0] = Check("database", ok=False, reason="the database is busy")
    answer = anonymous.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"][0]["reason"] == "the database is busy"


def test_what_goes_wrong_is_a_problem_without_details(anonymous: httpx2.Client, world) -> None:
    world.checks = None
    answer = anonymous.get("/readyz")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "NoneType" not in answer.text
    assert anonymous.get("/healthz").status_code == 200


def test_every_answer_has_a_number_and_a_proxy_may_give_it(anonymous: httpx2.Client) -> None:
    first, second = (anonymous.get("/healthz").headers["X-Request-ID"] for _ in range(2))
    assert first != second and len(first) == 32
    given = anonymous.get("/nowhere", headers={"X-Request-ID": "proxy-0001"})
    assert given.headers["X-Request-ID"] == "proxy-0001"
    for bad in ("short", "x" * 65, "with space", "a\tb-long-enough"):
        answer = anonymous.get("/healthz", headers={"X-Request-ID": bad})
        assert len(answer.headers["X-Request-ID"]) == 32
