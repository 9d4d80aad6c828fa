"""One exchange over HTTP: every field, who may do what, and two editors at once."""

from collections.abc import Iterator

import pytest

from daemon.store import Store, audit, exchanges, lists, options, people
from rules.model.exchanges import ExchangeId
from rules.model.people import ThirdParty, ThirdPartyId
from rules.options import ALL
from tests.daemon.web.company import NOW, Company, company


@pytest.fixture
def we(store: Store) -> Iterator[Company]:
    with company(store) as found:
        yield found


def option(we: Company, key: str, value: str) -> None:
    with we.store.write() as tx:
        options.put(tx, key, ALL, value, by=None, now=NOW, plans=False)


def test_every_field_is_kept_and_shown(we: Company) -> None:
    option(we, "choose_author", "yes")
    with we.store.write() as tx:
        lists.put(tx, "product", "roof", {"en": "Roof"})
    element = {"type": "quote", "ref": "PR1", "date": "2026-11-20", "amount": "12.50"}
    made = we.exchange(
        "carl",
        direction="outbound",
        mode="email",
        purpose="prospecting",
        happened_at="2026-11-20T10:00:00+01:00",
        entity="main",
        author="bob@we.example",
        collaborators=["anna@we.example", "dora@we.example"],
        products=["roof"],
        elements=[element],
        project="Toit",
        html="<p onclick='x()'>Vu <b>tout</b><script>alert(1)</script></p>",
        status="closed",
        confidential={"text": "secret", "groups": ["Sales"]},
    )
    assert made["ref"] == "EXC-1"
    shown = we.call("carl", "GET", f"/exchanges/{made['id']}")
    assert shown.headers["etag"] == made["etag"] == '"r1"'
    told = shown.json()
    assert told == {**told, **we.call("carl", "GET", "/exchanges/exc-1").json()}
    assert told["third_parties"] == [{"id": we.acme, "code": "CU1", "name": "Acmé"}]
    assert told["contacts"] == [{"id": we.carla, "name": "Carla"}]
    assert (told["author"], told["recorder"]) == ("bob@we.example", "carl@we.example")
    assert told["collaborators"] == ["anna@we.example", "dora@we.example"]
    assert (told["html"], told["comment"]) == ("<p>Vu <b>tout</b></p>", "Vu tout")
    assert told["elements"] == [{**element, "amount": "12.50", "state": None}]
    assert (told["products"], told["project"]) == (["roof"], "Toit")
    assert (told["entity"], told["status"], told["source"]) == ("main", "closed", "api")
    assert told["happened_at"] == "2026-11-20T09:00:00Z"
    assert told["may"] == {"edit": True, "delete": True, "confidential": True}
    assert "secret" not in shown.text


def test_what_is_left_open_is_filled_in(we: Company) -> None:
    made = we.exchange("anna", third_parties=[we.acme], contacts=[])
    told = we.call("anna", "GET", f"/exchanges/{made['ref']}").json()
    assert (told["author"], told["recorder"]) == ("anna@we.example",) * 2
    assert told["entity"] == "main"


def test_a_contact_goes_with_their_third_party(we: Company) -> None:
    with we.store.write() as tx:
        other = people.put_third_party(tx, ThirdParty(ThirdPartyId(0), "CU3", "Miso"))
    path = f"/exchanges/{we.exchange()['ref']}"
    match = {"If-Match": "*"}
    changed = we.call("anna", "PATCH", path, json={"third_parties": [other]}, headers=match).json()
    assert ([p["code"] for p in changed["third_parties"]], changed["contacts"]) == (["CU3"], [])
    back = we.call("anna", "PATCH", path, json={"contacts": [we.carla]}, headers=match).json()
    assert [p["code"] for p in back["third_parties"]] == ["CU3", "CU1"]


