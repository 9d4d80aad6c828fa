"""People over the API: made, changed by whoever read them last, hidden from other entities, and
rights that nobody loses to the last one."""

import httpx2
import pytest

from daemon import web
from daemon.store import Store, audit, people
from rules.model.people import Right, User

API = "/api/v1"


@pytest.fixture
def callers(store: Store) -> dict[str, User]:
    """By token: a manager of users, who records exchanges in one entity, and one in another."""
    with store.write() as tx:
        here = people.put_entity(tx, "main", "Us")
        there = people.put_entity(tx, "other", "Others")
        every = {"boss": (here, Right), "clerk": (here, _CLERK), "far": (there, _CLERK)}
        ids = {
            name: people.put_user(
                tx,
                name=name,
                email=f"{name}@us.example",
                entities=[entity],
                rights=rights,
            )
            for name, (entity, rights) in every.items()
        }
        users = people.users(tx)
    return {web.token_hash(name): users[number] for name, number in ids.items()}


_CLERK = (Right.SEE_EXCHANGES, Right.CREATE_EXCHANGES)


def ask(
    server: web.Server, who: str, method: str, path: str, body: object = None, match: str = ""
) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {who}"} | ({"If-Match": match} if match else {})
    return httpx2.request(
        method, f"{server.url}{API}{path}", json=body, headers=headers, timeout=20
    )


def made(server: web.Server, path: str, body: object, who: str = "boss") -> httpx2.Response:
    answer = ask(server, who, "POST", path, body)
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"{API}{path}/{answer.json()['id']}"
    return answer


def test_a_third_party_with_all_its_fields(server: web.Server) -> None:
    fields = {
        "code": "DUP",
        "name": "Dupont & Fils",
        "kinds": ["customer", "supplier"],
        "former_names": ["Éts Dupont"],
        "domains": ["Dupont.example"],
        "tags": ["key"],
        "entity": "main",
    }
    answer = made(server, "/third-parties", fields)
    stored = answer.json()
    assert stored == {
        **fields,
        "domains": ["dupont.example"],
        "active": True,
        "id": stored["id"],
        "revision": 1,
    }
    one = f"/third-parties/{stored['id']}"
    assert ask(server, "boss", "GET", one).headers["ETag"] == answer.headers["ETag"]
    again = ask(server, "boss", "POST", "/third-parties", fields)
    assert again.status_code == 409
    changed = ask(
        server, "boss", "PATCH", one, {"entity": None, "active": False}, answer.headers["ETag"]
    )
    assert changed.json() == {**stored, "entity": None, "active": False, "revision": 2}
    late = ask(server, "boss", "PATCH", one, {"name": "X"}, answer.headers["ETag"])
    assert late.status_code == 412
    assert ask(server, "boss", "PATCH", one, {"name": "X"}).status_code == 428
    for name, value in (("text", "ets dup"), ("kind", "supplier"), ("tag", "key")):
        found = ask(server, "boss", "GET", f"/third-parties?{name}={value}&active=false").json()
        assert [p["code"] for p in found["items"]] == ["DUP"], name


def test_pages_of_contacts_by_filter(server: web.Server) -> None:
    party = made(server, "/third-parties", {"code": "A", "name": "A"}).json()["id"]
    other = made(server, "/third-parties", {"code": "B", "name": "B"}).json()["id"]
    for n in range(5):
        contact = {"third_party": party, "name": f"Zoé {n}", "emails": [f"z{n}@a.example"]}
        made(server, "/contacts", contact | {"phones": ["+33 1", "06"], "level": "subject"})
    made(server, "/contacts", {"third_party": other, "name": "Max"})
    first = ask(server, "clerk", "GET", f"/contacts?third_party={party}&limit=3").json()
    rest = ask(
        server, "clerk", "GET", f"/contacts?third_party={party}&limit=3&cursor={first['next']}"
    ).json()
    names = [c["name"] for c in first["items"] + rest["items"]]
    assert names == [f"Zoé {n}" for n in range(5)]
    assert rest["next"] is None
    for query in ("email=Z3%2Bx@a.example", "text=zoe+3", "text=z3@a"):
        (found,) = ask(server, "clerk", "GET", f"/contacts?{query}").json()["items"]
        assert (found["name"], found["phones"]) == ("Zoé 3", ["+33 1", "06"])
    assert ask(server, "clerk", "GET", "/contacts?third_party=999").status_code == 404


def test_who_records_exchanges_notes_people_but_widens_no_capture(server: web.Server) -> None:
    party = made(server, "/third-parties", {"code": "A", "name": "A"}, "clerk").json()
    one = f"/third-parties/{party['id']}"
    for method, path, body in (
        ("POST", "/third-parties", {"code": "B", "name": "B", "domains": ["b.example"]}),
        ("PATCH", one, {"domains": ["a.example"]}),
        ("PATCH", one, {"active": False}),
        ("POST", "/contacts", {"third_party": party["id"], "name": "X", "emails": ["x@y.example"]}),
        ("POST", "/contacts", {"third_party": party["id"], "name": "X", "level": "nothing"}),
    ):
        answer = ask(server, "clerk", method, path, body, "*")
        assert answer.status_code == 403, (method, path, body)
        assert "capture" in answer.json()["detail"]
    contact = {"third_party": party["id"], "name": "X", "phones": ["1"]}
    stored = made(server, "/contacts", contact, "clerk").json()
    changed = ask(server, "clerk", "PATCH", f"/contacts/{stored['id']}", {"name": "Y"}, '"r1"')
    assert (changed.json()["name"], changed.json()["phones"]) == ("Y", ["1"])


