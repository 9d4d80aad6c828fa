"""The JSON API: who may ask, stable pages, filters, and problems as RFC 9457 has them."""

from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from daemon.store import Store, exchanges, follow_ups, people
from rules.model.exchanges import Direction, Draft, ExchangeKey, KeyKind, Source
from rules.model.followups import Assignee, FollowUpDraft
from rules.model.people import Level, PartyKind, ThirdParty, ThirdPartyId
from rules.model.sightings import When

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LISTS = ("/api/v1/exchanges", "/api/v1/follow-ups", "/api/v1/third-parties")


@pytest.fixture
def parties(store: Store) -> dict[str, ThirdPartyId]:
    with store.write() as tx:
        entity = people.put_entity(tx, "main", "Us")
        other = people.put_entity(tx, "other", "Others")
        alice = people.put_user(
            tx, name="Alice", email="alice@us.example", entities=[entity], rights=[]
        )
        found = {}
        for code, name, where in (
            ("DUP", "Dupont & Fils", None),
            ("LEF", "Lefèvre", entity),
            ("KOM", "Kombu", other),
        ):
            found[code] = people.put_third_party(
                tx,
                ThirdParty(
                    ThirdPartyId(0),
                    code,
                    name,
                    kinds=frozenset({PartyKind.CUSTOMER}),
                    domains=(f"{code.lower()}.example",),
                    entity=where,
                ),
            )
        for number in range(12):
            # Pairs have one time: the id decides.
            happened = NOW - timedelta(hours=number // 2)
            exchanges.add(
                tx, draft(number, found["DUP" if number % 3 else "LEF"], happened, alice), NOW
            )
            follow_ups.open(tx, to_do(number, found["DUP"], alice), NOW, NOW - timedelta(days=9))
    return found


def draft(number: int, party: ThirdPartyId, at: datetime, alice, level=Level.EVERYTHING) -> Draft:
    return Draft(
        keys=(ExchangeKey(KeyKind.API, f"k{number}"),),
        third_parties=(party,),
        contacts=(),
        direction=Direction.OUTBOUND if number % 2 else Direction.INBOUND,
        mode="phone",
        happened_at=at,
        source=Source.PERSON,
        subject=f"Call {number}",
        comment="about the réunion" if number == 5 else "about the weather",
        author=alice,
        recorder=alice,
        level=level,
    )


def to_do(number: int, party: ThirdPartyId, alice) -> FollowUpDraft:
    return FollowUpDraft(
        key=f"f{number}",
        uid=f"f{number}@us.example",
        title=f"Relance {number}",
        when=When(NOW + timedelta(hours=number // 2), zone="Europe/Paris"),
        assignees=(Assignee(alice, owner=True),),
        third_party=party,
    )


def pages(client: httpx2.Client, path: str, **params) -> list[dict]:
    found: list[dict] = []
    cursor: dict[str, str] = {}
    for _ in range(50):
        page = client.get(path, params={**params, **cursor}).raise_for_status().json()
        found += page["items"]
        if page["next"] is None:
            return found
        cursor = {"cursor": page["next"]}
    raise AssertionError("the pages have no end")


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "header", [None, "Bearer nonsense", "Basic YWRtaW4tdG9rZW4=", "Bearer", "Bearer é"]
)
def test_without_a_known_token_nothing_is_told(
    anonymous: httpx2.Client, parties, path: str, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header.encode()}
    answer = anonymous.get(path, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"
    assert "items" not in answer.json()


@pytest.mark.parametrize("path", [LISTS[0], LISTS[2], "/api/v1/history"])
def test_without_the_right_it_is_403(weak: httpx2.Client, parties, path: str) -> None:
    answer = weak.get(path)
    assert answer.status_code == 403
    assert answer.json()["title"] == "Forbidden"
    assert "needs one of these rights: " in answer.json()["detail"]


def test_an_exchange_is_whole(admin: httpx2.Client, parties) -> None:
    first = admin.get("/api/v1/exchanges").json()["items"][-1]
    assert first["subject"].startswith("Call ")
    assert first["author"] == "alice@us.example"
    assert first["third_parties"][0]["code"] in ("DUP", "LEF")
    assert first["mode"] == "phone"
    assert datetime.fromisoformat(first["happened_at"]).tzinfo is not None


@pytest.mark.parametrize("limit", [1, 3, 4, 12, 200])
@pytest.mark.parametrize(("path", "count"), [*zip(LISTS, (12, 12, 3), strict=True)])
def test_pages_show_each_once_and_in_order(
    admin: httpx2.Client, parties, path: str, count: int, limit: int
) -> None:
    found = pages(admin, path, limit=limit)
    assert len(found) == count
    assert len({item["id"] for item in found}) == count
    whole = admin.get(path, params={"limit": 200}).json()["items"]
    assert found == whole


def test_exchanges_are_newest_first_and_follow_ups_by_time(admin: httpx2.Client, parties) -> None:
    times = [item["happened_at"] for item in pages(admin, LISTS[0], limit=5)]
    assert times == sorted(times, reverse=True)
    starts = [item["start"] for item in pages(admin, LISTS[1], limit=5)]
    assert starts == sorted(starts)


def test_what_is_recorded_meanwhile_moves_no_page(
    admin: httpx2.Client, parties, store: Store
) -> None:
    first = admin.get(LISTS[0], params={"limit": 4}).json()
    with store.write() as tx:
        exchanges.add(tx, draft(99, parties["DUP"], NOW + timedelta(hours=1), None), NOW)
    second = admin.get(LISTS[0], params={"limit": 4, "cursor": first["next"]}).json()
    ids = [item["id"] for item in first["items"] + second["items"]]
    assert len(set(ids)) == 8


def test_filters(admin: httpx2.Client, parties) -> None:
    lefevre = pages(admin, LISTS[0], third_party=parties["LEF"], limit=3)
    assert {item["subject"] for item in lefevre} == {"Call 0", "Call 3", "Call 6", "Call 9"}
    (found,) = pages(admin, LISTS[0], text="reunion")
    assert found["subject"] == "Call 5"
    assert pages(admin, LISTS[0], text="reunion", third_party=parties["LEF"]) == []
    assert [i["title"] for i in pages(admin, LISTS[1], text="relance 11")] == ["Relance 11"]
    assert pages(admin, LISTS[1], third_party=parties["KOM"]) == []
    assert [i["code"] for i in pages(admin, LISTS[2], text="LEFEVRE")] == ["LEF"]
    assert [i["code"] for i in pages(admin, LISTS[2], text="dup.example")] == ["DUP"]


def test_a_level_binds_even_who_sees_all(admin: httpx2.Client, parties, store: Store) -> None:
    with store.write() as tx:
        for number, level in ((50, Level.SUBJECT), (51, Level.HAPPENED)):
            exchanges.add(tx, draft(number, parties["KOM"], NOW, None, level), NOW)
    found = pages(admin, LISTS[0], third_party=parties["KOM"])
    assert {(item["level"], item["subject"], item["comment"]) for item in found} == {
        ("subject", "Call 50", ""),
        ("happened", "", ""),
    }


def test_a_third_party_that_is_not_there_is_404(admin: httpx2.Client, parties) -> None:
    for path in LISTS[:2]:
        answer = admin.get(path, params={"third_party": 999})
        assert answer.status_code == 404
        assert answer.json()["detail"] == "there is no third party 999"


@pytest.mark.parametrize(
    "params",
    [
        {"limit": 0},
        {"limit": 201},
        {"limit": "many"},
        {"third_party": "x"},
        {"third_party": 2**70},
        {"text": ""},
        {"text": "x" * 201},
        {"cursor": "nonsense"},
        {"cursor": "bnVsbA"},
        {"cursor": "W1tdLFtdXQ"},
        {"cursor": "WyJ4IiwxXQ"},
        {"cursor": "é"},
    ],
)
def test_parameters_that_cannot_be_used_are_422(admin: httpx2.Client, parties, params) -> None:
    answer = admin.get(LISTS[0], params=params)
    assert answer.status_code == 422
    problem = answer.json()
    assert (problem["type"], problem["status"]) == ("urn:suivi:problem:invalid", 422)
    assert "x" * 100 not in answer.text


def test_an_unknown_path_and_verb_are_problems_too(admin: httpx2.Client) -> None:
    for answer, status in (
        (admin.get("/api/v1/nothing"), 404),
        (admin.put("/api/v1/exchanges"), 405),
    ):
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"


def test_the_schema_describes_the_api_and_not_the_pages(anonymous: httpx2.Client) -> None:
    schema = anonymous.get("/api/v1/openapi.json").json()
    assert set(LISTS) <= set(schema["paths"])
    assert not any(path.startswith("/l/") for path in schema["paths"])
    parameters = schema["paths"]["/api/v1/exchanges"]["get"]["parameters"]
    asked = "third_party contact user direction mode purpose product element source kind tag"
    more = "entity from to text limit cursor"
    assert {p["name"] for p in parameters} == {*asked.split(), *more.split()}
