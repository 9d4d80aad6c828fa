"""Signed links: a page that asks, a button that acts, and headers that hold."""

import httpx2
import pytest


def test_opening_a_link_changes_nothing(anonymous: httpx2.Client, world) -> None:
    answer = anonymous.get("/l/good.token")
    assert answer.status_code == 200
    assert '<html lang="fr">' in answer.text
    assert '<form method="post" action="/l/good.token">' in answer.text
    assert ">Confirmer<" in answer.text
    assert world.acted == []


def test_head_and_other_verbs_change_nothing(anonymous: httpx2.Client, world) -> None:
    assert anonymous.head("/l/good.token").status_code == 200
    for method in ("OPTIONS", "PUT", "DELETE", "PATCH"):
        assert anonymous.request(method, "/l/good.token").status_code == 405
    assert world.acted == []


def test_the_button_acts_and_says_so(anonymous: httpx2.Client, world) -> None:
    answer = anonymous.post("/l/good.token")
    assert answer.status_code == 200
    assert "C&#39;est noté" in answer.text
    assert "<form" not in answer.text
    assert world.acted == ["good.token"]


def test_what_comes_from_mail_is_escaped(anonymous: httpx2.Client) -> None:
    text = anonymous.get("/l/good.token").text
    assert "<b>" not in text
    assert "Relance &lt;b&gt;Dupont&lt;/b&gt; &amp; fils" in text


@pytest.mark.parametrize("token", ["forged", "x" * 10_000, "%00", "..%2f..%2fhealthz"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_forged_link_is_refused(anonymous: httpx2.Client, world, token: str, method: str) -> None:
    answer = anonymous.request(method, f"/l/{token}")
    assert answer.status_code in (403, 404)
    assert world.acted == []


@pytest.mark.parametrize(
    ("token", "status", "said"),
    [
        ("expired", 410, "It is too old"),
        ("not-yours", 403, "not yours"),
        ("gone", 410, "exists no more"),
        ("forged", 403, "not complete"),
        ("moved", 409, "déplacée"),
    ],
)
def test_each_refusal_says_why(
    anonymous: httpx2.Client, token: str, status: int, said: str
) -> None:
    for method in ("GET", "POST"):
        answer = anonymous.request(method, f"/l/{token}.token")
        assert (answer.status_code, said in answer.text) == (status, True)
        assert "<form" not in answer.text


@pytest.mark.parametrize(
    ("accepted", "said"),
    [("fr-FR,fr;q=0.9", "n’est plus valable"), ("de", "no longer valid"), ("", "no longer valid")],
)
def test_a_refusal_is_in_the_browsers_language(
    anonymous: httpx2.Client, accepted: str, said: str
) -> None:
    answer = anonymous.get("/l/forged", headers={"Accept-Language": accepted})
    assert said in answer.text


@pytest.mark.parametrize(
    "path", ["/healthz", "/l/good.token", "/l/forged", "/nothing", "/static/suivi.css"]
)
def test_every_answer_has_the_security_headers(anonymous: httpx2.Client, path: str) -> None:
    headers = anonymous.get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers


def test_a_page_loads_nothing_but_its_style(anonymous: httpx2.Client) -> None:
    page = anonymous.get("/l/good.token").text
    assert "<script" not in page and "style=" not in page
    assert 'href="/static/suivi.css"' in page
    assert anonymous.get("/static/suivi.css").headers["content-type"].startswith("text/css")
    assert anonymous.get("/static/../server.py").status_code == 404