def test_two_editors_never_overwrite_each_other(we: Company) -> None:
    path = f"/exchanges/{we.exchange()['ref']}"
    assert we.call("anna", "PATCH", path, json={"subject": "A"}).status_code == 428
    first = {"If-Match": '"r1"'}
    changed = we.call("anna", "PATCH", path, json={"subject": "A"}, headers=first)
    assert (changed.status_code, changed.headers["etag"]) == (200, '"r2"')
    late = we.call("carl", "PATCH", path, json={"subject": "B"}, headers=first)
    assert late.status_code == 412
    assert late.json()["type"].endswith("changed-meanwhile")
    assert we.call("carl", "DELETE", path, headers=first).status_code == 412
    assert we.call("carl", "DELETE", path).status_code == 428
    assert we.call("anna", "GET", path).json()["subject"] == "A"
    assert we.call("carl", "DELETE", path, headers={"If-Match": '"r2"'}).status_code == 204
    assert we.call("carl", "GET", path).status_code == 404
    with we.store.read() as tx:
        trail = [(e.who, e.action) for e in audit.of(tx, "EXC-1")]
    assert trail == [
        ("anna@we.example", "create exchange"),
        ("anna@we.example", "edit exchange: subject"),
        ("carl@we.example", "delete exchange"),
    ]


def test_what_one_may_not_see_is_as_what_is_not_there(we: Company) -> None:
    seen = we.exchange("carl", entity="main")
    for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/confidential")):
        more = {"json": {}} if method == "PATCH" else {}
        hidden = we.call("anna", method, f"/exchanges/{seen['id']}{path}", **more)
        nothing = we.call("anna", method, f"/exchanges/4711{path}", **more)
        assert hidden.status_code == nothing.status_code == 404
        assert hidden.json() == nothing.json()
    # Whoever sees it and may not change it is told so.
    path = f"/exchanges/{seen['id']}"
    match = {"If-Match": "*"}
    assert we.call("bob", "GET", path).status_code == 200
    assert we.call("bob", "PATCH", path, json={}, headers=match).status_code == 403
    assert we.call("bob", "DELETE", path, headers=match).status_code == 403
    assert we.call("dora", "PATCH", path, json={"subject": "x"}, headers=match).status_code == 200


def test_a_confidential_comment_is_nobody_elses_business(we: Company) -> None:
    seen = we.exchange("anna", confidential={"text": "needle", "groups": ["Sales"]})
    plain = we.exchange("anna")
    path, without = (f"/exchanges/{one['ref']}/confidential" for one in (seen, plain))
    told = we.call("bob", "GET", path)
    assert (told.json()["text"], told.headers["etag"]) == ("needle", '"r1"')
    # Dora may edit the exchange, and finds no comment: with one and without.
    given = {"json": {"text": "mine"}, "headers": {"If-Match": '"r0"'}}
    for method, more in (("GET", {}), ("PUT", given), ("DELETE", {"headers": {"If-Match": "*"}})):
        one, other = we.call("dora", method, path, **more), we.call("dora", method, without, **more)
        assert one.status_code == other.status_code == 404
        assert one.json() == other.json()
    assert we.call("bob", "PUT", path, **given).status_code == 403
    assert we.call("anna", "PUT", path, **given).status_code == 412
    written = we.call("anna", "PUT", path, json={"html": "<b>new</b>"}, headers={"If-Match": "*"})
    assert (written.json()["text"], written.headers["etag"]) == ("new", '"r2"')
    # The exchange's own ETag does not move.
    assert we.call("dora", "GET", f"/exchanges/{seen['ref']}").headers["etag"] == '"r1"'
    assert we.call("anna", "DELETE", path, headers={"If-Match": '"r2"'}).status_code == 204
    assert we.call("anna", "GET", path).status_code == 404
    with we.store.read() as tx:
        trail = audit.of(tx, seen["ref"])
    assert [e.action for e in trail] == [
        "create exchange",
        "read confidential",
        "write confidential",
        "delete confidential",
    ]
    assert not any("needle" in e.action + e.subject for e in trail)


