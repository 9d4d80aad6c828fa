"""One follow-up over HTTP: every field, whose it may be, what is done to it, and repeated calls."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from daemon.followups import series
from daemon.rulebook import Rulebook
from daemon.store import Store, audit, follow_ups, options
from rules.model.followups import FollowUpId
from rules.options import ALL
from rules.ruleset import RuleSet
from tests.daemon.web.company import NOW, Company, company

SOON = "2027-03-02T10:00:00+01:00"
ANY = {"If-Match": "*"}


@pytest.fixture
def we(store: Store) -> Iterator[Company]:
    with company(store) as found:
        yield found


def opened(we: Company, name: str = "anna", **more: object) -> str:
    given = {"start": SOON, "title": "Rappeler", **more}
    answer = we.call(name, "POST", "/follow-ups", json=given)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["follow_up"]["ref"])


def test_every_field_is_kept_and_shown(we: Company) -> None:
    source = we.exchange()
    ref = opened(
        we,
        end="2027-03-02T11:00:00+01:00",
        zone="Europe/Paris",
        contact=we.carla,
        exchange=source["ref"],
        entity="main",
        assignees=[{"email": "bob@we.example", "busy": False}, {"email": "anna@we.example"}],
        place="Nancy",
        description="Demander le coloris",
        priority=2,
        element={"type": "quote", "ref": "PR1"},
        project="Toit",
        percent=30,
        reminders=[
            {"before": 2, "unit": "days"},
            {"before": 1, "unit": "hours", "anchor": "end", "template": "gentle"},
            {},
        ],
    )
    answer = we.call("bob", "GET", f"/follow-ups/{ref}")
    assert answer.headers["etag"] == '"r1"'
    told = answer.json()
    assert told["third_party"]["code"] == "CU1"
    assert (told["contact"], told["entity"], told["creator"]) == (
        we.carla,
        "main",
        "anna@we.example",
    )
    # Bob sees everybody's exchanges; the reference of one that is hidden is not told.
    assert told["exchange"] == source["ref"]
    assert told["whose"] == [
        {"email": "bob@we.example", "owner": True, "busy": False},
        {"email": "anna@we.example", "owner": False, "busy": True},
    ]
    assert (told["place"], told["priority"], told["project"]) == ("Nancy", 2, "Toit")
    assert (told["state"], told["percent"], told["element"]["ref"]) == ("to_do", 30, "PR1")
    assert [(r["before"], r["unit"], r["anchor"]) for r in told["reminders"]] == [
        (2, "days", "start"),
        (1, "hours", "end"),
        (None, "minutes", "start"),
    ]
    assert we.woken


def test_a_whole_day_begins_at_midnight_where_it_is(we: Company) -> None:
    ref = opened(we, start="2027-03-02T23:30:00Z", all_day=True, zone="Europe/Paris")
    told = we.call("anna", "GET", f"/follow-ups/{ref}").json()
    assert (told["start"], told["all_day"]) == ("2027-03-02T23:00:00Z", True)


def test_one_that_repeats_is_one_for_each_time(we: Company) -> None:
    rule = {"zone": "Europe/Paris", "repeats": "rrule:freq=monthly;byday=1mo"}
    key = {"Idempotency-Key": "mondays"}
    given = {"start": SOON, "title": "Rappeler", **rule}
    for _ in range(2):
        answer = we.call("anna", "POST", "/follow-ups", json=given, headers=key)
        assert answer.status_code == 201, answer.text
    ref = answer.json()["follow_up"]["ref"]
    first = we.call("anna", "GET", f"/follow-ups/{ref}").json()
    # The first Monday after that Tuesday, at ten in Paris, in summer as in winter.
    assert (first["start"], first["occurrence"]) == ("2027-04-05T08:00:00Z", "20270405T080000Z")
    # A while before the first: the next ones within a year are opened by the daemon.
    book = Rulebook(we.store, RuleSet(), ()).in_force()
    series.extend_all(we.store, book, "Europe/Paris", NOW + timedelta(days=90))
    items = we.call("anna", "GET", "/follow-ups").json()["items"]
    assert {one["series"] for one in items} == {first["series"]}
    assert [one["start"][:13] for one in items][:3] == [
        "2027-04-05T08",
        "2027-05-03T08",
        "2027-06-07T08",
    ]
    we.call("anna", "POST", f"/follow-ups/{ref}/actions", json={"action": "done"}, headers=ANY)
    left = we.call("anna", "GET", "/follow-ups").json()["items"]
    assert len(left) == len(items) - 1
    for wrong in ("FREQ=SECONDLY", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"):
        answer = we.call("anna", "POST", "/follow-ups", json={**given, "repeats": wrong})
        assert answer.status_code == 422, answer.text
        assert ("repeats" in answer.text and wrong in answer.text) or "five years" in answer.text


def test_one_call_records_all_and_may_be_repeated(we: Company) -> None:
    given = {
        "direction": "inbound",
        "mode": "phone",
        "contacts": [we.carla],
        "comment": "A rappeler",
        "follow_up": {"start": SOON, "contact": we.carla, "reminders": [{"before": 60}]},
    }
    key = {"Idempotency-Key": "form-1"}
    first = we.call("anna", "POST", "/exchanges", json=given, headers=key)
    again = we.call("anna", "POST", "/exchanges", json=given, headers=key)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert first.json()["exchange"]["ref"] == "EXC-1"
    other = {**given, "comment": "autre"}
    assert we.call("anna", "POST", "/exchanges", json=other, headers=key).status_code == 422
    # The key is the writer's own.
    assert we.call("bob", "POST", "/exchanges", json=given, headers=key).json() != first.json()
    made = we.call("anna", "GET", f"/follow-ups/{first.json()['follow_up']['ref']}").json()
    assert (made["title"], made["exchange"]) == ("Follow-up: Acmé", "EXC-1")


def test_of_one_call_all_is_recorded_or_nothing(we: Company) -> None:
    given = {
        "direction": "inbound",
        "mode": "phone",
        "third_parties": [we.acme],
        "follow_up": {"start": SOON, "assignees": [{"email": "nobody@we.example"}]},
    }
    key = {"Idempotency-Key": "form-1"}
    assert we.call("anna", "POST", "/exchanges", json=given, headers=key).status_code == 422
    assert we.call("anna", "GET", "/exchanges").json()["items"] == []
    # A call that failed has used up no key.
    mended = {**given, "follow_up": {"start": SOON}}
    answer = we.call("anna", "POST", "/exchanges", json=mended, headers=key)
    assert answer.json()["exchange"]["ref"] == "EXC-1"


def test_only_who_may_assigns_to_others(we: Company) -> None:
    def assigned(name: str, to: str) -> int:
        given = {"start": SOON, "title": "x", "assignees": [{"email": f"{to}@we.example"}]}
        return we.call(name, "POST", "/follow-ups", json=given).status_code

    assert assigned("bob", "bob") == 201
    assert assigned("bob", "anna") == 403
    assert assigned("anna", "emil") == 201
    with we.store.write() as tx:
        options.put(tx, "assign_to", ALL, "entity", by=None, now=NOW, plans=False)
    assert (assigned("anna", "bob"), assigned("anna", "emil")) == (201, 422)
    with we.store.write() as tx:
        options.put(tx, "assign_to", ALL, "self", by=None, now=NOW, plans=False)
    assert (assigned("anna", "anna"), assigned("anna", "bob")) == (201, 422)


def test_what_is_done_to_it_is_done_once(we: Company) -> None:
    path = f"/follow-ups/{opened(we)}"

    def act(action: str, **more: str) -> tuple[int, str, str, int]:
        answer = we.call("anna", "POST", f"{path}/actions", json={"action": action, **more})
        told = answer.json()
        return (
            answer.status_code,
            told.get("state", ""),
            told.get("start", ""),
            told.get("revision", 0),
        )

    assert act("done")[1:] == ("done", "2027-03-02T09:00:00Z", 2)
    assert act("done")[3] == 2
    assert act("undo")[1:] == ("to_do", "2027-03-02T09:00:00Z", 3)
    assert act("postpone", to="2027-04-01T10:00:00+02:00")[2] == "2027-04-01T08:00:00Z"
    assert act("not_needed")[1] == "not_needed"
    assert act("reopen")[1] == "to_do"
    assert act("postpone", to="never")[0] == act("postpone")[0] == 422
    french = {"Accept-Language": "fr"}
    told = we.call("anna", "GET", f"{path}/history", headers=french).json()["items"]
    assert {one["why"] for one in told} == {"faite", "rouverte", "reportée", "inutile"}
    assert {one["by"] for one in told} == {"anna@we.example"}


def test_an_edit_moves_reminders_only_with_the_time(we: Company) -> None:
    path = f"/follow-ups/{opened(we, end='2027-03-02T11:00:00+01:00')}"

    def version() -> int:
        with we.store.read() as tx:
            found = follow_ups.get(tx, FollowUpId(1))
        assert found is not None
        return found.schedule_version

    assert we.call("anna", "PATCH", path, json={"place": "x"}).status_code == 428
    match = {"If-Match": '"r1"'}
    given = {"place": "Nancy", "percent": 50, "element": None}
    told = we.call("anna", "PATCH", path, json=given, headers=match).json()
    assert (told["place"], told["percent"], version()) == ("Nancy", 50, 1)
    assert we.call("anna", "PATCH", path, json={"place": "x"}, headers=match).status_code == 412
    told = we.call("anna", "PATCH", path, json={"start": NOW.isoformat()}, headers=ANY).json()
    later = (NOW + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    assert (told["end"], version()) == (later, 2)
    told = we.call("anna", "PATCH", path, json={"end": None}, headers=ANY).json()
    assert (told["end"], version()) == (None, 2)
    wrong = {"end": "2020-01-01T00:00:00Z"}
    assert we.call("anna", "PATCH", path, json=wrong, headers=ANY).status_code == 422
    assert we.call("anna", "PATCH", path, json={"percent": 100}, headers=ANY).json()["state"] == (
        "done"
    )


def test_who_may_see_change_and_delete_it(we: Company) -> None:
    path = f"/follow-ups/{opened(we, entity='main')}"
    assert we.call("bob", "GET", path).status_code == 200
    assert we.call("bob", "PATCH", path, json={}, headers=ANY).status_code == 403
    hidden, nothing = (we.call("emil", "GET", p) for p in (path, "/follow-ups/FU-4711"))
    assert hidden.status_code == nothing.status_code == 404
    assert hidden.json() == nothing.json()
    done = {"json": {"action": "done"}}
    assert we.call("bob", "POST", f"{path}/actions", **done).status_code == 403
    assert we.call("bob", "DELETE", path, headers=ANY).status_code == 403
    assert we.call("anna", "DELETE", path).status_code == 428
    cloned = we.call("anna", "POST", f"{path}/clone").json()["follow_up"]["ref"]
    assert we.call("anna", "DELETE", path, headers={"If-Match": '"r1"'}).status_code == 204
    assert we.call("anna", "GET", path).status_code == 404
    asked = {"follow_ups": [{"follow_up": cloned}, {"follow_up": "FU-4711"}]}
    told = we.call("anna", "POST", "/follow-ups/delete", json=asked).json()["items"]
    assert [one["status"] for one in told] == [204, 404]
    assert we.call("anna", "GET", "/follow-ups").json()["items"] == []
    with we.store.read() as tx:
        actions = [entry.action for entry in audit.of(tx, "FU-1")]
    assert actions == ["create follow-up", "delete follow-up"]
