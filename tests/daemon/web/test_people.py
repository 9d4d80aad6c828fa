"""People over the API: made, changed by whoever read them last, hidden from other entities, and
rights that nobody loses to the last one."""

from datetime import UTC, datetime

import httpx2
import pytest

from daemon import web
from daemon.store import Store, accounts, ambiguities, audit, exchanges, folders, people
from rules import identity
from rules.model.decisions import Ambiguous, By
from rules.model.exchanges import Direction, Draft, ExchangeKey, KeyKind, Source
from rules.model.people import ContactId, Level, Right, ThirdPartyId, User
from rules.model.sightings import FolderRole, MailPlace, Message, Sighting
from rules.model.wire import FolderInfo, FolderState

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


def test_two_third_parties_become_one_and_the_old_number_leads_there(server: web.Server) -> None:
    old = made(server, "/third-parties", {"code": "OLD", "name": "Old"}).json()["id"]
    new = made(server, "/third-parties", {"code": "NEW", "name": "New"}).json()["id"]
    contact = made(server, "/contacts", {"third_party": old, "name": "Max"}).json()["id"]
    path = f"/third-parties/{old}/merge"
    assert ask(server, "clerk", "POST", path, {"into": new}).status_code == 403
    assert ask(server, "far", "POST", path, {"into": new}).status_code == 403
    preview = ask(server, "boss", "POST", path, {"into": new, "dry_run": True}).json()
    assert preview["moved"] == {"contact": 1}
    assert preview["kept"]["former_names"] == ["Old"]
    assert ask(server, "boss", "GET", f"/third-parties/{old}").status_code == 200
    assert ask(server, "boss", "POST", path, {"into": new}).json()["moved"] == {"contact": 1}
    # Said again, nothing happens.
    assert ask(server, "boss", "POST", path, {"into": new}).json()["moved"] == {}
    answer = ask(server, "clerk", "GET", f"/third-parties/{old}")
    assert (answer.status_code, answer.headers["Location"]) == (308, f"{API}/third-parties/{new}")
    moved = ask(server, "clerk", "GET", f"/contacts?third_party={new}").json()["items"]
    assert [one["id"] for one in moved] == [contact]
    assert (
        ask(server, "boss", "POST", f"/third-parties/{new}/merge", {"into": new}).status_code == 409
    )
    assert ask(server, "boss", "POST", path, {"into": 999}).status_code == 404
    twin = made(server, "/contacts", {"third_party": new, "name": "Max M."}).json()["id"]
    merged = ask(server, "boss", "POST", f"/contacts/{contact}/merge", {"into": twin})
    assert merged.json()["kept"]["name"] == "Max M."
    assert ask(server, "clerk", "GET", f"/contacts/{contact}").status_code == 308


def test_an_address_goes_with_what_came_by_it(server: web.Server, store: Store) -> None:
    party = made(server, "/third-parties", {"code": "A", "name": "A"}).json()["id"]
    emails = ["a@x.example", "b@x.example"]
    contact = made(server, "/contacts", {"third_party": party, "name": "Z", "emails": emails})
    one, tag = f"/contacts/{contact.json()['id']}/addresses", contact.headers["ETag"]
    with store.write() as tx:
        draft = Draft(
            keys=(ExchangeKey(KeyKind.MESSAGE, "m"),),
            third_parties=(ThirdPartyId(party),),
            contacts=(ContactId(contact.json()["id"]),),
            direction=Direction.INBOUND,
            mode="email",
            happened_at=datetime(2026, 11, 1, tzinfo=UTC),
            source=Source.MAIL,
            addresses=((ContactId(contact.json()["id"]), identity.key(emails[0])),),
        )
        exchange = exchanges.add(tx, draft, datetime(2026, 11, 2, tzinfo=UTC)).id
    listed = ask(server, "boss", "GET", f"{one}?email=A@x.example").json()
    assert (listed["exchanges"], listed["deleted"]) == ([exchange], [exchange])
    assert ask(server, "boss", "GET", f"{one}?email=c@x.example").status_code == 404
    assert ask(server, "clerk", "GET", f"{one}?email=a@x.example").status_code == 403
    query = f"{one}?email=a@x.example&unlink=true"
    assert ask(server, "boss", "DELETE", query).status_code == 428
    done = ask(server, "boss", "DELETE", query, match=tag).json()
    assert (done["deleted"], done["contact"]["emails"]) == ([exchange], ["b@x.example"])
    with store.read() as tx:
        assert exchanges.get(tx, exchange) is None


def test_the_queue_is_decided_over_the_api(server: web.Server, store: Store) -> None:
    parties = [
        made(server, "/third-parties", {"code": c, "name": c, "entity": e}).json()["id"]
        for c, e in (("A", "main"), ("B", None), ("C", "other"))
    ]
    now = datetime(2026, 11, 1, tzinfo=UTC)
    with store.write() as tx:
        account = accounts.declare(tx, "mail", "anna", "imap", None, Level.EVERYTHING, now)
        info = FolderInfo("INBOX", FolderRole.INBOX)
        state = FolderState("INBOX", uidvalidity=7, uidnext=10, exists=9)
        folder = folders.seen(tx, account, info, state, now).id
        folders.judge(tx, folder, 7, 1, 9, people.directory_version(tx), "r")
        place = MailPlace(folder, FolderRole.INBOX, "INBOX", 7, 4)
        tie = Ambiguous(tuple(map(ThirdPartyId, parties[:2])), (), By.DOMAIN)
        ambiguities.ask(tx, Sighting(account, None, place, Message()), tie, now, "mark")
    (question,) = ask(server, "boss", "GET", "/ambiguities").json()["items"]
    assert (question["account"], question["place"], question["by"]) == (
        "anna",
        "INBOX UID 4",
        "domain",
    )
    path = f"/ambiguities/{question['id']}"
    assert ask(server, "clerk", "GET", path).status_code == 403
    for body, status in (
        ({"third_party": parties[2]}, 422),
        ({"third_party": None, "remember": True}, 422),
        ({}, 422),
        ({"third_party": parties[1]}, 200),
        ({"third_party": parties[1]}, 200),
        ({"third_party": parties[0]}, 409),
    ):
        answer = ask(server, "boss", "POST", f"{path}/decision", body)
        assert answer.status_code == status, body
    assert ask(server, "boss", "GET", "/ambiguities").json()["items"] == []
    assert ask(server, "boss", "GET", path).json()["decided"]["third_party"] == parties[1]
    with store.read() as tx:
        # That message is judged again, and no other.
        assert folders.judged_at_all(tx, folder, 7) == ((1, 3), (5, 9))


def test_identity_rules_are_listed_and_taken_back(server: web.Server) -> None:
    party = made(server, "/third-parties", {"code": "A", "name": "A"}).json()["id"]
    rule = {"email": "Shared+x@y.example", "third_party": party}
    assert ask(server, "clerk", "POST", "/identity-rules", rule).status_code == 403
    assert ask(server, "boss", "POST", "/identity-rules", rule).status_code == 200
    (listed,) = ask(server, "boss", "GET", "/identity-rules").json()["items"]
    assert (listed["email"], listed["third_party"]["code"]) == ("shared@y.example", "A")
    gone = ask(server, "boss", "DELETE", "/identity-rules?email=shared@y.example")
    assert (gone.status_code, gone.content) == (204, b"")
    again = ask(server, "boss", "DELETE", "/identity-rules?email=shared@y.example")
    assert again.status_code == 404