def test_what_is_of_another_entity_is_not_there(server: web.Server) -> None:
    party = made(server, "/third-parties", {"code": "A", "name": "A", "entity": "main"}).json()
    contact = made(server, "/contacts", {"third_party": party["id"], "name": "X"}).json()
    for path in ("/third-parties", "/contacts"):
        assert ask(server, "far", "GET", path).json() == {"items": [], "next": None}
    for noun, number in (("third-parties", party["id"]), ("contacts", contact["id"])):
        hidden = ask(server, "far", "GET", f"/{noun}/{number}")
        nothing = ask(server, "far", "GET", f"/{noun}/99999")
        assert (hidden.status_code, hidden.json()) == (404, nothing.json())
        changed = ask(server, "far", "PATCH", f"/{noun}/{number}", {"name": "Z"}, "*")
        assert (changed.status_code, changed.json()) == (404, nothing.json())
    query = f"/contacts?third_party={party['id']}"
    assert ask(server, "far", "GET", query).status_code == 404
    put = ask(server, "far", "POST", "/contacts", {"third_party": party["id"], "name": "Z"})
    assert put.status_code == 404


def test_users_groups_and_where_rights_come_from(server: web.Server, store: Store) -> None:
    group = {"name": "Sales", "rights": ["see_confidential"], "members": ["clerk@us.example"]}
    sales = made(server, "/groups", group).json()
    new = {
        "name": "Zoé",
        "email": "zoe@us.example",
        "aliases": ["z@us.example"],
        "groups": ["Sales"],
        "entities": ["main", "other"],
        "rights": ["see_exchanges"],
        "language": "fr",
        "timezone": "Europe/Paris",
    }
    zoe = made(server, "/users", new).json()
    assert {name: zoe[name] for name in new} == new
    effective = ask(server, "boss", "GET", f"/users/{zoe['id']}/rights").json()
    assert effective["rights"] == [
        {"right": "see_exchanges", "own": True, "groups": []},
        {"right": "see_confidential", "own": False, "groups": ["Sales"]},
    ]
    whole = ask(server, "boss", "GET", f"/groups/{sales['id']}")
    assert whole.json()["members"] == ["clerk@us.example", "zoe@us.example"]
    closed = ask(
        server, "boss", "PATCH", f"/groups/{sales['id']}", {"active": False}, whole.headers["ETag"]
    )
    assert closed.json()["active"] is False
    effective = ask(server, "boss", "GET", f"/users/{zoe['id']}/rights").json()
    assert [right["right"] for right in effective["rights"]] == ["see_exchanges"]
    with store.read() as tx:
        done = [e.action for e in audit.of(tx, f"user {zoe['id']}")]
        assert done == ["create user", "grant see_exchanges"]
        assert [e.action for e in audit.of(tx, f"group {sales['id']}")] == [
            "create group",
            "grant see_confidential",
            "change group",
            "deactivate group",
        ]


def test_only_who_manages_users_sees_more_than_names(server: web.Server) -> None:
    users = ask(server, "clerk", "GET", "/users").json()["items"]
    assert [sorted(user) for user in users] == [["active", "email", "id", "name"]] * 3
    mine = {user["name"]: user["id"] for user in users}
    assert ask(server, "clerk", "GET", f"/users/{mine['clerk']}").status_code == 200
    for path in (f"/users/{mine['boss']}", f"/users/{mine['boss']}/rights", "/users/999"):
        assert ask(server, "clerk", "GET", path).status_code == 403
    for method, path, body in (
        ("PATCH", f"/users/{mine['clerk']}", {"rights": ["configure"]}),
        ("POST", "/users", {"name": "x", "email": "x@us.example"}),
        ("POST", "/groups", {"name": "x", "rights": ["configure"]}),
        ("POST", "/entities", {"code": "x", "name": "x"}),
    ):
        assert ask(server, "clerk", method, path, body, "*").status_code == 403


def test_the_last_who_manages_users_stays(server: web.Server) -> None:
    users = ask(server, "boss", "GET", "/users").json()["items"]
    number = {user["name"]: user["id"] for user in users}
    boss, clerk = f"/users/{number['boss']}", f"/users/{number['clerk']}"
    for change in ({"rights": ["configure"]}, {"active": False}):
        refused = ask(server, "boss", "PATCH", boss, change, "*")
        assert refused.status_code == 409
        assert "manage users" in refused.json()["detail"]
    heirs = {"name": "Heirs", "rights": ["manage_users"], "members": ["clerk@us.example"]}
    group = made(server, "/groups", heirs).json()
    assert ask(server, "boss", "PATCH", boss, {"rights": []}, "*").status_code == 200
    # Now it is the group, and who is in it.
    one = f"/groups/{group['id']}"
    headers = {"Authorization": "Bearer admin-token", "If-Match": "*"}
    for path, change in (
        (one, {"active": False}),
        (one, {"members": []}),
        (one, {"rights": []}),
        (clerk, {"active": False}),
        (clerk, {"groups": []}),
    ):
        url = f"{server.url}{API}{path}"
        refused = httpx2.patch(url, json=change, headers=headers, timeout=20)
        assert refused.status_code == 409, (path, change)


def test_what_a_user_can_not_have(server: web.Server) -> None:
    for field, value in (
        ("aliases", ["no address"]),
        ("timezone", "Mars/Olympus"),
        ("language", "de"),
        ("groups", ["nobody"]),
        ("entities", ["nowhere"]),
        ("rights", ["fly"]),
        ("shoe_size", 43),
        ("name", None),
        ("name", " "),
    ):
        body = {"name": "x", "email": "x@us.example", field: value}
        assert ask(server, "boss", "POST", "/users", body).status_code == 422, field
    taken = {"name": "x", "email": "Clerk+1@us.example"}
    assert ask(server, "boss", "POST", "/users", taken).status_code == 409
