"""`suivi user`: who may come in, by what; secrets are shown once, and are never arguments."""

import json
import re

import httpx2

from tests.daemon.cli.conftest import Suivi

ALICE = "alice@atelier.example"
BOB = "bob@atelier.example"
EVE = "eve@atelier.example"
PHRASE = "a phrase to remember"


def users(suivi: Suivi) -> dict[str, dict]:
    return {user["email"]: user for user in json.loads(suivi("user", "list", "--json").stdout)}


def test_a_user_is_added_with_a_link_and_leaves(suivi: Suivi) -> None:
    done = suivi("user", "add", BOB, "--name", "Bob", "--admin", "--language", "fr")
    added, link = done.stdout.splitlines()
    assert added == f"{BOB} is a user from now on."
    assert re.fullmatch(r"http://127\.0\.0\.1:0/welcome/[\w-]{43}", link)
    assert "good once, until" in done.stderr
    assert "manage_users" in users(suivi)[BOB]["rights"]
    again = suivi("user", "add", BOB, "--name", "Robert")
    assert (again.returncode, "already a user" in again.stderr) == (1, True)
    suivi("user", "token", "create", BOB, "--name", "x", "--scope", "read")
    assert users(suivi)[BOB]["tokens"] == 1
    last = suivi("user", "deactivate", BOB)
    assert (last.returncode, "nobody could manage users any more" in last.stderr) == (1, True)
    suivi("user", "add", EVE, "--name", "Eve", "--admin")
    assert suivi("user", "deactivate", BOB).stdout == f"{BOB} comes in no more.\n"
    assert (users(suivi)[BOB]["active"], users(suivi)[BOB]["tokens"]) == (False, 0)
    for refused in (
        suivi("user", "passwd", BOB, "--link"),
        suivi("user", "token", "create", BOB, "--name", "x", "--scope", "read"),
    ):
        assert (refused.returncode, "has left" in refused.stderr) == (1, True)


def test_a_password_is_typed_or_read_and_lets_in(suivi: Suivi, daemon, place) -> None:
    # There is no terminal here, and a password is no argument.
    done = suivi("user", "passwd", ALICE)
    assert (done.returncode, "--stdin" in done.stderr) == (1, True)
    from tests.daemon.cli.conftest import run_suivi

    assert "at least 12" in run_suivi(place, "user", "passwd", ALICE, "--stdin").stderr
    link = suivi("user", "passwd", ALICE, "--link").stdout.strip()
    url = json.loads(suivi("status", "--json").stdout)["http"]
    form = {"password": PHRASE, "again": PHRASE}
    page = httpx2.post(url + "/welcome/" + link.rpartition("/")[2], data=form)
    assert page.status_code == 200
    login = {"email": ALICE, "password": PHRASE}
    assert httpx2.post(f"{url}/api/v1/session", json=login).status_code == 201
    told = suivi("user", "token", "create", ALICE, "--name", "script", "--scope", "read").stdout
    headers = {"Authorization": f"Bearer {told.strip()}"}
    assert httpx2.get(f"{url}/api/v1/session", headers=headers).json()["email"] == ALICE
    (token,) = json.loads(suivi("user", "token", "list", ALICE, "--json").stdout)
    assert (token["name"], token["scopes"], told.strip() in str(token)) == (
        "script",
        ["read"],
        False,
    )
    suivi("user", "token", "revoke", str(token["id"]))
    assert httpx2.get(f"{url}/api/v1/session", headers=headers).status_code == 401


def test_the_first_admin_has_a_link_until_there_is_one(suivi: Suivi, daemon) -> None:
    link = suivi("user", "first").stdout.strip()
    url = json.loads(suivi("status", "--json").stdout)["http"]
    answer = {
        "invitation": link.rpartition("/")[2],
        "new_password": PHRASE,
        "name": "Ann",
        "email": "ann@atelier.example",
    }
    assert httpx2.post(f"{url}/api/v1/invitations", json=answer).status_code == 200
    assert "manage_users" in users(suivi)["ann@atelier.example"]["rights"]
    done = suivi("user", "first")
    assert (done.returncode, "already" in done.stderr, done.stdout) == (1, True, "")