def test_options_take_effect(we: Company) -> None:
    base = {"direction": "inbound", "mode": "phone", "third_parties": [we.acme]}

    def refused(name: str, **more: object) -> str:
        answer = we.call("anna", "POST", "/exchanges", json={**base, **more})
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["parameter"] == name
        return str(answer.json()["detail"])

    assert "author" in refused("author", author="bob@we.example")
    option(we, "collaborators", "no")
    refused("collaborators", collaborators=["bob@we.example"])
    option(we, "confidential_comments", "no")
    refused("confidential", confidential={"text": "x"})
    refused("third_parties", third_parties=[we.kombu])
    refused("third_parties", third_parties=[])
    refused("contacts", third_parties=[we.acme], contacts=[4711])
    refused("mode", mode="pigeon")
    refused("collaborators", collaborators=["nobody@far.example"])
    french = we.call(
        "anna", "POST", "/exchanges", json=base | {"mode": "x"}, headers={"Accept-Language": "fr"}
    )
    assert french.json()["detail"] == "x : pas dans la liste actuelle"


def test_a_retired_mode_stays_on_old_exchanges(we: Company) -> None:
    path = f"/exchanges/{we.exchange()['ref']}"
    with we.store.write() as tx:
        lists.put(tx, "mode", "phone", {"en": "Phone"}, retired_at=NOW)
    match = {"If-Match": "*"}
    again = {"mode": "phone", "subject": "later"}
    assert we.call("anna", "PATCH", path, json=again, headers=match).status_code == 200
    new = {"direction": "inbound", "mode": "phone", "third_parties": [we.acme]}
    assert we.call("anna", "POST", "/exchanges", json=new).status_code == 422


def test_elements_are_linked_and_unlinked(we: Company) -> None:
    path = f"/exchanges/{we.exchange()['ref']}/elements"
    quote = {"type": "quote", "ref": "PR2303-0107"}
    linked = we.call("anna", "POST", path, json=quote, headers={"If-Match": '"r1"'})
    assert [e["ref"] for e in linked.json()["elements"]] == ["PR2303-0107"]
    assert we.call("anna", "DELETE", path, params=quote).status_code == 428
    match = {"If-Match": linked.headers["etag"]}
    gone = we.call("anna", "DELETE", path, params=quote, headers=match)
    assert gone.json()["elements"] == []
    match = {"If-Match": gone.headers["etag"]}
    assert we.call("anna", "DELETE", path, params=quote, headers=match).status_code == 404


def test_a_clone_says_no_more_than_its_writer_sees(we: Company) -> None:
    seen = we.exchange("carl", entity="main", confidential={"text": "needle"}, html="<b>hi</b>")
    cloned = we.call("bob", "POST", f"/exchanges/{seen['ref']}/clone").json()["exchange"]
    assert cloned["ref"] == "EXC-2"
    told = we.call("bob", "GET", f"/exchanges/{cloned['ref']}").json()
    assert (told["author"], told["html"]) == ("bob@we.example", "<b>hi</b>")
    assert we.call("bob", "GET", f"/exchanges/{cloned['ref']}/confidential").status_code == 404
    with we.store.read() as tx:
        assert exchanges.confidential(tx, ExchangeId(cloned["id"])) is None


def test_several_are_deleted_with_an_answer_for_each(we: Company) -> None:
    mine, moved, theirs = we.exchange(), we.exchange(), we.exchange("carl")
    asked = [
        {"exchange": mine["ref"]},
        {"exchange": moved["ref"], "revision": 7},
        {"exchange": theirs["ref"]},
        {"exchange": "EXC-4711"},
    ]
    answer = we.call("anna", "POST", "/exchanges/delete", json={"exchanges": asked})
    found = [(one["name"], one["status"]) for one in answer.json()["items"]]
    assert found == [("EXC-1", 204), ("EXC-2", 412), ("EXC-3", 404), ("EXC-4711", 404)]
    left = we.call("carl", "GET", "/exchanges").json()["items"]
    assert {one["ref"] for one in left} == {"EXC-2", "EXC-3"}
