"""What the ERP tells, forms that are filled in, and the audit trail, over HTTP."""

from collections.abc import Iterator

import pytest

from daemon.store import Store
from daemon.store import elements as stored
from tests.daemon.web.company import Company, company

PAGE = "https://erp.example/comm/propal/card.php?id=107"
QUOTE = {"type": "quote", "ref": "PR2303-0107"}


@pytest.fixture
def we(store: Store) -> Iterator[Company]:
    with company(store) as found:
        yield found


def test_what_the_erp_tells_shows_wherever_it_is_linked(we: Company) -> None:
    made = we.exchange(elements=[QUOTE])
    told = {
        **QUOTE,
        "date": "2026-11-02",
        "amount": "1200.00",
        "state": "validated",
        "third_party_code": "CU1",
        "url": PAGE,
    }
    answer = we.call("anna", "POST", "/elements", json=told)
    assert answer.json()["third_party"]["id"] == we.acme
    signed = {**QUOTE, "state": "signed"}
    assert we.call("anna", "POST", "/elements", json=signed).json()["date"] == "2026-11-02"
    (element,) = we.call("anna", "GET", f"/exchanges/{made['ref']}").json()["elements"]
    assert (element["amount"], element["state"]) == ("1200.00", "signed")
    found = we.call("anna", "GET", "/elements", params={"ref": "pr2303-0107"}).json()["items"]
    assert [one["url"] for one in found] == [PAGE]


def test_an_event_of_the_erp_is_told_once(we: Company) -> None:
    told = {
        "system": "dolibarr",
        "external": "1040",
        "label": "Proposition PR2303-0107 validée",
        "at": "2026-11-02T13:38:00+01:00",
        "element": {**QUOTE, "third_party": we.acme},
    }
    first = we.call("anna", "POST", "/events", json=told).json()
    assert (first["new"], first["third_party"]["code"]) == (True, "CU1")
    again = we.call("anna", "POST", "/events", json=told).json()
    assert again == {**first, "new": False}
    with we.store.read() as tx:
        event = stored.event(tx, "dolibarr", "1040")
    assert event is not None
    assert event.element is not None


def test_nothing_of_another_entity_is_told_or_changed(we: Company) -> None:
    theirs = {**QUOTE, "third_party": we.kombu}
    assert we.call("emil", "POST", "/elements", json=theirs).status_code == 200
    assert we.call("anna", "GET", "/elements", params=QUOTE).json()["items"] == []
    assert we.call("anna", "POST", "/elements", json=QUOTE).status_code == 404
    assert we.call("anna", "POST", "/elements", json=theirs).status_code == 404
    other = {"type": "quote", "ref": "PR2", "third_party": we.kombu}
    assert we.call("anna", "POST", "/elements", json=other).status_code == 422
    assert we.call("anna", "GET", "/prefill", params={"third_party": we.kombu}).status_code == 404
    assert we.call("anna", "GET", "/prefill", params={"element": "PR2303-0107"}).status_code == 404


def test_a_form_is_filled_in(we: Company) -> None:
    def form(**asked: object) -> dict[str, object]:
        answer = we.call("anna", "GET", "/prefill", params=asked)  # type: ignore[arg-type]
        assert answer.status_code == 200, answer.text
        told: dict[str, object] = answer.json()
        assert told["author"] == told["assignee"] == "anna@we.example"
        return {name: told[name] for name in ("third_parties", "contacts", "elements", "mode")}

    acme = [{"id": we.acme, "code": "CU1", "name": "Acmé"}]
    carla = [{"id": we.carla, "name": "Carla"}]
    empty: dict[str, object] = {"third_parties": [], "contacts": [], "elements": [], "mode": None}
    assert form() == empty
    of_acme = {**empty, "third_parties": acme, "contacts": carla}
    assert form(third_party=we.acme) == form(contact=we.carla) == of_acme
    told = {**QUOTE, "third_party": we.acme, "url": PAGE}
    assert we.call("anna", "POST", "/elements", json=told).status_code == 200
    element = {**QUOTE, "date": None, "amount": None, "state": None}
    of_quote = {**of_acme, "elements": [element]}
    assert form(element="PR2303-0107") == form(url=PAGE) == of_quote
    assert form(url="https://erp.example/x?ref=PR2303-0107") == of_quote
    assert form(url="https://erp.example/societe/CU1") == of_acme
    made = we.exchange(elements=[QUOTE])
    assert form(exchange=made["ref"]) == {**of_quote, "mode": "phone"}
    assert form(url=f"https://suivi.example/exchanges/{made['ref']}")["mode"] == "phone"
    for url in ("https://[", "https://far.example/", "https://suivi.example/exchanges/EXC-99"):
        assert form(url=url) == empty
    assert we.call("anna", "GET", "/prefill", params={"exchange": "EXC-99"}).status_code == 404


def test_the_audit_trail_is_for_admins(we: Company) -> None:
    made = we.exchange(confidential={"text": "needle"})
    we.call("anna", "GET", f"/exchanges/{made['ref']}/confidential")
    assert we.call("anna", "GET", "/audit").status_code == 403
    asked = {"who": "anna@we.example", "action": "read", "limit": 1}
    answer = we.call("carl", "GET", "/audit", params=asked)
    (line,) = answer.json()["items"]
    assert (line["action"], line["subject"]) == ("read confidential", made["ref"])
    assert "needle" not in answer.text
    first = we.call("carl", "GET", "/audit", params={"limit": 1}).json()
    rest = we.call("carl", "GET", "/audit", params={"cursor": first["next"]}).json()
    assert [one["action"] for one in rest["items"]][-1] == "create exchange"
